"""The agent's client beside an agent that is odd, late or gone: an answer or none, never an error of its own."""

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
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    ours.settimeout(PATIENCE)
    with ours, theirs:
        yield Agent(ours), theirs


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
def test_a_session_that_no_frame_can_hold_is_not_kept(agent, odd):
    """It is said to be not kept before anything is sent, and the connection is as good as before."""
    client = agent.opened()
    assert put(client, **odd) is False
    assert put(client)
    assert export(agent) == session("dev")


@pytest.mark.parametrize("second", ["locked", "nothing more", "gone"])
def test_a_status_that_stops_in_the_middle_shows_what_came(pair, second):
    """Between two parts of STATUS the agent may be locked, or end: the rows that came are shown, and nothing waits."""
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


def test_asking_an_agent_that_has_gone(pair):
    """What cannot be sent is no error; no answer comes, and the connection is given up for good."""
    client, agent = pair
    agent.close()
    client.send("HELLO")
    assert client.receive() is None
    client.send("HELLO")
    assert client.receive() is None
    client.close()


def test_an_answer_that_trickles_is_none(pair, monkeypatch):
    """Each piece is in time, and the whole is not: the client waits no longer than for an agent that is mute."""
    client, agent = pair
    seconds = itertools.count()
    monkeypatch.setattr("vault.agent.client.monotonic", lambda: next(seconds) * (PATIENCE + 1))
    agent.sendall(protocol.answer())
    assert client.ask("HELLO") == {"ok": True}, "all of it was there, however late the client looked"
    agent.sendall(protocol.answer()[:-1])
    assert client.ask("HELLO") is None


@pytest.mark.parametrize("said", [b"{}", b'{"ok":1}', b'{"why":"locked"}', b"[]", b"MISS"])
def test_an_answer_that_says_neither_yes_nor_no_is_none(pair, said):
    """Only a boolean ok is an answer; after anything else this agent is not asked again."""
    client, agent = pair
    agent.sendall(protocol.frame(said) + protocol.answer())
    assert client.ask("HELLO") is None
    assert client.ask("HELLO") is None
