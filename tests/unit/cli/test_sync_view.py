"""How conflicts, machines and changes are shown: side by side, without secrets, and with nothing that a terminal obeys."""

from __future__ import annotations

import pytest

from tests.unit.cli.outcomes import CAME, CONFLICT, GONE, KEPT, MACHINE, WHOLE
from vault.cli import sync_view


def test_versions_are_side_by_side(capsys):
    """Each fact in one line; how to keep each is on stderr."""
    sync_view.show_waiting({}, [CONFLICT])
    out, err = capsys.readouterr()
    assert "key dev: changed on two machines" in out
    assert "machine\tlaptop (AAAAAAAAAAA)\tdesktop (BBBBBBBBBBB)" in out
    assert "key ID\tAKIAIOSFODNN7EXAMPLE\t" in out
    assert "renamed to other" in out
    assert "version 1: awsvault-py sync --choose dev=AAAAAAAAAAA" in err
    assert "version 2: awsvault-py sync --choose dev=removed" in err


@pytest.mark.parametrize("shown", ["changes", "machines", "waiting"])
def test_hostile_names_are_escaped(capsys, shown):
    """Another machine may have written them."""
    bad = "x\x1b[2J\u202e\n"
    if shown == "changes":
        sync_view.show_changes(WHOLE._replace(came=(CAME._replace(name=bad, by=bad),), went=()))
    elif shown == "machines":
        sync_view.show_machines({}, [MACHINE._replace(name=bad)])
    else:
        versions = (KEPT._replace(by=bad, user=bad), GONE._replace(renamed_to=bad))
        sync_view.show_waiting({}, [CONFLICT._replace(name=bad, versions=versions)])
    said = "".join(capsys.readouterr())
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_strict_seeds_are_named_by_their_key(capsys):
    """They have no name that an answer could give."""
    sync_view.show_waiting({}, [CONFLICT._replace(key="strict", kind="strict", name="strict")])
    assert "--choose strict=AAAAAAAAAAA" in capsys.readouterr().err
