"""How conflicts, machines and changes are shown: side by side, without secrets, and with nothing that a terminal obeys."""

from __future__ import annotations

import pytest

from tests.unit.cli.outcomes import CAME, CONFLICT, GONE, KEPT, MACHINE, STRICT, WHOLE
from vault.cli import sync_view, terminal
from vault.remote.summary import WaitingItem


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


@pytest.mark.parametrize("versions", [2, 3, 5])
def test_versions_are_side_by_side_on_80_columns(capsys, monkeypatch, versions):
    """Two in each table, if more do not fit; a long ARN is folded, and nothing is left out."""
    monkeypatch.setattr(sync_view, "is_terminal", lambda: True)
    monkeypatch.setattr(terminal, "is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    long = [
        KEPT._replace(machine=f"{n}" * 11, user="a-name-that-is-long-" * 3, ref=str(n))
        for n in range(versions)
    ]
    sync_view.show_waiting({"NO_COLOR": "1"}, [CONFLICT._replace(versions=tuple(long))])
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert all(f"VERSION {n + 1}" in out and f"laptop ({str(n) * 11})" in out for n in range(versions))
    assert "VERSION 1" in out.partition("VERSION 2")[0].splitlines()[-1]


def test_strict_seeds_are_shown_by_their_devices(capsys):
    """What is in the box stays sealed."""
    sync_view.show_conflict({}, STRICT)
    out, err = capsys.readouterr()
    assert "strict seeds: changed on two machines" in out
    assert "seeds of\tarn:aws:iam::111111111111:mfa/yourself\tarn:aws:iam::111111111111:mfa/other" in out
    assert "passphrase or the security key of its machine" in err


def test_what_waits_is_told_in_a_line():
    assert sync_view.told(WaitingItem("entry", "d\x1bv", "changed on two machines")) == (
        "key d\\x1bv (changed on two machines)"
    )
    assert sync_view.told(WaitingItem("strict", "strict", "x")) == "strict seeds (x)"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "this machine"),
        ({"here": False}, "1 edit behind"),
        ({"here": False, "behind": 2}, "2 edits behind"),
        ({"here": False, "behind": 0}, ""),
        ({"gone": True}, "removed"),
    ],
)
def test_state_of_a_machine(capsys, changes, said):
    sync_view.show_machines({}, [MACHINE._replace(**changes)])
    assert capsys.readouterr().out.rstrip("\n").split("\t")[3] == said
