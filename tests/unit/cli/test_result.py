"""What a command that changes something prints at its end, and that it prints nothing on stdout before."""

from __future__ import annotations

import json

import pytest

from vault.cli.result import line_printer, report_result


def test_the_object_is_printed_only_for_json(capsys):
    """And a field without a value is left out."""
    report_result({"name": "dev", "user": None}, as_json=False)
    assert capsys.readouterr() == ("", "")
    report_result({"name": "dev", "user": None, "left": []}, as_json=True)
    out, err = capsys.readouterr()
    assert (json.loads(out), err) == ({"name": "dev", "left": []}, "")


def test_other_lines_make_room_for_the_object(capsys):
    """They are on stderr with --json, and otherwise the output."""
    line_printer(as_json=True)("+ a line")
    assert capsys.readouterr() == ("", "+ a line\n")
    line_printer(as_json=False)("+ a line")
    assert capsys.readouterr() == ("+ a line\n", "")


@pytest.mark.parametrize(
    "words",
    [
        ("add", "dev"),
        ("remove", "dev", "--yes"),
        ("mfa", "add", "dev", "--stdin"),
        ("mfa", "remove", "dev", "--yes"),
        ("mfa", "enroll", "dev", "--yes"),
        ("mfa", "resync", "dev"),
        ("panic", "--yes"),
        ("unlock",),
        ("passwd", "--stdin"),
        ("slots", "add", "recovery"),
        ("slots", "remove", "x", "--yes"),
        ("rekey", "--yes"),
        ("restore", "bak1", "--yes"),
        ("login", "dev", "--print"),
        ("setup", "--undo", "--yes"),
        ("import", "--undo", "--yes"),
    ],
    ids=" ".join,
)
def test_after_an_error_stdout_is_empty(home, here, words):
    """Without a vault, each of them fails."""
    done = here(home, *words, "--json", stdin="{}")
    assert done.returncode not in (0, 1, 70), done.stderr
    assert done.stdout == ""
    assert "error: " in done.stderr
