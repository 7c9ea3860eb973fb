"""The terminal and the signals that end a question on it."""

from __future__ import annotations

import os
import signal
import termios
import threading
import time

import pytest

from tests.patience import PATIENCE
from tests.unit.system.terminals import ask, pick, when_looked_at
from vault.system.tty import NoAnswer, Signalled, open_terminal, signals_raise


def mode_of(pty):
    return termios.tcgetattr(pty.fd)


# ── signals ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def resized():
    """How often a handler of the program's own for a signal that ends no question has run."""
    runs = []
    before = signal.signal(signal.SIGWINCH, lambda *_: runs.append(1))
    yield runs
    signal.signal(signal.SIGWINCH, before)


def test_a_signal_that_ends_no_question(pty, resized):
    """Its handler runs, and the question waits on for its answer."""
    deadline = when_looked_at(lambda: signal.raise_signal(signal.SIGWINCH), lambda: pty.types("horse\n"))
    assert ask(pty, deadline=deadline).reveal() == b"horse"
    assert pick(
        pty, deadline=when_looked_at(lambda: signal.raise_signal(signal.SIGWINCH), lambda: pty.types("\r"))
    )
    assert len(resized) == 2


def test_only_the_first_signal_ends_a_question():
    """A second Ctrl-C comes while the terminal is put back, and must not stop that; an ignored one stays ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_raise():
            signal.raise_signal(signal.SIGHUP)
            with pytest.raises(Signalled) as caught:
                signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGINT)
        assert caught.value.number == signal.SIGTERM
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_question_of_another_thread(pty):
    """Only the main thread gets signals: elsewhere the question is asked without them."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(ask(pty).reveal()))
    before = signal.getsignal(signal.SIGTERM)
    thread.start()
    end = time.monotonic() + PATIENCE
    while mode_of(pty)[3] & termios.ECHO and time.monotonic() < end:
        time.sleep(0.001)
    pty.types("horse\n")
    thread.join(PATIENCE)
    assert answers == [b"horse"]
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_terminal_that_does_not_tell_its_foreground(monkeypatch):
    """/dev/tty opens, and what it stands for was hung up: nobody can be asked, and nothing stays open."""
    reading, writing = os.pipe()
    with monkeypatch.context() as patch:
        patch.setattr(os, "open", lambda *_args: reading)
        with pytest.raises(NoAnswer, match="foreground"):
            open_terminal()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reading)
    os.close(writing)
