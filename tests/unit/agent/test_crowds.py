"""Clients of the same user that connect and say nothing do not block other clients, and cost no processor time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from tests.home import Home, uncounted
from tests.patience import PATIENCE
from tests.unit.agent.at_home import socket_of, stop, told, unlock, until, with_agent
from tests.unit.agent.serving import NOW, Clock, Running, export, put, session
from vault import limits
from vault.agent.state import BootClock

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]),) * 2)
sys.argv[1:] = ["agent-process"]
from vault.__main__ import main
main()
"""


@pytest.fixture
def home(tmp_path_factory, aws):
    made = with_agent(Home(tmp_path_factory.mktemp("h"), url=aws.url))
    yield made
    stop(made)


def seconds_of(pid):
    """The processor time that a process has used."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def crowd(home, count):
    """Connections that say nothing."""
    made = []
    for _ in range(count):
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(PATIENCE)
        one.connect(socket_of(home))
        made.append(one)
    return made


@pytest.mark.usefixtures("unmeasured")
@pytest.mark.parametrize("limit", [12, 16, 24])
def test_an_agent_without_free_descriptors_waits_for_one(home, limit):
    """With more idle clients than descriptors, the agent does not poll all the time, and answers every other client."""
    words = [sys.executable, "-P", "-c", LIMITED, str(limit)]
    agent = subprocess.Popen(words, env=uncounted(home.env), stdin=subprocess.DEVNULL)
    idle = []
    try:
        until(lambda: told(home))
        unlock(home)
        idle += crowd(home, 30)
        before, began = seconds_of(agent.pid), time.monotonic()
        time.sleep(1.5)
        assert seconds_of(agent.pid) - before < 0.2 * (time.monotonic() - began)
        assert told(home)["why"] == ""
        assert home.export("dev")
        for one in idle:
            one.close()
        assert told(home)["why"] == ""
    finally:
        for one in idle:
            one.close()
        agent.kill()
        agent.wait(PATIENCE)


def test_silent_clients_do_not_block_others(tmp_path):
    """With twice as many silent clients as places, the next client is answered before it would give up."""
    with Running(tmp_path / "v", clock=BootClock()) as agent:
        now = int(time.time())
        assert agent.opened().put_session("dev", b"f", session("dev"), issued=now, expires=now + 3600)
        silent = [agent.bare() for _ in range(2 * limits.AGENT_CONNECTIONS + 10)]
        assert export(agent) == session("dev")
        assert min(limits.AGENT_ANSWER, limits.PROMPT_ANSWER) > 2 * limits.AGENT_SILENT
        until(lambda: len(agent.server._open) <= limits.AGENT_CONNECTIONS)
        left = [one for one in silent if one in agent.mine]
        for one in left[-5:]:  # those that came last are still welcome
            one.sendall(b"\0\0\0\1K")
            assert one.recv(4)


def test_a_client_that_sent_a_request_is_never_closed(tmp_path, monkeypatch):
    """What a client sent while the agent was busy is read before any connection is closed."""
    clock = Clock()
    with Running(tmp_path / "v", clock=clock) as agent:
        put(agent.opened())
        crowded = [agent.bare() for _ in range(limits.AGENT_CONNECTIONS - 1)]
        until(lambda: len(agent.server._open) == limits.AGENT_CONNECTIONS)
        turn = agent.server._turn

        def late():
            """A turn that begins when all have asked, and one more has come."""
            if len(asked) < len(crowded):
                for one in crowded:
                    one.sendall(b"\0\0\0\1K")
                    asked.append(one)
                clock.up += 10 * limits.AGENT_SILENT
            turn()

        asked = []
        monkeypatch.setattr(agent.server, "_turn", late)
        last = agent.bare()
        last.sendall(b"\0\0\0\1K")
        for one in (*crowded, last):
            assert len(one.recv(100)) == 4 + 1 + 32 + 16


def test_a_slow_frame_has_its_time_if_there_is_room(tmp_path):
    """If there is room, a slow client has its five seconds."""
    with Running(tmp_path / "v") as agent:
        put(agent.opened(), issued=NOW)
        slow = agent.bare()
        slow.sendall(b"\0\0")
        agent.clock.turn(limits.AGENT_FRAME_TIME / 2)
        assert export(agent) == session("dev")
        slow.sendall(b"\0\1K")
        assert slow.recv(4)
