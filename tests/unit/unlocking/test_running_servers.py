"""lock and the servers that run, where the state folder does not take what they write."""

from __future__ import annotations

import errno
import os
import signal

import pytest

from tests.home import COMMAND
from tests.unit.agent.at_home import gone
from tests.unit.run.servers import served
from vault import errors, limits
from vault.context import Context
from vault.system.clock import Deadline, SystemClock
from vault.system.files import Folder
from vault.system.paths import from_env
from vault.unlocking import lock_unlock, running_servers

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def home(home):
    home.scenario()
    home.make_vault()
    return home


def keeper_of(running):
    (found,) = (pid for pid in running.processes() if pid != running.process.pid)
    return found


@pytest.fixture
def unwritable(home, monkeypatch):
    """The state folder takes no mark, and gives no file away: mounted read-only after a fault of the disk."""

    def refused(self, name, *_args, **_more):
        raise errors.StorageError(f"{self.path_of(name)}: read-only file system")

    monkeypatch.setattr(Folder, "unlink", refused)
    monkeypatch.setattr(Folder, "write_atomic", refused)
    return from_env(home.env)


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
            for pid in running.processes()[1:]:
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
    assert running_servers.end_all(paths) == (
        (running_servers.Running("an unknown process", command=None),),
        (0,),
    )
    assert running_servers.Watch(paths, mark=None, name=entered.name).locked()


def test_a_server_whose_keeper_was_killed_serves_on(home):
    """The next server takes nothing from it, so it does not believe in a lock."""
    with served(home, way=(COMMAND,)) as running:
        keeper = keeper_of(running)
        os.kill(keeper, signal.SIGKILL)
        gone(keeper)
        running_servers.register(from_env(home.env))
        assert running.ask()[0] == 200
