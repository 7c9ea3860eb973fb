"""credential_process: commands that do not run, and other copies of awsvault-py."""

from __future__ import annotations

import os

import pytest

from tests.home import COMMAND
from tests.unit.doctor.homes import findings, other


def test_another_programs_command_without_its_path_is_a_note(home):
    """It runs here but not from the desktop; only its owner can say which path is meant."""
    home.change_config(
        "[profile prod]", "[profile theirs]\ncredential_process = sh -c true\n\n[profile prod]"
    )
    found = findings(home)["process-by-name"]
    assert (found.level, found.fixes) == ("note", ())
    assert "path: /" in found.hint


@pytest.mark.parametrize("kind", ["no right to run it", "a folder", "a dead link"])
def test_a_command_that_cannot_run_is_found(home, kind):
    """It exists, but it is not a program."""
    path = os.path.join(home.root, "awsvault-py")
    if kind == "a folder":
        os.mkdir(path)
    elif kind == "a dead link":
        os.symlink("/nowhere", path)
    else:
        with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o644)) as file:
            file.write("#!/bin/sh\n")
    home.change_config(f"{COMMAND} export dev", f"{path} export dev")
    assert findings(home)["process-missing"].level == "error"


@pytest.mark.parametrize(
    ("command", "check", "said", "fix"),
    [
        (
            '/bin/sh -c "true',
            "process-needs-shell",
            'has an unclosed quote ("true)',
            "close the quote",
        ),
        ("", "process-missing", "is empty", "remove the line"),
        (
            "no-such-program get",
            "process-by-name",
            "calls no-such-program, which is not on PATH",
            "install it",
        ),
    ],
)
def test_a_command_that_starts_nothing_is_reported(home, command, check, said, fix):
    """In its own words and without a fix: only its owner knows which command is meant."""
    other(home, f"credential_process = {command}")
    found = findings(home)[check]
    assert found.message == f"profile other: credential_process {said}"
    assert (found.level, found.hint, found.fixes) == ("error", fix, ())


def test_a_copy_of_awsvault_py_that_fails_has_an_unknown_version(home):
    """It exists, is executable and fails: the fix calls the copy that runs."""
    old = os.path.join(home.root, "old")
    os.mkdir(old)
    path = os.path.join(old, "awsvault-py")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o755)) as file:
        file.write("#!/bin/sh\nexit 3\n")
    home.change_config(f"{COMMAND} export dev", f"{path} export dev")
    found = findings(home)["process-older"]
    assert "version unknown" in found.message
    assert found.hint == "awsvault-py setup dev"


def test_another_programs_command_is_never_rewritten(home):
    """awsvault-py reads another line of the profile: the broken command must not become a call of awsvault-py."""
    other(home, "awsvault_credential_process = {command} export dev\ncredential_process = /nowhere/tool get")
    assert findings(home)["process-missing"].fixes == ()
