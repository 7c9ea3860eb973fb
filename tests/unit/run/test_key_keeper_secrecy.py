"""What exec --server keeps in memory, and what of it is left after a lock."""

from __future__ import annotations

import base64
import os
import signal
import sys

import pytest

from tests.fakes.example import SECRET, SEED
from tests.home import COMMAND, PASSPHRASE
from tests.patience import PATIENCE
from tests.unit.agent.at_home import gone, until
from tests.unit.run.servers import PLAIN, served
from tests.vaults import soon
from vault import limits
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env
from vault.unlocking import manual_lock, running_servers

pytestmark = pytest.mark.usefixtures("unmeasured")


LIFE = 4  # seconds, the TTL of a role session: refreshed after two and a half


@pytest.fixture
def home(home, aws):
    home.scenario()
    home.make_vault()
    aws.world.role_seconds = LIFE
    return home


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
        pass  # a refresh's own process, which has ended
    return b"\0".join(held)


def main_key(home):
    paths = from_env(home.env)
    return vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon()).k_main.reveal()


def copies(home, running):
    """How often each secret is in the memory of these processes."""
    key = main_key(home)
    wanted = {
        "first half": key[:16], "second half": key[16:], "passphrase": PASSPHRASE.encode(), "secret": SECRET.encode(),
        "seed": SEED.encode(), "raw seed": base64.b32decode(SEED + "=" * (-len(SEED) % 8)),
    }  # fmt: skip
    images = [memory(pid) for pid in running.processes()]
    return {name: sum(image.count(value) for image in images) for name, value in wanted.items()}


NOTHING = {"first half": 0, "second half": 0, "passphrase": 0, "secret": 0, "seed": 0, "raw seed": 0}


def wait_for_refresh(aws, times=2):
    until(lambda: aws.calls.actions().count("AssumeRole") >= times)


def test_it_keeps_the_main_key_alone_and_nothing_after_a_lock(home, aws):
    """After refreshes one copy of the main key, and of nothing else; after ``lock`` none, and no answer ever again."""
    with served(home) as running:
        wait_for_refresh(aws)
        until(lambda: len(running.processes()) == 2)  # between two refreshes
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
        assert sum(memory(pid).count(session) for pid in running.processes()) == 0
        calls = len(aws.calls)
        assert running.process.poll() is None  # the program goes on
        assert len(aws.calls) == calls
    assert home.run("lock").returncode == 0


@pytest.mark.parametrize("hidden", [True, False])
def test_a_job_opened_by_a_descriptor_goes_on_until_a_lock(home, aws, hidden):
    """The vault was locked manually before; the job's own descriptor opens it. An agent that locks itself ends nothing."""
    assert home.run("lock").returncode == 0
    reading, writing = os.pipe()
    os.write(writing, PASSPHRASE.encode())
    os.close(writing)
    way = (COMMAND,) if hidden else (sys.executable, "-c", PLAIN)
    with served(
        home, way=way, fds=(reading,), AWSVAULT_PASSPHRASE=None, AWSVAULT_PASSPHRASE_FD=str(reading)
    ) as running:
        os.close(reading)
        wait_for_refresh(aws)
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


def test_a_killed_server_leaves_no_key_behind(home):
    """kill -9: its keeper ends by itself, and takes its files away; those that both lost are removed by the next server."""
    state = from_env(home.env).state
    with served(home, way=(COMMAND,)) as running:
        keeper = next(p for p in running.processes() if p != running.process.pid)
        assert len(token_files(home)) == 1
        running.process.send_signal(signal.SIGKILL)
        running.process.wait(PATIENCE)
        gone(keeper)
        os.kill(running.child, signal.SIGKILL)
    assert serving_files(state) == token_files(home) == []
    with served(home, way=(COMMAND,)) as running:
        for pid in reversed(running.processes()):
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
        keeper = next(p for p in running.processes() if p != running.process.pid)
        os.kill(keeper, signal.SIGSTOP)
        monkeypatch.setattr(limits, "SERVER_LOCK_WAIT", 0.2)
        ended = running_servers.end_all(from_env(home.env))
        assert ended.left == ()
        assert str(running.process.pid) in ended.servers[0].name
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


def test_a_server_of_the_agents_keeps_no_key_at_all(home, aws):
    """Each refresh asks the agent; ``lock`` ends both."""
    given = {"AWSVAULT_AGENT": "auto", "AWSVAULT_PASSPHRASE": None}
    assert home.run("unlock", AWSVAULT_AGENT="auto").returncode == 0
    with served(home, **given) as running:
        wait_for_refresh(aws)
        assert running.ask()[0] == 200
        assert copies(home, running) == NOTHING
        assert home.run("lock", **given).returncode == 0
        assert running.ask()[0] == 500
