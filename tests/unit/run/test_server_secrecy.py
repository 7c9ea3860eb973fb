"""What exec --server keeps in memory, and what of it is left after a lock by hand."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.parse
from contextlib import contextmanager

import pytest

from tests.fakes.example import SECRET, SEED
from tests.home import COMMAND, PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.unit.agent.at_home import gone, until
from tests.vaults import soon
from vault import limits
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env
from vault.unlocking import manual_lock, running_servers

pytestmark = pytest.mark.usefixtures("unmeasured")

# Of both makings of the page that keeps the main key, the one that can be looked into from outside.
PLAIN = (
    "import sys\nfrom vault.agent import key_page\nkey_page._MEMFD_SECRET = {}\n"
    "from vault.__main__ import main\nmain()\n"
)
TELL = (
    "import json, os\n"
    "print(json.dumps([os.environ['AWS_CONTAINER_CREDENTIALS_FULL_URI'],"
    " os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN'], os.getpid()]), flush=True)\n"
    "input()\n"
)
LIFE = 4  # seconds of a role's session: renewed after two and a half


@pytest.fixture
def home(home, aws):
    home.scenario()
    home.make_vault()
    aws.world.role_seconds = LIFE
    return home


class Served:
    """A running exec --server, and the program under it."""

    def __init__(self, process, url, token, child):
        self.process, self.token, self.child = process, token, child
        self.url = urllib.parse.urlsplit(url)

    def ask(self):
        """Status and body of a request as an SDK makes it."""
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=PATIENCE)
        connection.request("GET", self.url.path, headers={"Authorization": self.token})
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read())
        connection.close()
        return found

    def ours(self):
        """The processes of ours that last: itself and its keeper; a renewal's own fork has secrets for a moment."""
        return [self.process.pid, *(p for p in children(self.process.pid) if p != self.child)]

    def forks(self):
        """The renewals under way."""
        return [fork for pid in self.ours()[1:] for fork in children(pid)]


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            return [int(word) for word in file.read().split()]
    except FileNotFoundError:
        return []


@contextmanager
def served(home, *, way=(sys.executable, "-c", PLAIN), fds=(), **env):
    process = subprocess.Popen(
        [*way, "exec", "--server", "dev", "--", sys.executable, "-c", TELL],
        env=home.with_env(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=fds,
    )  # fmt: skip
    try:
        yield Served(process, *json.loads(process.stdout.readline()))
    finally:
        process.communicate(b"end\n", timeout=PATIENCE)


def memory(pid):
    """All that the process could write to, as it stands."""
    held = []
    try:
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
            for line in maps:
                span, mode = line.split()[:2]
                low, high = (int(edge, 16) for edge in span.split("-"))
                if mode.startswith("rw"):
                    try:
                        mem.seek(low)
                        held.append(mem.read(high - low))
                    except OSError:
                        pass  # memory that even the kernel does not map
    except (FileNotFoundError, ProcessLookupError):
        pass  # a renewal's own process, which has ended
    return b"\0".join(held)


def main_key(home):
    paths = from_env(home.env)
    return vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon()).k_main.reveal()


def copies(home, running):
    """How often each secret stands in the memory of our processes."""
    key = main_key(home)
    wanted = {
        "first half": key[:16], "second half": key[16:], "passphrase": PASSPHRASE.encode(), "secret": SECRET.encode(),
        "seed": SEED.encode(), "raw seed": base64.b32decode(SEED + "=" * (-len(SEED) % 8)),
    }  # fmt: skip
    images = [memory(pid) for pid in running.ours()]
    return {name: sum(image.count(value) for image in images) for name, value in wanted.items()}


NOTHING = {"first half": 0, "second half": 0, "passphrase": 0, "secret": 0, "seed": 0, "raw seed": 0}


def renewed(aws, times=2):
    until(lambda: aws.calls.actions().count("AssumeRole") >= times)


def test_it_keeps_the_main_key_alone_and_nothing_after_a_lock(home, aws):
    """After renewals one copy of the main key, and of nothing else; after ``lock`` none, and no answer ever again."""
    with served(home) as running:
        renewed(aws)
        until(lambda: len(running.ours()) == 2)  # between two renewals
        assert copies(home, running) == {**NOTHING, "first half": 1, "second half": 1}
        status, body = running.ask()
        assert status == 200
        session = body["SecretAccessKey"].encode()
        done = home.run("lock")
        assert done.returncode == 0, done.stderr
        assert str(running.process.pid) in done.stderr + done.stdout
        assert "exec --server dev" in done.stderr + done.stdout
        assert copies(home, running) == NOTHING
        assert running.forks() == []
        status, body = running.ask()
        assert (status, body["code"]) == (500, "Locked")
        assert home.run("unlock", AWSVAULT_AGENT="auto").returncode == 0
        assert running.ask()[0] == 500
        assert sum(memory(pid).count(session) for pid in running.ours()) == 0
        calls = len(aws.calls)
        assert running.process.poll() is None  # the program goes on
        assert len(aws.calls) == calls
    assert home.run("lock").returncode == 0


@pytest.mark.parametrize("hidden", [True, False])
def test_a_job_opened_by_a_descriptor_goes_on_until_a_lock(home, aws, hidden):
    """The vault was locked by hand before; the job's own descriptor opens it. An agent that locks itself ends nothing."""
    assert home.run("lock").returncode == 0
    reading, writing = os.pipe()
    os.write(writing, PASSPHRASE.encode())
    os.close(writing)
    way = (COMMAND,) if hidden else (sys.executable, "-c", PLAIN)
    with served(
        home, way=way, fds=(reading,), AWSVAULT_PASSPHRASE=None, AWSVAULT_PASSPHRASE_FD=str(reading)
    ) as running:
        os.close(reading)
        renewed(aws)
        assert running.ask()[0] == 200
        assert copies(home, running)["first half"] == (
            not hidden
        )  # the kernel does not map what memfd_secret made
        done = home.run("lock")
        assert f"process {running.process.pid} " in done.stdout + done.stderr
        assert running.ask()[0] == 500
        assert copies(home, running) == NOTHING


def test_a_server_is_locked_though_somebody_unlocks_at_once(home, aws):
    """``lock`` waits until the key is gone; the mark that it left may go a moment later."""
    with served(home) as running:
        state = from_env(home.env).state
        (name,) = serving_files(state)
        assert home.run("lock").returncode == 0
        assert serving_files(state) == []
        assert home.run("unlock", AWSVAULT_AGENT="auto").returncode == 0
        assert running.ask()[1]["code"] == "Locked"
        assert name not in serving_files(state)


def serving_files(state):
    return [name for name in os.listdir(state) if name.startswith("serving-")]


def token_files(home):
    run = from_env(home.env).run
    return [f"{run}/{name}" for name in os.listdir(run) if name.endswith(".token")]


def test_the_token_stands_in_a_file_too(home):
    """Rust's object_store takes it from there alone, and without it asks the machine's own role, another identity.

    The file is closed to others, holds the token and nothing else, and goes with the command.
    """
    show = (
        "import os, sys; path = os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']; s = os.lstat(path);"
        "print(path, oct(s.st_mode), os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN'], repr(open(path).read()))"
    )
    done = home.run("exec", "--server", "dev", "--", sys.executable, "-c", show)
    assert done.returncode == 0, done.stderr
    path, mode, token, held = done.stdout.split()
    assert os.path.dirname(path) == from_env(home.env).run
    assert (mode, held) == ("0o100600", repr(token))
    assert not os.path.lexists(path)
    for code in (0, 3):
        home.run("exec", "--server", "dev", "--", "sh", "-c", f"exit {code}")
    home.run("exec", "--server", "dev", "--", "no-such-command-here")
    assert token_files(home) == []


def test_both_are_taken_by_boto3(home, aws):
    """It reads the file where both are set."""
    aws.world.role_seconds = None
    who = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    done = home.run("exec", "--server", "dev", "--", sys.executable, "-c", who)
    assert "assumed-role/DeveloperRole" in done.stdout, done.stderr


def test_a_folder_that_takes_no_token_file(home):
    """No server then: some programs would take another identity without it."""
    home.run("exec", "dev", "--", "true")
    run = from_env(home.env).run
    os.makedirs(os.path.dirname(run), exist_ok=True)
    shutil.rmtree(run, ignore_errors=True)
    with open(run, "w"):
        pass
    failed(home.run("exec", "--server", "dev", "--", "touch", home.file("ran")), 6, run)
    assert not os.path.exists(home.file("ran"))


def test_a_killed_server_leaves_no_key_behind(home):
    """kill -9: its keeper ends by itself, and takes its files away; those that both lost are removed by the next server."""
    state = from_env(home.env).state
    with served(home, way=(COMMAND,)) as running:
        keeper = next(p for p in running.ours() if p != running.process.pid)
        assert len(token_files(home)) == 1
        running.process.send_signal(signal.SIGKILL)
        running.process.wait(PATIENCE)
        gone(keeper)
        os.kill(running.child, signal.SIGKILL)
    assert serving_files(state) == token_files(home) == []
    with served(home, way=(COMMAND,)) as running:
        for pid in reversed(running.ours()):
            os.kill(pid, signal.SIGKILL)
        running.process.wait(PATIENCE)
        os.kill(running.child, signal.SIGKILL)
        (left,) = serving_files(state)
        (token,) = token_files(home)
    with served(home, way=(COMMAND,)):
        assert left not in serving_files(state)
        assert token not in token_files(home)
        assert len(token_files(home)) == 1
        assert home.run("exec", "--server", "dev", "--", "true").returncode == 0
        assert len(token_files(home)) == 1  # that of a server which runs stays
    assert token_files(home) == []


def test_a_keeper_that_was_stopped_is_killed_by_a_lock(home, monkeypatch):
    """It cannot see the mark, so it is ended, and its key with it."""
    with served(home) as running:
        keeper = next(p for p in running.ours() if p != running.process.pid)
        os.kill(keeper, signal.SIGSTOP)
        monkeypatch.setattr(limits, "SERVER_LOCK_WAIT", 0.2)
        ended = running_servers.end_all(from_env(home.env))
        assert ended.left == ()
        assert str(running.process.pid) in ended.servers[0]
        assert copies(home, running) == NOTHING


def test_a_lock_while_the_server_starts(home):
    """The mark is looked at before the vault is opened: one that comes until the keeper runs is a lock of this server."""
    paths = from_env(home.env)
    before = manual_lock.attributes(paths)
    manual_lock.mark(paths)
    assert running_servers.Watch(paths, mark=before, name=None).locked()
    watch = running_servers.Watch(paths, mark=manual_lock.attributes(paths), name=None)
    assert not watch.locked()
    manual_lock.mark(paths)
    assert watch.locked()
    manual_lock.unmark(paths)
    assert watch.locked()


@pytest.mark.parametrize("value", ["", "x", "1", "999", "99999999999999999999", "-3", "7"])
def test_a_variable_that_leads_nowhere_is_no_handover(home, value):
    """Whatever stands in it by mistake: the command starts as if it were not there, and its child does not see it."""
    done = home.run(
        "exec", "--server", "dev", "--", "sh", "-c", "echo [${AWSVAULT_SERVE-}]", AWSVAULT_SERVE=value
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_a_handover_that_was_cut_short(home):
    """A socket with something else in it: an error of ours, and not another start after the other."""
    ours, theirs = socket.socketpair()
    ours.sendall(b"\0\0\0\1\0\0\0\0{")
    ours.close()
    done = subprocess.run(
        [COMMAND, "exec", "--server", "dev", "--", "true"],
        env=home.with_env({"AWSVAULT_SERVE": str(theirs.fileno())}), pass_fds=(theirs.fileno(),),
        capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    theirs.close()
    assert done.returncode == 70
    assert b"AWSVAULT_SERVE" in done.stderr


def test_a_server_of_the_agents_keeps_no_key_at_all(home, aws):
    """Each renewal asks the agent; ``lock`` ends both."""
    given = {"AWSVAULT_AGENT": "auto", "AWSVAULT_PASSPHRASE": None}
    assert home.run("unlock", AWSVAULT_AGENT="auto").returncode == 0
    with served(home, **given) as running:
        renewed(aws)
        assert running.ask()[0] == 200
        assert copies(home, running) == NOTHING
        assert home.run("lock", **given).returncode == 0
        assert running.ask()[0] == 500
