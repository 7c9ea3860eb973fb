"""The keeper as its server uses it: each answer, each silence and each end of the keeper's is something that can be said."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time

import pytest

from tests.patience import PATIENCE
from vault import errors, limits
from vault.run.key_keeper import KeyKeeper
from vault.run.served_session import frame
from vault.system import children, sockets


class Beside:
    """The keeper's end of the connection, in the hands of the test."""

    def __init__(self):
        near, self.far = sockets.pair()
        near.setblocking(False)
        self.keeper = KeyKeeper(near, 0)
        self._answering = None

    def answers(self, raw):
        """Answer the next refresh with these bytes."""
        self._answering = threading.Thread(target=self._answer, args=(raw,))
        self._answering.start()

    def _answer(self, raw):
        (fd,) = sockets.receive_descriptors(self.far)
        with socket.socket(fileno=fd) as asked:
            asked.sendall(raw)

    def end(self):
        if self._answering is not None:
            self._answering.join(PATIENCE)
        self.far.close()
        self.keeper._connection.close()


@pytest.fixture
def beside():
    made = Beside()
    yield made
    made.end()


def test_a_session_comes_with_its_times(beside):
    """As the fork of the keeper sent it."""
    beside.answers(frame({"issued": 1, "expires": 9}, b"body"))
    served = beside.keeper.again()
    with served.shown() as body:
        assert (bytes(body), served.issued, served.expires) == (b"body", 1, 9)


def test_an_error_is_the_one_that_happened_in_the_fork(beside):
    """With its message, its hint and so its exit code."""
    beside.answers(frame({"kind": "Refused", "message": "role x: AccessDenied", "hint": "check it"}))
    with pytest.raises(errors.Refused, match="role x: AccessDenied") as caught:
        beside.keeper.again()
    assert caught.value.hint == "check it"


@pytest.mark.parametrize("kind", ["NoSuchError", "annotations", "no_handles", "__name__"])
def test_an_error_that_is_none_of_the_programs_is_internal(beside, kind):
    """Whatever name another version sent."""
    beside.answers(frame({"kind": kind, "message": "m", "hint": "h"}))
    with pytest.raises(errors.Internal, match="m"):
        beside.keeper.again()


@pytest.mark.parametrize("raw", [b"", b"\0\0", frame({"issued": 1, "expires": 9}, b"body")[:-1], b"\xff" * 8])
def test_an_answer_that_is_cut_short_says_that_the_session_was_not_refreshed(beside, raw):
    """The process that does it was killed in the middle, or is another program."""
    beside.answers(raw)
    with pytest.raises(errors.Unreachable, match="not refreshed"):
        beside.keeper.again()


def test_a_keeper_that_takes_too_long_is_not_waited_for(beside, monkeypatch):
    """The client of the server has a time limit of its own."""
    monkeypatch.setattr(limits, "SERVER_REFRESH", 0)
    monkeypatch.setattr(limits, "AGENT_TALK", 0.05)
    with pytest.raises(errors.Unreachable, match="took too long"):
        beside.keeper.again()


def test_a_stopped_keeper_does_not_hold_up_the_server(beside, monkeypatch):
    """It reads nothing: once the connection is full, no further refresh waits for it."""
    monkeypatch.setattr(limits, "SERVER_REFRESH", 0)
    monkeypatch.setattr(limits, "AGENT_TALK", 0.001)
    connection = beside.keeper._connection
    with pytest.raises(BlockingIOError):
        while True:
            connection.send(b"x" * 4096)
    monkeypatch.setattr(limits, "AGENT_TALK", PATIENCE)
    with pytest.raises(errors.Unreachable):
        beside.keeper.again()


def test_a_keeper_that_is_gone_is_a_locked_vault(beside):
    """Its key is gone with it: only a new server can have another."""
    beside.far.close()
    with pytest.raises(errors.Locked, match="is gone"):
        beside.keeper.again()


def test_a_keeper_that_ended_for_a_lock_says_so(beside):
    """It is still known after the keeper has ended; a keeper that was killed has said nothing."""
    assert not beside.keeper.said_locked()
    beside.far.send(b"L")
    beside.far.close()
    assert beside.keeper.said_locked()
    assert beside.keeper.said_locked()


def test_the_end_of_a_keeper_is_noticed_without_a_refresh(beside):
    """serve ends then: it could not refresh the session any more."""
    assert beside.keeper.gone() is None
    beside.far.close()
    assert "is gone" in beside.keeper.gone().message


def test_a_keeper_that_ended_for_a_lock_is_not_simply_gone(beside):
    """The lock is the reason."""
    beside.far.send(b"L")
    beside.far.close()
    assert beside.keeper.gone() is None


def test_closing_a_stopped_keeper_kills_it(monkeypatch):
    """Otherwise its key would stay in memory for as long as it is stopped."""
    monkeypatch.setattr(limits, "SERVER_END_WAIT", 0.1)
    near, far = sockets.pair()
    pid = children.fork(lambda: time.sleep(PATIENCE))
    far.close()
    os.kill(pid, signal.SIGSTOP)
    KeyKeeper(near, pid).close()
    try:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_closing_after_somebody_else_reaped_the_keeper_is_no_error():
    """The server is ending, and there is nothing left to do."""
    near, far = sockets.pair()
    pid = children.fork(lambda: None)
    far.close()
    os.waitpid(pid, 0)
    KeyKeeper(near, pid).close()
