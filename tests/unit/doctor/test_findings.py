"""Findings of doctor as values: their place, their count, and what --fix removes."""

from __future__ import annotations

import pytest

from vault.doctor import findings


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ("/h/.aws/config:7: no region", ("/h/.aws/config:7", "no region")),
        ("/h/a: b/config:7: it: is", ("", "/h/a: b/config:7: it: is")),
        ("profile dev: no region", ("", "profile dev: no region")),
        ("config:x: no region", ("", "config:x: no region")),
        ("config:7", ("", "config:7")),
        ("", ("", "")),
    ],
)
def test_the_place_of_a_message(message, found):
    """A file and its line, where it begins with them."""
    assert findings.split_place(message) == found


@pytest.mark.parametrize(("count", "said"), [(0, "0 sessions"), (1, "1 session"), (3, "3 sessions")])
def test_how_many_sessions(count, said):
    """One has no s."""
    assert findings.sessions(("x",) * count) == said


def test_files_that_can_be_removed():
    """Each of them, and only their folder is named, so that no name reaches the terminal raw."""
    found = findings.removable("note", ("/h/a\x1b/one", "/h/a\x1b/two"), "told", "do it")
    assert found.fixes == (findings.Remove("/h/a\x1b/one"), findings.Remove("/h/a\x1b/two"))
    assert (found.level, found.message, found.hint) == ("note", "told", "do it")
    assert found.where.startswith("/h/a")
    assert "\x1b" not in found.where
    assert "one" not in found.where
