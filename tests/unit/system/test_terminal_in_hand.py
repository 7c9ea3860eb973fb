"""Questions on a terminal that the test holds: it goes away, changes its size or stops in the middle of a key."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import signal
import struct
import termios
import threading
import time
import tty

import pytest

from tests.patience import PATIENCE
from vault import limits
from vault.system import picker, prompts
from vault.system.clock import Deadline
from vault.system.picker import DOWN, Choosing, Item
from vault.system.tty import NoAnswer, Signalled, open_terminal, signals_raise

ITEMS = (Item("dev", "222222222222"), Item("prod", "333333333333"))


class Pty:
    """A terminal of 40 by 10: ``fd`` is its own side, ``person`` the one in front of it."""

    def __init__(self):
        self.person, self.fd = os.openpty()
        self.resize(40, 10)

    def resize(self, columns, lines):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def types(self, text):
        os.write(self.person, text.encode())

    def hangs_up(self):
        os.close(self.person)
        self.person = -1

    def shown(self, last):
        """All that is on the screen once it ends with ``last``."""
        text = ""
        while not text.endswith(last):
            assert select.select([self.person], [], [], 20)[0], text
            text += os.read(self.person, 65_536).decode()
        return text

    def end(self):
        os.close(self.fd)
        if self.person >= 0:
            os.close(self.person)


@pytest.fixture
def pty():
    made = Pty()
    yield made
    made.end()


class Steps:
    """A clock on which something happens each time when it is looked at; then it stands still."""

    def __init__(self, *steps):
        self.steps = [lambda: None, *steps]  # the first look is that of the deadline's making

    def time(self):
        return 0.0

    def monotonic(self):
        if self.steps:
            self.steps.pop(0)()
        return 0.0

    def sleep(self, seconds):
        raise AssertionError(seconds)


def when_looked_at(*steps, seconds=20.0):
    return Deadline.after(seconds, clock=Steps(*steps))


def pick(pty, *, typed="", deadline=None):
    keyboard = picker._Keyboard(pty.fd, deadline or Deadline.after(PATIENCE))
    return picker._pick_once(keyboard, "Profile", Choosing(ITEMS, typed), colour=False)


def ask(pty, *, deadline=None, echo=False):
    return prompts._read_once(
        pty.fd, "Passphrase: ", deadline=deadline or Deadline.after(PATIENCE), echo=echo
    )


def mode_of(pty):
    return termios.tcgetattr(pty.fd)


# ── a list to choose from ────────────────────────────────────────────────────────────────────


def test_nobody_chooses_in_time(pty):
    """The list goes, the terminal is as before, and the reason is the time."""
    before = mode_of(pty)
    with pytest.raises(NoAnswer, match="no answer in time") as caught:
        pick(pty, deadline=Deadline.after(0))
    assert caught.value.reason == "timeout"
    assert mode_of(pty) == before
    assert "> dev" in pty.shown("\x1b[18C\r\x1b[J")


def test_without_a_match_the_list_says_how_to_clear_the_filter(pty):
    """Enter chooses nothing then; Ctrl-U shows all of them again."""
    deadline = when_looked_at(lambda: pty.types("\r\x15\r"))
    assert pick(pty, typed="xyz", deadline=deadline) == "dev"
    shown = pty.shown("\x1b[18C\r\x1b[J")
    assert "Profile (0 of 2): xyz" in shown
    assert "no match; Ctrl-U clears the filter" in shown
    assert shown.count("> dev") == 1


def test_the_end_of_what_is_typed_is_seen(pty):
    """Where it is wider than the window, its beginning is what is cut."""
    assert picker._asked("Profile", 0, Choosing(ITEMS, "a-very-long-name-of-a-profile"), 12) == "f-a-profile"


def test_a_window_of_another_size_is_drawn_anew(pty):
    """A key that was pressed is not lost by it, and no row is wider than the window is now."""
    keyboard = picker._Keyboard(pty.fd, when_looked_at(lambda: pty.resize(20, 10), seconds=0.05))
    assert keyboard.key() is None
    tty.setraw(pty.fd)
    pty.types("d")
    assert keyboard.key() == "d"


def test_a_size_that_nobody_knows():
    """It is taken for 80 by 24."""
    reading, writing = os.pipe()
    assert picker._size(reading) == (80, 24)
    os.close(reading)
    os.close(writing)


def test_a_key_that_comes_in_pieces_is_one(pty, monkeypatch):
    """Over a slow line Escape, [ and B arrive one by one: that is Down, not Escape."""
    monkeypatch.setattr(limits, "ESCAPE_TIME", 20)
    tty.setraw(pty.fd)
    pty.types("\x1b")
    deadline = when_looked_at(lambda: None, lambda: pty.types("["), lambda: None, lambda: pty.types("B"))
    assert picker._Keyboard(pty.fd, deadline).key() == DOWN


def test_a_choice_on_no_terminal(pty):
    """A descriptor that cannot be set up is nobody who could be asked."""
    reading, writing = os.pipe()
    for act in (
        lambda: picker._pick_once(
            picker._Keyboard(reading, Deadline.after(PATIENCE)), "Profile", Choosing(ITEMS), colour=False
        ),
        lambda: prompts._read_once(reading, "Name: ", deadline=Deadline.after(PATIENCE), echo=True),
    ):
        with pytest.raises(NoAnswer, match="cannot be set up") as caught:
            act()
        assert caught.value.reason == "impossible"
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("question", [pick, ask])
def test_a_terminal_that_goes_away_in_the_middle(pty, question):
    """The window was closed, and no signal told of it: nobody is there, and no one waits."""
    with pytest.raises(NoAnswer, match="the terminal was closed") as caught:
        question(pty, deadline=when_looked_at(pty.hangs_up))
    assert caught.value.reason == "impossible"


def test_a_line_of_a_terminal_that_went_away(pty, monkeypatch):
    """As the end of a typed line would be an answer, an error while it is read is none."""
    tty.setraw(pty.fd)
    pty.types("hor")
    monkeypatch.setattr(os, "read", _fail)
    with pytest.raises(NoAnswer, match="the terminal was closed"):
        prompts._line(pty.fd, Deadline.after(PATIENCE), wake=pty.fd)


def _fail(*_args):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


@pytest.mark.parametrize(
    "read", [b"", OSError(errno.EIO, os.strerror(errno.EIO))], ids=["at an end", "an error"]
)
def test_keys_of_a_terminal_that_went_away(pty, monkeypatch, read):
    """Systems tell it in two ways: both are nobody."""

    def gone(_fd, _size):
        if isinstance(read, OSError):
            raise read
        return read

    tty.setraw(pty.fd)
    pty.types("d")
    monkeypatch.setattr(os, "read", gone)
    with pytest.raises(NoAnswer, match="the terminal was closed"):
        picker._Keyboard(pty.fd, Deadline.after(PATIENCE)).key()


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
