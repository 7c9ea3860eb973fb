"""The agent's client with an agent that is odd, late or gone: it gets an answer or none, and never raises an error."""

from __future__ import annotations

import itertools
import socket

import pytest

from tests.patience import PATIENCE
from tests.unit.agent.serving import NOW, export, put, session
from vault import limits
from vault.agent import protocol
from vault.agent.client import Agent


@pytest.fixture
def pair():
    """A client, and the agent's end of its connection."""
    client_end, agent_end = socket.socketpair(socket.AF_UNIX)
    client_end.settimeout(PATIENCE)
    with client_end, agent_end:
        yield Agent(client_end), agent_end


@pytest.mark.parametrize(
    "odd",
    [
        {"body": session(size=limits.AGENT_FRAME + 1)},
        {"profile": "x" * (limits.MAX_PROFILE_NAME + 1)},
        {"profile": "a\0b"},
        {"profile": ""},
        {"issued": -1},
    ],
    ids=["large", "long name", "NUL", "no name", "before 1970"],
)
def test_a_session_too_large_for_a_frame_is_not_kept(agent, odd):
    """The client reports this before it sends anything, and the connection still works."""
    client = agent.opened()
    assert put(client, **odd) is False
    assert put(client)
    assert export(agent) == session("dev")


@pytest.mark.parametrize("second", ["locked", "nothing more", "gone"])
def test_an_interrupted_status_shows_the_rows_that_arrived(pair, second):
    """The agent may be locked or end between two parts of STATUS: the client shows the rows that arrived and does not wait."""
    client, agent = pair
    row = {"profile": "dev", "issued": NOW, "expires": NOW + 1, "due": NOW}
    agent.sendall(protocol.answer(sessions=[row], total=2))
    if second == "locked":
        agent.sendall(protocol.refusal("locked"))
    elif second == "nothing more":
        agent.sendall(protocol.answer(sessions=[], total=2) * 2)
    else:
        agent.shutdown(socket.SHUT_WR)
    assert client.sessions() == {"ok": True, "sessions": [row], "total": 2}
    assert agent.recv(1000).count(b"STATUS") == 2, "it is not asked for ever"


def test_a_request_to_an_agent_that_has_ended(pair):
    """A failed send is no error: no answer comes, and the connection is not used again."""
    client, agent = pair
    agent.close()
    client.send("HELLO")
    assert client.receive() is None
    client.send("HELLO")
    assert client.receive() is None
    client.close()


def test_an_answer_that_trickles_counts_as_none(pair, monkeypatch):
    """Each piece is in time but the whole answer is not: the client waits no longer than for a silent agent."""
    client, agent = pair
    seconds = itertools.count()
    monkeypatch.setattr("vault.agent.client.monotonic", lambda: next(seconds) * (PATIENCE + 1))
    agent.sendall(protocol.answer())
    assert client.ask("HELLO") == {"ok": True}, "all of it was there, however late the client looked"
    agent.sendall(protocol.answer()[:-1])
    assert client.ask("HELLO") is None


@pytest.mark.parametrize("said", [b"{}", b'{"ok":1}', b'{"why":"locked"}', b"[]", b"MISS"])
def test_an_answer_without_a_boolean_ok_counts_as_none(pair, said):
    """Only a boolean ok is an answer; after anything else the client does not ask this agent again."""
    client, agent = pair
    agent.sendall(protocol.frame(said) + protocol.answer())
    assert client.ask("HELLO") is None
    assert client.ask("HELLO") is None
