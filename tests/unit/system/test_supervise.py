"""The program beside a server: its end, and signals to all of a command line."""

from __future__ import annotations

import os
import signal

import pytest

from tests.home import COMMAND
from tests.unit.agent.at_home import gone
from tests.unit.run.servers import served
from vault.system.paths import from_env
from vault.unlocking import running_servers

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def home(home):
    home.scenario()
    home.make_vault()
    return home


def keeper_of(running):
    (found,) = (pid for pid in running.processes() if pid != running.process.pid)
    return found


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
        assert str(running.process.pid) in ended.name


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2]
)
def test_a_signal_to_all_of_a_command_line_is_the_programs(home, number):
    """``pkill -USR1 -f JOB`` reaches the keeper too, whose command line names the job: it goes on, and so do refreshes."""
    with served(home, way=(COMMAND,)) as running:
        assert running.ask()[0] == 200
        os.kill(keeper_of(running), number)
        done = home.run("lock")  # it names the servers whose keeper lived
        assert str(running.process.pid) in done.stderr
