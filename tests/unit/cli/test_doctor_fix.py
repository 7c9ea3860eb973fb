"""`doctor --fix` as a command: what is fixed, what is left and named, and what only the user can do."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from tests.unit.doctor.homes import BREAK, make


@pytest.fixture
def sound(tmp_path):
    """A home in which nothing is wrong."""
    return make(tmp_path / "sound")


def test_fix_as_json_prints_json_alone(sound, here):
    """A script that fixes reads what is left, and no diff before it."""
    BREAK["role-before-process"](sound)
    done = here(sound, "doctor", "--fix", "--json", "--yes")
    left = {"findings": [], "fixed": [sound.config_path], "not_fixed": []}
    assert (done.returncode, json.loads(done.stdout)) == (0, left)


def test_what_is_made_elsewhere_is_left_and_named(sound, here):
    """A linked file is the store's that it comes from: the finding stands."""
    BREAK["role-before-process"](sound)
    store = os.path.join(sound.root, "store")
    shutil.move(sound.config_path, store)
    os.symlink(store, sound.config_path)
    done = here(sound, "doctor", "--fix", "--yes")
    assert done.returncode == 1
    assert f"Not changed: {sound.config_path} is a link to {store}\n" in done.stderr
    assert "[role-before-process]" in done.stdout


def test_doctor_says_what_only_the_user_can_fix(sound, here):
    """--fix in a home whose problem it cannot fix."""
    BREAK["two-profile-variables"](sound)
    done = here(sound, "doctor", "--fix", "--yes")
    assert "Nothing can be fixed automatically.\n" in done.stderr


def test_a_finding_without_a_fix_has_no_arrow(sound, here):
    """AWS that cannot be asked: its place and its reason, and nothing that would help from here."""
    done = here(sound, "doctor", "--network", AWS_ENDPOINT_URL="http://127.0.0.1:9")
    lines = done.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("warning: AWS: "))
    assert lines[at + 1].startswith("    ")
    assert not "".join(lines[at + 2 : at + 3]).startswith("    →")
