"""What the agent's forks answer, to which clients and until when, and what the agent's own process never answers."""

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
    """A desk that answers with the name that was asked for."""
    del page
    return lambda request, say: protocol.answer(name=request.fields["name"])


def busy_until(done):
    """The same, except for the name "busy", whose answer comes after ``done`` exists."""

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


def test_a_fork_answers_only_what_needs_a_fork(tmp_path):
    """A lock over a fork's connection would lock nothing, so it is not answered there."""
    with Running(tmp_path / "v", answerer=telling) as agent:
        client = agent.opened()
        assert client.ask("HAS_ENTRY", name="dev")["name"] == "dev"
        assert client.ask("LOCK", hold=True) is None
        assert agent.client().ask("HELLO")["why"] == ""


def test_a_client_that_waited_too_long_is_closed(tmp_path):
    """A client that waited for a fork longer than any command does is closed, and the next one is answered."""
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


def test_a_queue_for_forks_does_not_delay_a_warm_answer(tmp_path):
    """Every fork is busy, and as many clients as the agent serves wait for one: an export is still answered."""
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
def test_waiting_forks_block_no_other_client(tmp_path, monkeypatch, wait):
    """All forks wait for the next code or another request: a new client is still answered."""
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
def test_the_agents_own_process_never_answers_with_vault_contents(agent, op):
    """Requests that decrypt or bring keys are handled elsewhere, never by the process that stays."""
    agent.opened()
    with pytest.raises(protocol.BadFrame):
        agent.answers.to(protocol.AgentRequest(op, {}, 0))


@pytest.mark.parametrize("call", ["fork", "pipe"])
def test_a_failed_fork_costs_one_client_its_answer(tmp_path, monkeypatch, call):
    """Without a fork or a pipe, the client opens the vault itself; the agent goes on and leaves nothing open."""
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
def test_a_failed_turn_for_a_fork_does_not_end_the_agent(tmp_path, monkeypatch, mishap):
    """The client's turn comes without a free process, or after it closed and the vault was locked: the agent goes on."""
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
