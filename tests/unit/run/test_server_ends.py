"""Ends of exec --server that leave nothing behind: stopped keepers, folders that take no mark, full disks, programs under way."""

from __future__ import annotations

import errno
import os
import signal
import sys

import pytest

from tests.home import COMMAND
from tests.unit.agent.at_home import gone, until
from tests.unit.run.test_server_secrecy import children, served
from vault import errors, limits
from vault.context import Context
from vault.system.clock import Deadline, SystemClock
from vault.system.files import Folder
from vault.system.paths import from_env
from vault.unlocking import lock_unlock, running_servers

pytestmark = pytest.mark.usefixtures("unmeasured")

# A source that is not the vault: its second answer takes longer than anybody waits.
SLOW = """\
import json, os, sys, time
if os.path.exists(sys.argv[1] + ".first"):
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(600)
open(sys.argv[1] + ".first", "w").close()
end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 20))
print(json.dumps({"Version": 1, "AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "s" * 40,
                  "SessionToken": "t", "Expiration": end}))
"""


@pytest.fixture
def home(home):
    home.scenario()
    home.make_vault()
    return home


def keeper_of(running):
    (found,) = (pid for pid in running.ours() if pid != running.process.pid)
    return found


@pytest.fixture
def unwritable(home, monkeypatch):
    """The state folder takes no mark, and gives no file away: mounted read-only after a fault of the disk."""

    def refused(self, name, *_args, **_more):
        raise errors.StorageError(f"{self.path_of(name)}: read-only file system")

    monkeypatch.setattr(Folder, "unlink", refused)
    monkeypatch.setattr(Folder, "write_atomic", refused)
    return from_env(home.env)


def test_a_keeper_that_was_stopped_ends_with_its_command(home):
    """The command is over and its file gone, so no lock would find the key: it is not left in a stopped process."""
    with served(home, way=(COMMAND,)) as running:
        keeper = keeper_of(running)
        os.kill(keeper, signal.SIGSTOP)
    gone(keeper)


def test_a_lock_that_cannot_be_noted_ends_every_server(home, unwritable):
    """It tells each keeper, which tells its server: the keys are gone, nothing is served, and the error says what is true."""
    clock = SystemClock()
    context = Context(env=home.env, paths=unwritable, clock=clock, deadline=Deadline.after(50, clock=clock))
    with served(home, way=(COMMAND,)) as one, served(home, way=(COMMAND,)) as other:
        assert (one.ask()[0], other.ask()[0]) == (200, 200)
        with pytest.raises(errors.StorageError, match="could not be recorded"):
            lock_unlock.lock_vault(context)
        for running in (one, other):
            assert running.ask()[0] == 500
            for pid in running.ours()[1:]:
                gone(pid)


def test_a_server_that_nobody_can_tell_is_named(home, unwritable, monkeypatch):
    """Its keeper was stopped and is killed, so it serves on, and a lock does not claim otherwise."""
    monkeypatch.setattr(limits, "SERVER_LOCK_WAIT", 0.2)
    with served(home, way=(COMMAND,)) as running:
        keeper = keeper_of(running)
        os.kill(keeper, signal.SIGSTOP)
        assert running_servers.end_all(unwritable, recorded=False).left == (running.process.pid,)
        gone(keeper)
        assert running_servers.end_all(unwritable, recorded=False).left == (running.process.pid,)


def test_a_full_disk_keeps_a_servers_name_out_of_its_file(home, monkeypatch):
    """The file stands and is empty: the server runs, and a lock ends it all the same."""

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    paths = from_env(home.env)
    monkeypatch.setattr(os, "pwrite", full)
    monkeypatch.setattr(limits, "SERVER_LOCK_WAIT", 0.2)
    entered = running_servers.register(paths)
    running_servers.write_processes(entered, keeper=1)
    assert running_servers.end_all(paths) == (("an unknown process",), (0,))
    assert running_servers.Watch(paths, mark=None, name=entered.name).locked()


def test_a_program_that_a_renewal_started_ends_with_it(home, tmp_path):
    """A lock kills a renewal under way; the credential_process that it waits for would stay behind for as long as it likes."""
    program, note = tmp_path / "slow.py", tmp_path / "pid"
    program.write_text(SLOW)
    line = f"credential_process = {sys.executable} {program} {note}"
    home.config(f"[profile dev]\nregion = us-east-1\n{line}\n")
    with served(home, way=(COMMAND,)) as running:
        until(note.exists)
        slow = int(note.read_text())
        assert children(keeper_of(running))
        assert home.run("lock").returncode == 0
        gone(slow)


def test_who_ended_is_told_though_it_was_fast(home, monkeypatch):
    """A keeper that ends between a lock's look at the folder and its wait is named like any other."""
    paths = from_env(home.env)
    taken = running_servers._deleted

    with served(home, way=(COMMAND,)) as running:
        keeper = keeper_of(running)

        def slowly(state, name):
            done = taken(state, name)
            gone(keeper)
            return done

        monkeypatch.setattr(running_servers, "_deleted", slowly)
        (ended,) = running_servers.end_all(paths).servers
        assert str(running.process.pid) in ended


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2]
)
def test_a_signal_to_all_of_a_command_line_is_the_programs(home, number):
    """``pkill -USR1 -f JOB`` reaches the keeper too, whose command line names the job: it goes on, and so do renewals."""
    with served(home, way=(COMMAND,)) as running:
        assert running.ask()[0] == 200
        os.kill(keeper_of(running), number)
        done = home.run("lock")  # it names the servers whose keeper lived
        assert str(running.process.pid) in done.stderr
