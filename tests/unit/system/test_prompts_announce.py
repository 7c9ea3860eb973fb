"""What the user is told to do, on the terminal or in a window, until it is done."""

from __future__ import annotations

import os

import pytest

from tests.patience import PATIENCE
from tests.unit.system.test_pinentry import window
from tests.unit.system.test_prompts import asking
from vault.system.clock import Deadline
from vault.system.prompts import Interaction, NoAnswer

ANNOUNCE = 'str(way.announce("Touch it.", deadline=Deadline.after({seconds}), ended=lambda _: bool(done)))'


def after(looks):
    """Done at the given look."""
    seen = []

    def ended(_seconds):
        seen.append(1)
        return len(seen) > looks

    return ended


def test_the_terminal_says_it_once():
    """And the wait ends with what was waited for, or with the deadline."""
    child = asking(ANNOUNCE.replace("bool(done)", "True"))
    child.expect_exact("Touch it.\r\n")
    child.expect_exact("<True>")
    child = asking(ANNOUNCE.replace("bool(done)", "False"), seconds=0.2)
    child.expect_exact("Touch it.\r\n")
    child.expect_exact("<False>")


def test_a_window_says_it_until_it_is_done(tmp_path):
    """It closes by itself; and a user who presses its button goes on waiting."""
    for line in ("S WAITING", "OK"):
        way = window(tmp_path, confirm=line)
        assert way.announce("Touch it.", deadline=Deadline.after(PATIENCE), ended=after(3))
    assert "SETDESC Touch it." in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_window_that_is_closed_cancels(tmp_path):
    """Unless it was done meanwhile."""
    way = window(tmp_path, confirm="ERR 83886179 x")
    with pytest.raises(NoAnswer) as cancelled:
        way.announce("Touch it.", deadline=Deadline.after(PATIENCE), ended=lambda _: False)
    assert cancelled.value.reason == "cancelled"
    assert way.announce("Touch it.", deadline=Deadline.after(PATIENCE), ended=lambda _: True)


def test_a_window_ends_with_the_deadline(tmp_path):
    """Nobody touched."""
    way = window(tmp_path, confirm="S WAITING")
    assert not way.announce("Touch it.", deadline=Deadline.after(0.3), ended=lambda _: False)


def test_without_a_window_that_works_it_still_waits(tmp_path):
    """The key blinks: that tells the user, too."""
    way = Interaction("pinentry", {"PATH": os.environ["PATH"]}, str(tmp_path / "none"))
    assert way.announce("Touch it.", deadline=Deadline.after(PATIENCE), ended=after(2))
