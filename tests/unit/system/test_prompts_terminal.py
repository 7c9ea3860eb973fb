"""Questions on a terminal that the test holds, and that goes away."""

from __future__ import annotations

import errno
import os
import tty

import pytest

from tests.patience import PATIENCE
from tests.unit.system.terminals import ITEMS, ask, pick, when_looked_at
from vault.system import picker, prompts
from vault.system.clock import Deadline
from vault.system.picker import Choosing
from vault.system.tty import NoAnswer


def test_the_end_of_what_is_typed_is_seen(pty):
    """Where it is wider than the window, its beginning is what is cut."""
    assert picker._asked("Profile", 0, Choosing(ITEMS, "a-very-long-name-of-a-profile"), 12) == "f-a-profile"


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
