"""The progress bar: a line at a terminal, nothing elsewhere."""

from __future__ import annotations

import pytest

from vault.cli import progress_bar, terminal
from vault.cli.progress_bar import ProgressBar


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setattr(progress_bar, "is_live", lambda _: True)


def test_it_counts_to_the_end(live, capsys):
    """One line, overwritten, and ended."""
    with ProgressBar({}, "accounts") as bar:
        bar.show(0, 4)
        bar.show(3, 4)
        bar.show(4, 4)
    first, half, last = capsys.readouterr().err.removesuffix("\n").split("\r")[1:]
    assert first == f"  [{' ' * 30}] 0 of 4 accounts"
    assert half.count("#") == 22
    assert last == f"  [{'#' * 30}] 4 of 4 accounts"


def test_an_error_begins_on_a_new_line(live, capsys):
    """The bar stays where it was."""
    with pytest.raises(KeyError), ProgressBar({}, "accounts") as bar:
        bar.show(1, 4)
        raise KeyError
    assert capsys.readouterr().err.endswith("1 of 4 accounts\n")


def test_nothing_without_a_terminal_or_without_work(capsys, monkeypatch):
    """A log file gets no bar, and zero of zero says nothing."""
    monkeypatch.setattr(terminal.sys.stderr, "isatty", lambda: False, raising=False)
    with ProgressBar({}, "accounts") as bar:
        bar.show(1, 4)
    monkeypatch.setattr(progress_bar, "is_live", lambda _: True)
    with ProgressBar({}, "accounts") as bar:
        bar.show(0, 0)
    assert capsys.readouterr().err == ""
