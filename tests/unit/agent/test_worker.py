"""What the agent's forks answer, to whom, and until when; and what never comes out of the process that stays."""

from __future__ import annotations

import errno
import os
import time

import pytest

from tests.patience import PATIENCE
from tests.unit.agent.at_home import until
from tests.unit.agent.serving import Running, export, put, session
from vault import limits
from vault.agent import protocol


def telling(page):
    """A desk that says which name was asked for."""
    del page
    return lambda request, say: protocol.answer(name=request.fields["name"])


def busy_until(done):
    """The same, but for the name "busy", whose answer comes once ``done`` exists."""

    def answerer(page):
        tell = telling(page)

        def desk(request, say):
            while request.fields["name"] == "busy" and not done.exists():
                time.sleep(0.01)
            return tell(request, say)

        return desk

    return answerer


def none_left():
    raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")


def test_a_fork_serves_nothing_but_what_needs_one(tmp_path):
    """Over its connection a lock would lock nobody, so it is not answered there."""
    with Running(tmp_path / "v", answerer=telling) as agent:
        client = agent.opened()
        assert client.ask("HAS_ENTRY", name="dev")["name"] == "dev"
        assert client.ask("LOCK", hold=True) is None
        assert agent.client().ask("HELLO")["why"] == ""


def test_a_turn_that_comes_too_late_is_nobody_s(tmp_path):
    """A client that waited for a fork longer than any command does is hung up on, and the next one is answered."""
    done = tmp_path / "done"

    with Running(tmp_path / "v", answerer=busy_until(done)) as agent:
        agent.opened().close()
        crowd = [agent.bare() for _ in range(limits.AGENT_WORKERS_BUSY)]
        for sock in crowd:
            sock.sendall(protocol.object_request("HAS_ENTRY", name="busy"))
        until(lambda: len(agent.server._workers) == limits.AGENT_WORKERS_BUSY)
        late = agent.bare()
        late.sendall(protocol.object_request("HAS_ENTRY", name="late"))
        until(lambda: agent.server._waiting)
        agent.clock.turn(limits.AGENT_WORKER_TIME)
        assert agent.client().ask("HELLO")["why"] == ""  # it wakes up
        assert late.recv(1) == b""
        assert not agent.server._waiting
        done.touch()
        assert all(sock.recv(1000) for sock in crowd)
        assert agent.client().ask("HAS_ENTRY", name="next")["name"] == "next"


def test_a_queue_for_forks_keeps_nobody_from_a_warm_answer(tmp_path):
    """Every fork is at work, and as many clients as the agent serves at once wait for one: an export is answered."""
    done = tmp_path / "done"

    with Running(tmp_path / "v", answerer=busy_until(done)) as agent:
        put(agent.opened())
        crowd = [agent.bare() for _ in range(limits.AGENT_WORKERS_BUSY + limits.AGENT_CONNECTIONS)]
        for sock in crowd:
            sock.sendall(protocol.object_request("HAS_ENTRY", name="busy"))
        until(lambda: len(agent.server._waiting) == limits.AGENT_CONNECTIONS)
        assert export(agent) == session("dev")
        done.touch()
        assert all(sock.recv(1000) for sock in crowd)


@pytest.mark.parametrize("wait", ["for a code", "for the client"])
def test_a_fork_that_only_waits_keeps_no_other_from_its_work(tmp_path, monkeypatch, wait):
    """As many as may be at work wait for the next code, or for another question: who comes then is answered."""
    monkeypatch.setattr(limits, "AGENT_WORKER_IDLE", PATIENCE)
    done = tmp_path / "done"

    def answerer(page):
        tell = busy_until(done)(page)

        def desk(request, say):
            if request.op == "TOTP":
                say(protocol.answer(waiting=30))
                request = request._replace(fields={"name": "busy"})
            return tell(request, say)

        return desk

    with Running(tmp_path / "v", answerer=answerer) as agent:
        client = agent.opened()
        crowd = [agent.bare() for _ in range(limits.AGENT_WORKERS_BUSY)]
        for sock in crowd:
            if wait == "for a code":
                sock.sendall(protocol.object_request("TOTP", serial="s", most=1, skew=0, after=0))
            else:
                sock.sendall(protocol.object_request("HAS_ENTRY", name="first"))
        assert all(sock.recv(1000) for sock in crowd)
        assert client.ask("HAS_ENTRY", name="next")["name"] == "next"
        done.touch()


@pytest.mark.parametrize("op", ["HAS_ENTRY", "LIST", "GET_ENTRY", "TOTP", "NOTE_CODE", "UNLOCK"])
def test_the_agent_itself_answers_nothing_that_needs_the_vault_s_contents(agent, op):
    """What decrypts, or brings keys, has ways of its own: it never comes out of the process that stays."""
    agent.opened()
    with pytest.raises(protocol.BadFrame):
        agent.answers.to(protocol.AgentRequest(op, {}, 0))


@pytest.mark.parametrize("call", ["fork", "pipe"])
def test_a_machine_out_of_processes_costs_one_client_its_answer(tmp_path, monkeypatch, call):
    """No fork or no pipe is to be had: the client opens the vault itself, the agent goes on and leaves nothing open."""
    with Running(tmp_path / "v", answerer=telling) as agent:
        client = agent.opened()
        before = len(os.listdir("/proc/self/fd"))
        with monkeypatch.context() as patch:
            patch.setattr(os, call, none_left)
            assert client.ask("HAS_ENTRY", name="dev") is None
        client.close()
        until(lambda: len(os.listdir("/proc/self/fd")) < before)
        assert agent.client().ask("HAS_ENTRY", name="dev")["name"] == "dev"


@pytest.mark.parametrize("mishap", ["no fork", "gone and locked"])
def test_one_that_waited_for_a_fork_does_not_end_the_agent(tmp_path, monkeypatch, mishap):
    """Its turn comes and there is no process to be had, or it has hung up and somebody locked: the agent goes on."""
    done = tmp_path / "done"
    forked = os.fork

    with Running(tmp_path / "v", answerer=busy_until(done)) as agent:
        agent.opened().close()
        crowd = [agent.bare() for _ in range(limits.AGENT_WORKERS_BUSY)]
        for sock in crowd:
            sock.sendall(protocol.object_request("HAS_ENTRY", name="busy"))
        until(lambda: len(agent.server._workers) == limits.AGENT_WORKERS_BUSY)
        late = agent.bare()
        late.sendall(protocol.object_request("HAS_ENTRY", name="late"))
        until(lambda: agent.server._waiting)
        if mishap == "no fork":
            monkeypatch.setattr(os, "fork", none_left)
            done.touch()
            assert late.recv(1) == b""
            monkeypatch.setattr(os, "fork", forked)
        else:
            late.close()
            assert agent.client().ask("LOCK", hold=False)["ok"]
        until(lambda: not agent.server._workers)
        agent.opened()
        assert agent.client().ask("HAS_ENTRY", name="next")["name"] == "next"
