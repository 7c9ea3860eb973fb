"""What a slow command does is said at a terminal, once it is slow, and nowhere else."""

from __future__ import annotations

import threading

import pytest

from tests.patience import PATIENCE
from vault.cli import slow_work
from vault.cli.slow_work import SlowWork


@pytest.fixture
def said(monkeypatch):
    """What is said; ``said.came`` is set with each line."""
    lines = Lines()
    monkeypatch.setattr(slow_work, "LATE", 3600.0)
    monkeypatch.setattr(slow_work, "is_live", lambda _: True)
    monkeypatch.setattr(slow_work, "say", lines.take)
    return lines


class Lines(list):
    def __init__(self):
        super().__init__()
        self.came = threading.Event()

    def take(self, line):
        self.append(line)
        self.came.set()


def test_a_fast_command_says_nothing(said):
    with SlowWork({}) as slow:
        slow.tell("Reading …")
        slow.tell("Writing …")
    assert said == []


def test_a_slow_step_is_said_while_it_lasts(said, monkeypatch):
    """And so is each later one, once; not while a prompt is shown."""
    monkeypatch.setattr(slow_work, "LATE", 0.01)
    with SlowWork({}) as slow:
        slow.tell("Reading …")
        assert said.came.wait(PATIENCE)
        slow.tell("")
        slow.tell("Writing …")
        slow.tell("Writing …")
    assert said == ["Reading …", "Writing …"]


def test_nothing_during_a_prompt(said):
    with SlowWork({}) as slow:
        slow.tell("Reading …")
        slow.tell("")
        slow._is_late()
        assert said == []
        slow.tell("Writing …")
    assert said == ["Writing …"]


def test_nothing_without_a_terminal(said, monkeypatch):
    monkeypatch.setattr(slow_work, "is_live", lambda _: False)
    monkeypatch.setattr(slow_work, "LATE", 0.0)
    with SlowWork({}) as slow:
        slow.tell("Reading …")
        assert not slow._timer.is_alive()
    assert said == []


def test_an_error_ends_it(said):
    """No thread speaks after the command's error."""
    with pytest.raises(KeyError), SlowWork({}) as slow:
        slow.tell("Reading …")
        raise KeyError
    slow._timer.join(PATIENCE)
    assert not slow._timer.is_alive()
    slow._is_late()
    assert said == []
