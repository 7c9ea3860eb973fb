"""Whether a rotation was interrupted or waits: one answer for all commands."""

from __future__ import annotations

import pytest

from vault.remote.summary import RotationWait
from vault.rotation import progress
from vault.rotation.progress import RotationProgress
from vault.unlocking.inventory import Listed

NEW, OLD = "AKIAI44QH8DHBEXAMPLE", "AKIAIOSFODNN7EXAMPLE"
WAIT = RotationWait("dev", NEW, OLD, 1_000, ("desktop", "x\x1b"), 3)


def listed(rotation, kept_until=None, *, name="dev", key_id=NEW):
    return Listed(name, key_id, 1, None, None, None, rotation, kept_until)


@pytest.mark.parametrize(
    ("entry", "waits", "state"),
    [
        (listed("retire"), [WAIT], "waiting"),
        (listed("drop"), [WAIT], "waiting"),
        (listed("retire"), [WAIT._replace(machines=(), more=0)], "due"),
        (listed("retire"), [WAIT._replace(until=999)], "due"),
        (listed("retire"), [], "interrupted"),
        (listed("retire", name="prod"), [WAIT], "interrupted"),
        (listed("retire", key_id=OLD), [WAIT], "interrupted"),
        (listed("undo"), [WAIT], "interrupted"),
        (listed("create"), [WAIT], "interrupted"),
        (listed("grace", 1_000), [WAIT], "kept"),
        (listed("grace", 999), [], "over"),
    ],
)
def test_what_is_shown(entry, waits, state):
    """A wait counts for its entry, its key, its time and its steps alone."""
    found = progress.of(entry, waits, now=999)
    assert found is not None
    assert found.state == state


def test_entry_without_a_rotation():
    assert progress.of(listed(None), [WAIT], now=1) is None


def test_machines_are_named_for_a_terminal():
    assert RotationProgress("waiting", 1_000, WAIT).machines == "desktop, x\\x1b and 3 more"
    assert RotationProgress("interrupted").machines == RotationProgress("interrupted").old == ""
