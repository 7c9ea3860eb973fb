"""The file of each server: what it is for, and what lock does with those that it finds."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.patience import PATIENCE
from tests.vaults import paths_in
from vault import limits
from vault.system.files import Folder
from vault.unlocking import manual_lock, running_servers
from vault.unlocking.running_servers import Running, Watch

# A process whose command line is that of a server, and which ends at no signal of a lock.
SERVER = "import signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 32)); print(flush=True); sys.stdin.read()"


@pytest.fixture
def paths(tmp_path):
    made = paths_in(tmp_path)
    with Folder.open(made.state, create=True):
        pass
    return made


def files(paths):
    return [name for name in os.listdir(paths.state) if name.startswith("serving-")]


def watch(paths, name=None):
    return Watch(paths, mark=manual_lock.attributes(paths), name=name)


def test_a_lock_ends_a_server_for_good(paths):
    """An unlock opens the vault for those that come then."""
    looks = watch(paths)
    assert not looks.locked()
    manual_lock.mark(paths)
    assert looks.locked()
    manual_lock.unmark(paths)
    assert looks.locked()


def test_a_lock_from_before_the_server_is_not_its_end(paths):
    """The user opened the vault for it although it was locked. The next lock is its end."""
    manual_lock.mark(paths)
    looks = watch(paths)
    assert not looks.locked()
    manual_lock.mark(paths)
    assert looks.locked()


def test_a_server_whose_file_was_taken_away_is_locked(paths):
    """A lock that cannot write its mark can still remove files."""
    entered = running_servers.register(paths)
    looks = watch(paths, entered.name)
    assert not looks.locked()
    os.unlink(os.path.join(paths.state, entered.name))
    assert looks.locked()


def test_a_server_that_was_told_is_locked(paths):
    """By a signal, whatever the folder shows."""
    looks = watch(paths)
    looks.lock()
    assert looks.locked()


def test_leaving_removes_the_file(paths):
    """A second time, or without a file, it is no error."""
    entered = running_servers.register(paths)
    assert files(paths) == [entered.name]
    for name in (entered.name, entered.name, None):
        running_servers.unregister(paths, name)
    assert files(paths) == []


def test_the_file_of_a_killed_server_goes_with_the_next_one(paths):
    """Nobody holds its lock any more."""
    killed = running_servers.register(paths)
    killed.lock.release()
    entered = running_servers.register(paths)
    assert files(paths) == [entered.name]


@pytest.fixture
def server():
    """Another program with the command line of a server; it keeps what it inherits."""
    started = []

    def start(entered, *words):
        words = words or ("exec", "--server", "dev", "--", "terraform", "plan")
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, *words],
            pass_fds=[entered.lock.fd], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        process.stdout.readline()
        os.pwrite(entered.lock.fd, b"%d %d" % (process.pid, process.pid), 0)
        entered.lock.release()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_server_that_runs_is_named_by_its_process_and_program(paths, server):
    """Not by the arguments of its program: they may hold a secret."""
    process = server(running_servers.register(paths))
    assert running_servers.running(paths) == (
        Running(f"process {process.pid} (exec --server dev -- terraform)", command=True),
    )
    process.kill()
    process.communicate()
    assert running_servers.running(paths) == ()


@pytest.mark.parametrize(
    ("words", "shown", "command"),
    [
        (("awsvault-py", "serve", "dev", "--json"), " (serve dev --json)", False),
        (
            ("exec", "--server", "dev", "--", "hugo", "serve", "--key", "k"),
            " (exec --server dev -- hugo)",
            True,
        ),
        (("exec", "dev", "--", "awsvault-py", "serve", "--server"), "", None),
        (("hugo", "serve", "--key", "k"), "", None),
    ],
)
def test_a_server_is_named_by_its_own_command(paths, server, words, shown, command):
    """Not by an argument of its program that looks like one, and another program not at all."""
    process = server(running_servers.register(paths), *words)
    assert running_servers.running(paths) == (Running(f"process {process.pid}{shown}", command=command),)


def test_the_file_of_a_server_without_a_keeper_stays(paths, server):
    """Its server would take the end of the file for a lock. It goes with the server."""
    entered = running_servers.register(paths)
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, "awsvault-py", "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as alone:
        alone.stdout.readline()
        os.pwrite(entered.lock.fd, b"%d 0" % alone.pid, 0)
        entered.lock.release()
        other = running_servers.register(paths)
        assert sorted(files(paths)) == sorted([entered.name, other.name])
        alone.kill()
        alone.wait(PATIENCE)
    last = running_servers.register(paths)
    assert sorted(files(paths)) == sorted([other.name, last.name])


def test_a_keeper_that_does_not_end_is_killed(paths, server, monkeypatch):
    """It has the main key. Its server's file is gone afterwards."""
    monkeypatch.setattr(limits, "SERVER_LOCK_WAIT", 0.2)
    process = server(running_servers.register(paths))
    ended = running_servers.end_all(paths)
    assert process.wait(PATIENCE) == -9
    assert ended == ((Running(f"process {process.pid} (exec --server dev -- terraform)", command=True),), ())
    assert files(paths) == []


def test_a_process_that_is_no_server_is_never_signalled(paths, monkeypatch):
    """Its number is in the file of a server in another container, or was given to another program since."""
    monkeypatch.setattr(limits, "SERVER_LOCK_WAIT", 0.1)
    entered = running_servers.register(paths)
    with subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    ) as other:
        os.pwrite(entered.lock.fd, b"%d %d" % (other.pid, other.pid), 0)
        ended = running_servers.end_all(paths)
        assert other.poll() is None
        assert ended == ((Running(f"process {other.pid}", command=None),), (other.pid,))
    entered.lock.release()


@pytest.mark.parametrize("content", [b"", b"12", b"a b", b"1 2 3", b"-1 -1"])
def test_a_file_without_two_numbers_names_nobody(paths, content):
    """A full disk did not take them. Nobody is signalled for it, and the lock that it holds is told of."""
    entered = running_servers.register(paths)
    os.pwrite(entered.lock.fd, content, 0)
    assert running_servers.running(paths) == ()
    entered.lock.release()
    assert running_servers.end_all(paths) == ((), ())
    assert files(paths) == []


def test_without_a_state_folder_nothing_runs(tmp_path):
    """No server was ever started."""
    paths = paths_in(tmp_path / "none")
    assert running_servers.running(paths) == ()
    assert running_servers.end_all(paths) == ((), ())
