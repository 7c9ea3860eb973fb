"""How long the agent accepts no connection, and which connection it closes to make room."""

from __future__ import annotations

import selectors
import socket

import pytest

from vault import limits
from vault.agent.admission import Admission, Connection


class HandClock:
    """A clock that the test sets."""

    now = 100.0

    def running(self):
        return self.now


class Gate:
    """An Admission with its parts; ``closed`` is what it closed."""

    def __init__(self):
        self.clock, self.inside, self.waiting, self.closed = HandClock(), set(), [], []
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.ends = []
        self.admission = Admission(
            self.listener,
            selector=self.selector,
            clock=self.clock,
            inside=self.inside,
            waiting=self.waiting,
            close=self.closed.append,
        )

    def client(self, *, since):
        server_end, client_end = socket.socketpair()
        self.ends += [server_end, client_end]
        self.inside.add(one := Connection(server_end, now=since))
        return one, client_end

    def end(self):
        for one in [*self.ends, self.listener, self.selector]:
            one.close()


@pytest.fixture
def gate():
    made = Gate()
    yield made
    made.end()


def listens(gate):
    return gate.listener in [key.fileobj for key in gate.selector.get_map().values()]


def test_the_wait_ends_when_the_oldest_connection_was_silent_long_enough(gate):
    """While no connection may be closed, the listener leaves the selector until the moment that ``wait`` names."""
    gate.admission.look()
    assert listens(gate)
    assert gate.admission.wait() is None
    gate.client(since=gate.clock.now - limits.AGENT_SILENT / 4)
    gate.client(since=gate.clock.now)
    assert not gate.admission.make_room()
    assert not listens(gate)
    left = gate.admission.wait()
    assert left == pytest.approx(limits.AGENT_SILENT * 3 / 4)
    gate.clock.now += left / 2
    assert gate.admission.wait() == pytest.approx(left / 2)
    gate.admission.look()
    assert not listens(gate)
    gate.clock.now += left
    assert gate.admission.wait() == 0.0  # never a negative time, which would wait for ever
    gate.admission.look()
    assert listens(gate)
    assert gate.admission.wait() is None


def test_a_closed_connection_ends_the_wait(gate):
    """A connection ended, so the agent does not wait for the silence of another."""
    gate.client(since=gate.clock.now)
    gate.admission.make_room()
    gate.admission.freed()
    assert gate.admission.wait() == 0.0
    gate.admission.look()
    assert listens(gate)


def test_without_a_connection_to_close_the_agent_retries_after_a_tick(gate):
    """No descriptor is free and no client is connected: the agent neither spins nor stops."""
    assert not gate.admission.make_room()
    assert gate.admission.wait() == pytest.approx(limits.AGENT_TICK)


def test_the_longest_silent_connection_is_closed(gate):
    """A connection that has just sent something or waits for a worker stays open."""
    working, _ = gate.client(since=gate.clock.now - 9)
    gate.waiting.append(working)
    talking, far = gate.client(since=gate.clock.now - 8)
    far.send(b"x")
    silent, _ = gate.client(since=gate.clock.now - 7)
    gate.client(since=gate.clock.now - 6)
    assert gate.admission.make_room()
    assert gate.closed == [silent]
    assert talking in gate.inside
