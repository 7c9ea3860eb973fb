"""``serve``: a credentials server for programs that awsvault-py does not start."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
import time
from contextlib import contextmanager

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.home import failed
from tests.patience import PATIENCE
from tests.unit.agent.at_home import gone
from tests.unit.run.servers import children
from vault.run.token_file import NamedTokenFile, new_token
from vault.system.paths import from_env
from vault.unlocking import running_servers


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


@contextmanager
def serving(home, *words):
    """The server's process and what it printed, while it runs."""
    home.forks = False
    running = home.start("serve", *words, "--json")
    try:
        document = b""
        while not document.endswith(b"}\n"):
            line = running.stdout.readline()
            assert line, running.stderr.read()
            document += line
        yield running, json.loads(document)
    finally:
        running.send_signal(signal.SIGTERM)
        running.communicate(timeout=PATIENCE)
        home.forks = True


def ended(running, code, *said):
    """Wait for the end of the server."""
    _, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == code, err
    for text in said:
        assert text in err.decode()


def asked(found, *, token=None, host=None):
    """The answer to a request: status and document."""
    connection = http.client.HTTPConnection("127.0.0.1", timeout=PATIENCE)
    if found.get("socket"):
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE)
        connection.sock.connect(found["socket"])
    else:
        connection.sock = socket.create_connection(("127.0.0.1", port(found)), timeout=PATIENCE)
    if token is None:
        with open(found["token_file"], encoding="ascii") as file:
            token = file.read()
    name = host or found["url"].split("/")[2]
    connection.request("GET", "/credentials", headers={"Host": name, "Authorization": token})
    answer = connection.getresponse()
    document = json.loads(answer.read())
    connection.close()
    return answer.status, document


def port(found):
    return int(found["url"].split(":")[2].split("/")[0])


def test_another_program_gets_the_credentials_with_the_token_of_the_file(home, aws):
    """The file is the user's alone, and is gone with the server; the log says that the server issued them."""
    with serving(home, "dev") as (running, found):
        assert stat.S_IMODE(os.stat(found["token_file"]).st_mode) == 0o600
        status, document = asked(found)
        assert status == 200
        assert document["AccessKeyId"] in aws.world.sessions
        assert asked(found, token="wrong")[0] == 401
        assert asked(found, host="evil.example:80")[0] == 403
        running.send_signal(signal.SIGINT)
        ended(running, 0, "Serving dev until Ctrl-C")
        assert not os.path.exists(found["token_file"])
    (record,) = json.loads(home.run("log", "--json").stdout)["records"]
    assert (record["use"], record["program"]) == ("serve", "serve")


def test_a_fixed_port(home):
    """The one that was asked for; a second server is told before anything is asked of AWS."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        failed(home.run("serve", "dev", "--bind", f"127.0.0.1:{number}"), 6, f"127.0.0.1:{number}", "in use")
    with serving(home, "dev", "--bind", f"127.0.0.1:{number}") as (_, found):
        assert port(found) == number
        assert asked(found)[0] == 200


def test_a_unix_socket_with_its_token_beside_it(home, tmp_path):
    """Both are the user's alone and are removed. A program in a container has another port in its Host header."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o700)
    path = folder / "dev.sock"
    with serving(home, "dev", "--bind", f"unix:{path}") as (running, found):
        assert (found["socket"], found["token_file"]) == (str(path), f"{path}.token")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for host in ("127.0.0.1", "127.0.0.1:9911", "localhost:9911"):
            assert asked(found, host=host)[0] == 200
        assert asked(found, host="evil.example:9911")[0] == 403
        assert asked(found, token="wrong")[0] == 401
        failed(home.run("serve", "dev", "--bind", f"unix:{path}"), 6, "another program listens")
        running.terminate()
        ended(running, 0)
    assert list(folder.iterdir()) == []


def test_what_a_killed_server_left_is_replaced(home, tmp_path):
    """The socket and the token; what is no socket stays."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o700)
    with serving(home, "dev", "--bind", f"unix:{folder / 's'}") as (running, _):
        running.kill()
        running.wait(PATIENCE)
    assert (folder / "s").exists()
    with serving(home, "dev", "--bind", f"unix:{folder / 's'}") as (_, found):
        assert asked(found)[0] == 200
    (folder / "file").write_text("mine")
    failed(home.run("serve", "dev", "--bind", f"unix:{folder / 'file'}"), 6, "not a socket")
    assert (folder / "file").read_text() == "mine"


@pytest.mark.parametrize("kind", ["text", "open", "folder", "link", "long"])
def test_a_file_of_the_users_with_the_name_of_the_token_stays(home, aws, tmp_path, kind):
    """Only a token that a killed server left is replaced; the user is told before any prompt, and nothing is asked of AWS."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o700)
    path = folder / "s.token"
    token = "t" * 43
    if kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("elsewhere")
    else:
        path.write_text({"text": "notes", "long": token + "\n"}.get(kind, token))
        path.chmod(0o644 if kind == "open" else 0o600)
    before = as_it_is(path)
    done = home.run("serve", "dev", "--bind", f"unix:{folder / 's'}")
    failed(done, 6, f"{path} exists", "use another path")
    assert "disk space" not in done.stderr
    assert as_it_is(path) == before
    assert os.listdir(folder) == ["s.token"]
    assert not list(aws.calls)


def as_it_is(path):
    """All that a change of the file would change; a file may be read."""
    status = path.lstat()
    return status.st_mode, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def stop(keeper, path):
    """Stop it, once it has closed the server's socket, which it got by the fork."""
    with open("/proc/net/unix", encoding="ascii") as file:
        (inode,) = (line.split()[6] for line in file if line.split()[-1] == str(path))
    folder = f"/proc/{keeper}/fd"
    ends = time.monotonic() + PATIENCE
    while f"socket:[{inode}]" in {link_of(f"{folder}/{name}") for name in os.listdir(folder)}:
        assert time.monotonic() < ends
        time.sleep(0.01)
    os.kill(keeper, signal.SIGSTOP)


def link_of(path):
    try:
        return os.readlink(path)
    except FileNotFoundError:  # closed meanwhile
        return ""


def test_the_keeper_of_a_killed_server_leaves_the_token_of_the_next(home, tmp_path):
    """It was stopped, and wakes up when another server has the same socket and token file."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o700)
    words = ("dev", "--bind", f"unix:{folder / 's'}")
    with serving(home, *words) as (first, _):
        (keeper,) = children(first.pid)
        stop(keeper, folder / "s")
        first.kill()
        first.wait(PATIENCE)
        with serving(home, *words) as (_, found):
            os.kill(keeper, signal.SIGCONT)
            gone(keeper)
            assert asked(found)[0] == 200


def test_an_ending_server_leaves_the_token_of_the_next(home, tmp_path):
    """It waits for its keeper while the next one starts."""
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o700)
    path = folder / "s"
    with serving(home, "dev", "--bind", f"unix:{path}") as (first, _):
        (keeper,) = children(first.pid)
        stop(keeper, path)
        first.terminate()
        ends = time.monotonic() + PATIENCE
        while path.exists():
            assert time.monotonic() < ends
        next_one = NamedTokenFile(f"{path}.token", new_token())
        ended(first, 0)
        gone(keeper)
        assert os.listdir(folder) == ["s.token"]
        next_one.remove()


def test_an_open_or_missing_folder_is_refused(home, tmp_path):
    """Others could put their own socket there."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    for name in ("open", "shared"):
        done = home.run("serve", "dev", "--bind", f"unix:{tmp_path}/{name}/s")
        failed(done, 6, "open to other users", "mkdir -m 700 ~/.awsvault-share")
        assert "chmod" not in done.stderr
    failed(home.run("serve", "dev", "--bind", f"unix:{tmp_path}/none/s"), 6, "no such folder")
    failed(home.run("serve", "dev", "--bind", "unix:/" + "x" * 120), 2, "socket")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--bind", "0.0.0.0:8080"), "other machines"),
        (("--bind", "[::]:80"), "other machines"),
        (("--bind", "8080"), "127.0.0.1:PORT"),
        (("--bind", "127.0.0.1:x"), "not an address"),
        (("--bind", "127.0.0.1:70000"), "not an address"),
        (("--bind", "localhost:80"), "only 127.0.0.1"),
        (("--bind", "127.0.0.1:" + "9" * 5000), "not an address"),
        (("--bind", "unix:"), "not an address"),
        (("--for", "soon"), "--for"),
        (("--for", "999d"), "--for"),
        (("--for", "9" * 5000), "--for must be a time"),
        (("--duration", "9" * 5000), "--duration must be a time"),
    ],
)
def test_mistaken_options_are_usage(home, aws, words, said):
    """Nothing is asked of AWS."""
    failed(home.run("serve", "dev", *words), 2, said)
    assert not list(aws.calls)


def test_lock_ends_the_server(home):
    """It says so, with the exit code of a locked vault, and lock names it."""
    with serving(home, "dev") as (running, found):
        done = home.run("lock")
        assert done.returncode == 0
        assert (
            done.stderr
            == f"Locked.\nEnded the credentials server of process {running.pid} (serve dev --json).\n"
        )
        ended(running, 3, "the vault was locked")
        assert not os.path.exists(found["token_file"])


def test_it_ends_with_its_keeper(home):
    """It could refresh nothing any more. It says so, and does not claim a lock; the next server changes nothing about that."""
    with serving(home, "dev") as (running, found):
        (keeper,) = children(running.pid)
        os.kill(keeper, signal.SIGKILL)
        gone(keeper)
        running_servers.register(from_env(home.env))
        _, err = running.communicate(timeout=PATIENCE)
        assert running.returncode == 3
        assert b"is gone, so sessions can no longer be refreshed" in err
        assert b"was locked" not in err
        assert not os.path.exists(found["token_file"])


def test_a_key_that_does_not_expire_is_not_served(home):
    """The hint names nothing of exec --server, and exec --server names the option to leave out."""
    path = os.path.join(os.path.dirname(home.config_path), "credentials")
    with open(path, "w", encoding="ascii") as file:
        file.write(f"[st]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    os.chmod(path, 0o600)
    done = home.run("serve", "st")
    failed(done, 2, "serve issues only sessions", "a role")
    assert "--server" not in done.stderr
    done = home.run("exec", "--server", "st", "--", "true")
    failed(done, 2, "--server issues only sessions", "leave out --server")
    done = home.run("exec", "--server", "--no-session", "shared-services", "--", "true")
    failed(done, 2, "--server issues only sessions", "leave out --no-session")


def test_the_help_of_lock_names_both_kinds_of_servers(home):
    """serve too forgets its key and session."""
    assert "`serve`" in home.run("lock", "--help").stdout


def test_it_ends_after_its_time(home):
    """--for, by itself and with exit code 0."""
    with serving(home, "dev", "--for", "1s") as (running, found):
        assert found["ends"]
        ended(running, 0)


def test_guard_rails_hold(home):
    """A confirmation that nobody can give."""
    with open(home.config_path, encoding="utf-8") as file:
        text = file.read()
    home.config(text.replace("[profile dev]\n", "[profile dev]\nawsvault_confirm = always\n"))
    failed(home.run("serve", "dev"), 10, "confirm")


def test_the_session_is_refreshed_with_its_policy(home, aws):
    """A refresh asks for the same policy as the first session."""
    aws.world.role_seconds = 4  # refreshed after two and a half
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    with serving(home, "dev", "--policy-arn", arn) as (_, found):
        first = asked(found)[1]["AccessKeyId"]
        ends = time.monotonic() + PATIENCE
        while asked(found)[1]["AccessKeyId"] == first:
            assert time.monotonic() < ends
            time.sleep(0.1)
    sent = [call.parameters.get("PolicyArns.member.1.arn") for call in aws.calls.of("AssumeRole")]
    assert len(sent) >= 2
    assert set(sent) == {arn}


def test_the_lines_for_a_shell(home):
    """They can be evaluated: nothing but two exports is on stdout."""
    home.forks = False
    running = home.start("serve", "dev")
    lines = [running.stdout.readline().decode() for _ in range(2)]
    running.terminate()
    rest, _ = running.communicate(timeout=PATIENCE)
    home.forks = True
    assert rest == b""
    assert [line.partition("=")[0] for line in lines] == [
        "export AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ]
