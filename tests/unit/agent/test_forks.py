"""What the agent's forks answer, to whom, and until when; and what never comes out of the process that stays."""

from __future__ import annotations

import time

import pytest

from tests.unit.agent.at_home import until
from tests.unit.agent.serving import Running
from vault import limits
from vault.agent import protocol


def test_a_fork_serves_nothing_but_what_needs_one(tmp_path):
    """Over its connection a lock would lock nobody, so it is not answered there."""

    def derive(page):
        del page
        return lambda request, say: protocol.answer(name=request.fields["name"])

    with Running(tmp_path / "v", derive=derive) as agent:
        client = agent.opened()
        assert client.ask("HAS_ENTRY", name="dev")["name"] == "dev"
        assert client.ask("LOCK", hold=True) is None
        assert agent.client().ask("HELLO")["why"] == ""


def test_a_turn_that_comes_too_late_is_nobody_s(tmp_path):
    """A client that waited for a fork longer than any command does is hung up on, and the next one is answered."""
    done = tmp_path / "done"

    def derive(page):
        del page

        def desk(request, say):
            while request.fields["name"] == "busy" and not done.exists():
                time.sleep(0.01)
            return protocol.answer(name=request.fields["name"])

        return desk

    with Running(tmp_path / "v", derive=derive) as agent:
        agent.opened().close()
        crowd = [agent.bare() for _ in range(limits.AGENT_CHILDREN)]
        for sock in crowd:
            sock.sendall(protocol.object_request("HAS_ENTRY", name="busy"))
        until(lambda: len(agent.server._children) == limits.AGENT_CHILDREN)
        late = agent.bare()
        late.sendall(protocol.object_request("HAS_ENTRY", name="late"))
        until(lambda: agent.server._waiting)
        agent.clock.turn(limits.AGENT_CHILD_TIME)
        assert agent.client().ask("HELLO")["why"] == ""  # it wakes up
        assert late.recv(1) == b""
        done.touch()
        assert all(sock.recv(1000) for sock in crowd)
        assert agent.client().ask("HAS_ENTRY", name="next")["name"] == "next"


@pytest.mark.parametrize("op", ["HAS_ENTRY", "LIST", "GET_ENTRY", "TOTP", "NOTE_CODE", "UNLOCK"])
def test_the_agent_itself_answers_nothing_that_needs_the_vault_s_contents(agent, op):
    """What decrypts, or brings keys, has ways of its own: it never comes out of the process that stays."""
    agent.opened()
    with pytest.raises(protocol.BadFrame):
        agent.answers.to(protocol.Request(op, {}, 0))
