"""Which processes get nothing from the agent, and what is left of its keys after a lock."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import pytest

from tests.home import uncounted
from tests.patience import PATIENCE
from tests.unit.agent.at_home import until
from tests.unit.agent.serving import TIMES, VAULT, Running, export_request, session
from vault import warm as peer
from vault.agent import protocol
from vault.agent.client import Agent
from vault.secret import Secret

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
NOBODY = pwd.getpwnam("nobody").pw_uid


# Modules first: another user may not be let into the folder of this interpreter.
BECOME = "import encodings.idna, os, socket, sys; os.setgroups([]); os.setgid(65534); os.setuid(int(sys.argv[1]))\n"


def opened_to_all(running):
    """Remove the protection of file modes, so that only the check of the peer is left."""
    path = running.paths.socket
    os.chmod(path, 0o777)
    while (path := os.path.dirname(path)) not in ("/", "/tmp"):
        os.chmod(path, 0o755)


def as_nobody(code, *arguments):
    """Run a script as another user."""
    return subprocess.run(
        [sys.executable, "-c", BECOME + code, str(NOBODY), *arguments],
        cwd="/",
        env=uncounted(os.environ),  # which this user may not write
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


ASK_ALL = """
path = sys.argv[2]
requests = [bytes.fromhex(a) for a in sys.argv[3:]]
got = b""
for request in requests:
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        try:
            s.sendall(request)
            got += s.recv(70000)
        except (ConnectionError, BrokenPipeError):
            pass
print(got.hex() or "nothing")
"""


@pytest.fixture
def running():
    folder = tempfile.mkdtemp(prefix="agent-")
    with Running(os.path.join(folder, "v")) as made:
        yield made
    shutil.rmtree(folder)


REQUESTS = [
    export_request("dev", b"f"),
    protocol.frame(protocol.CACHE_KEY),
    protocol.object_request("HELLO"),
    protocol.object_request("STATUS", first=0),
    protocol.object_request("GET_ENTRY", name="dev"),
    protocol.object_request("LOCK", hold=True),
    protocol.object_request("SHUTDOWN"),
]


def test_another_user_gets_nothing_even_through_an_open_socket(running):
    """Every request of another user ID ends with a closed connection and no effect, even if file modes failed."""
    assert os.geteuid() == 0, "this test becomes another user, so it runs as root, as in CI"
    client = running.opened()
    put = client.put_session(
        "dev", b"f", session(), issued=int(running.clock.time()), expires=int(running.clock.time()) + 3600
    )
    assert put
    opened_to_all(running)
    done = as_nobody(ASK_ALL, running.paths.socket, *(r.hex() for r in REQUESTS))
    assert (done.stdout, done.stderr) == ("nothing\n", "")
    os.chmod(running.paths.socket, 0o600)
    assert running.client().cache_key() is not None


def test_file_modes_keep_another_user_out(running):
    """The folder and the socket are closed to others before any check by the agent."""
    done = as_nobody("socket.socket(socket.AF_UNIX).connect(sys.argv[2])", running.paths.socket)
    assert "PermissionError" in done.stderr
    assert oct(os.stat(running.paths.socket).st_mode)[-3:] == "600"
    assert oct(os.stat(running.paths.run).st_mode)[-3:] == "700"


@pytest.mark.parametrize("umask", [0o000, 0o777, 0o022])
def test_the_umask_changes_no_mode(tmp_path, umask):
    """Folder, lock and socket have the same modes whatever the umask."""
    before = os.umask(umask)
    try:
        with Running(tmp_path / "v") as made:
            modes = {
                name: oct(os.stat(f"{made.paths.run}/{name}").st_mode)[-3:]
                for name in os.listdir(made.paths.run)
            }
    finally:
        os.umask(before)
    assert modes == {"agent.sock": "600", "agent.lock": "600"}


FAKE = """
os.umask(0)
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[2])
s.listen(5)
s.settimeout(150)
print("ready", flush=True)
got = b""
while True:
    c, _ = s.accept()
    c.settimeout(20)
    try:
        piece = c.recv(70000)
    except OSError:
        piece = b""
    if piece == b"end":
        break
    got += piece
    try:
        c.sendall(bytes.fromhex(sys.argv[3]))
    except OSError:
        pass
print(got.hex() or "nothing")
"""


def test_a_server_of_another_user_gets_nothing(tmp_path_factory):
    """A process that took over the path learns neither requests nor keys, and its answers are not used."""
    folder = tmp_path_factory.mktemp("fake")
    os.chmod(folder, 0o777)
    up = folder
    while str(up := up.parent) not in ("/", "/tmp"):
        os.chmod(up, 0o755)
    path = str(folder / "s")
    answer = protocol.frame(session()).hex()
    fake = subprocess.Popen(
        [sys.executable, "-c", BECOME + FAKE, str(NOBODY), path, answer],
        cwd="/",
        env=uncounted(os.environ),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert fake.stdout.readline() == "ready\n"
        for owner, mode in ((NOBODY, 0o777), (NOBODY, 0o600), (0, 0o777), (0, 0o600)):
            os.chown(path, owner, -1)
            os.chmod(path, mode)
            assert peer.dial(path) is None, (owner, mode)
            assert Agent.reach(path) is None
        with socket.socket(socket.AF_UNIX) as end:
            end.connect(path)
            end.sendall(b"end")
        assert fake.communicate(timeout=PATIENCE)[0] == "nothing\n"
    finally:
        fake.kill()
        fake.wait()
        fake.stdout.close()


def test_a_client_without_open_standard_streams_asks_nothing(tmp_path):
    """If the caller closed stdout, a socket must not get its number."""
    with Running(tmp_path / "v") as made:
        code = f"import os; os.close(1); from vault.warm import dial; os._exit(7 if dial({made.paths.socket!r}) is None else 0)"
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 7


def test_the_numbers_in_the_warm_path_match_the_limits():
    """warm and peer repeat four numbers to save an import; they are the same numbers."""
    from vault import limits, warm

    assert (peer.CONNECT, peer.ANSWER, peer.PATH_MOST) == (
        limits.AGENT_CONNECT,
        limits.AGENT_ANSWER,
        limits.AGENT_SOCKET_PATH,
    )
    assert (warm.NAME_MOST, warm.FRAME_MOST) == (limits.MAX_PROFILE_NAME, limits.AGENT_FRAME)
    assert (warm.REFRESH, warm.MISS) == (protocol.REFRESH, protocol.MISS)


# ── what is left in memory ───────────────────────────────────────────────────────────────────

# The real agent in a process of its own, which on SIGUSR1 writes every mapping that it can write to into a file:
# straight from where it stands, so that looking makes no copies that would be found.
SCANNED = """
import ctypes, os, signal, sys
libc = ctypes.CDLL(None)
def dump(*_):
    with open("/proc/self/maps") as maps:
        spans = [line.split()[:2] for line in maps]
    out = os.open(sys.argv[1] + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for span, mode in spans:
        if mode[:2] == "rw":
            low, high = (int(x, 16) for x in span.split("-"))
            at = low
            while at < high:
                n = libc.write(out, ctypes.c_void_p(at), ctypes.c_size_t(min(high - at, 1 << 20)))
                at += n if n > 0 else 4096
    os.close(out)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
signal.signal(signal.SIGUSR1, dump)
if sys.argv[2] == "plain":
    from vault.agent import key_page
    key_page._MEMFD_SECRET = {}
from vault.agent_process.main import process
sys.exit(process([]))
"""


@pytest.fixture(params=["hidden", "plain"])
def scanned(tmp_path, request):
    """An agent whose memory can be read: the file that a scan fills, its client, and a function that scans."""
    home = str(tmp_path / "v")
    image = str(tmp_path / "image")
    process = subprocess.Popen(
        [sys.executable, "-c", SCANNED, image, request.param],
        env={"HOME": str(tmp_path), "AWSVAULT_HOME": home, "PYTHONPATH": ROOT},
        cwd="/",
    )
    path = home + "/run/agent.sock"
    until(lambda: os.path.exists(path))

    def look():
        process.send_signal(signal.SIGUSR1)
        until(lambda: os.path.exists(image))
        with open(image, "rb") as file:
            found = file.read()
        os.unlink(image)
        return found

    made = []

    def client():
        agent = Agent.reach(path, answer=PATIENCE)
        made.append(agent)
        return agent

    yield client, look
    for agent in made:
        agent.close()
    process.terminate()
    process.wait(PATIENCE)


def keys():
    """Random keys, fresh for each test, that occur nowhere else."""
    return os.urandom(32), os.urandom(32)


def talk(client, main, cache, *, times=TIMES):
    agent = client()
    assert agent.unlock(vault_id=VAULT, main=Secret(main), cache=Secret(cache), times=times, person=True)[
        "ok"
    ]
    now = int(time.time())
    line = b'{"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "%s"}\n' % main.hex().encode()
    assert agent.put_session("dev", b"f", line, issued=now, expires=now + 3600)
    assert agent.cache_key().key.reveal() == cache
    request = export_request("dev", b"f")
    assert agent._exchange(request) == line
    return agent


def copies(image, main, cache):
    """How many copies of half a key and of the session's secret are in the memory image."""
    return [image.count(part) for part in (main[:16], main[16:], cache[:16], cache[16:], main.hex().encode())]


def test_after_a_lock_no_writable_memory_has_a_key(scanned):
    """Before the lock, each key is found once, which shows that the scan works; after it, neither keys nor sessions are found."""
    client, look = scanned
    main, cache = keys()
    agent = talk(client, main, cache)
    assert copies(look(), main, cache) == [1, 1, 1, 1, 1]
    assert agent.ask("LOCK", hold=True)["ok"]
    assert copies(look(), main, cache) == [0, 0, 0, 0, 0]


def test_the_keys_are_in_locked_memory(scanned):
    """Their page is never swapped (lo) and is in no core file (dd), for both kinds of page."""
    client, _ = scanned
    agent = client()
    assert agent.sessions()["warnings"] == []
    with open(f"/proc/{agent.pid}/smaps", encoding="utf-8") as file:
        flags = [line.split()[1:] for line in file if line.startswith("VmFlags:")]
    assert [f for f in flags if {"lo", "dd", "wr"} <= set(f)]


def test_after_the_time_limit_no_writable_memory_has_a_key(scanned):
    """The same soon after the limit, without any request."""
    client, look = scanned
    main, cache = keys()
    agent = talk(client, main, cache)
    soon = TIMES._replace(idle=1, hard=1)
    assert agent.unlock(vault_id=VAULT, main=Secret(main), cache=Secret(cache), times=soon, person=True)
    until(lambda: copies(look(), main, cache) == [0, 0, 0, 0, 0])


# An agent of an ordinary user, who can be looked at before it hardens itself: what is loaded later, this user may not read.
ORDINARY = (
    """
import ctypes, mmap, resource, select, selectors
from vault.agent_process import main
main._load_what_forks_need()
"""
    + BECOME
    + """
ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE, as exec leaves it; becoming another user has taken it away
print("soft", flush=True)
sys.stdin.readline()
sys.exit(main.process([]))
"""
)

LOOK = """
for name in ("maps", "environ", "mem"):
    try:
        os.close(os.open(f"/proc/{sys.argv[2]}/{name}", os.O_RDONLY))
        print(name)
    except PermissionError:
        pass
"""


def test_another_process_of_the_user_cannot_read_the_agents_memory():
    """Before the agent hardens itself, its own user may read its memory map and environment; afterwards nothing."""
    folder = tempfile.mkdtemp(prefix="agent-")
    os.chmod(folder, 0o755)
    home = folder + "/v"
    os.mkdir(home, 0o700)
    os.chown(home, NOBODY, NOBODY)
    process = subprocess.Popen(
        [sys.executable, "-c", ORDINARY, str(NOBODY)],
        cwd=ROOT,
        env={"HOME": home, "AWSVAULT_HOME": home, "AWSVAULT_PASSPHRASE": "x"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "soft\n"
        before = as_nobody(LOOK, str(process.pid))
        assert before.stdout.split()[:2] == ["maps", "environ"], before.stderr
        process.stdin.write("\n")
        process.stdin.flush()
        until(lambda: os.path.exists(home + "/run/agent.sock"))
        after = as_nobody(LOOK, str(process.pid))
        assert (after.returncode, after.stdout, after.stderr) == (0, "", "")
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
        assert status["NoNewPrivs"] == "1"
        with open(f"/proc/{process.pid}/limits", encoding="ascii") as file:
            core = next(line for line in file if line.startswith("Max core"))
        assert core.split()[4:6] == ["0", "0"]
    finally:
        process.terminate()
        process.communicate()
        shutil.rmtree(folder)
