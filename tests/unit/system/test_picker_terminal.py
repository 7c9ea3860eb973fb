"""The picker on a terminal that the test holds: it changes its size, goes away, or stops in the middle of a key."""

from __future__ import annotations

import errno
import os
import termios
import tty

import pytest

from tests.patience import PATIENCE
from tests.unit.system.terminals import ITEMS, pick, when_looked_at
from vault import limits
from vault.system import picker, prompts
from vault.system.clock import Deadline
from vault.system.picker import DOWN, Choosing
from vault.system.tty import NoAnswer


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


def test_a_resized_window_is_drawn_again(pty):
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

    def last_piece():
        pty.types("B")
        monkeypatch.setattr(limits, "ESCAPE_TIME", 0)  # nothing comes after it

    deadline = when_looked_at(lambda: None, lambda: pty.types("["), lambda: None, last_piece)
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
