"""scripts/quickstart works from a fresh copy of the repository, for somebody with nothing in the environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from tests.fakes.remote import ROOT

pytestmark = pytest.mark.usefixtures("unmeasured")

LIMIT = 540  # seconds, most of them the package index's


@pytest.fixture
def copy(tmp_path):
    """The working tree, elsewhere: what git tracks or would, without what it ignores."""
    target = tmp_path / "copy"
    listed = subprocess.run(
        ["git", "ls-files", "-zco", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        source = os.path.join(ROOT, name)
        if os.path.isfile(source):
            os.makedirs(os.path.dirname(target / name), exist_ok=True)
            shutil.copy2(source, target / name)
    return target


def quickstart(copy, home, *options, stdin="", **more):
    kept = {name: value for name, value in os.environ.items() if name == "PATH" or name.startswith("PIP_")}
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [copy / "scripts" / "quickstart", *options],
        env={**kept, "HOME": str(home), "TMPDIR": str(home.parent), **more},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )


@pytest.mark.timeout(LIMIT + 60)
def test_from_a_fresh_copy(copy, tmp_path):
    """One line of JSON on stdout, the role named by the AWS CLI on stderr, three lines how to go on, nothing left."""
    done = quickstart(copy, tmp_path / "home")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    credentials = json.loads(line)
    assert credentials["Version"] == 1
    assert credentials["AccountId"] == "222222222222"
    assert credentials["AccessKeyId"].startswith("ASIA")
    assert "arn:aws:sts::222222222222:assumed-role/DeveloperRole/" in done.stderr
    assert [words in done.stderr for words in ("1. ", "2. ", "3. ")] == [True] * 3
    assert credentials["SecretAccessKey"] not in done.stderr
    left = {entry.name for entry in tmp_path.iterdir()}
    assert left == {"copy", "home"}
    assert not (tmp_path / "home" / ".aws").exists()


@pytest.mark.timeout(LIMIT + 60)
def test_a_shell_keeps_the_stand_in(copy, tmp_path):
    """The commands in it find the vault, the profiles and AWS; afterwards nothing is left."""
    commands = "aws sts get-caller-identity --profile dev --query Account\nawsvault-py list\nexit 3\n"
    done = quickstart(copy, tmp_path / "home", "--shell", stdin=commands, SHELL="/bin/sh")
    assert done.returncode == 0, done.stderr
    _, account, entry = done.stdout.splitlines()
    assert (account, entry.split("\t")[0]) == ('"222222222222"', "shared-services")
    assert {one.name for one in tmp_path.iterdir()} == {"copy", "home"}


def test_an_unknown_option_is_refused_at_once(copy, tmp_path):
    """Before anything is installed."""
    done = quickstart(copy, tmp_path / "home", "--kept")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no option --kept" in done.stderr
    assert not (copy / ".venv").exists()


def test_folder_with_blanks_is_refused_at_once(copy, tmp_path):
    """A script's first line cannot hold such a path, so it is said before anything is installed."""
    done = quickstart(copy, tmp_path / "home", VENV=str(tmp_path / "a b"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert "a folder with spaces" in done.stderr
    assert not (tmp_path / "a b").exists()


def test_packages_that_cannot_be_had_are_said(copy, tmp_path):
    """Without a package index: exit 1 and whose settings to look at; nothing is started."""
    done = quickstart(copy, tmp_path / "home", PIP_NO_INDEX="1")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "quickstart: pip could not get these packages" in done.stderr
    assert "stand-in" not in done.stderr
