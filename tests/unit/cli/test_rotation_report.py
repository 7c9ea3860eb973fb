"""What `rotate` reports of each key, on stderr for the user and as JSON for a program."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.home import failed
from tests.unit.benches import Bench
from tests.vaults import entry
from vault.secret import Secret

pytestmark = pytest.mark.usefixtures("inside", "clock")

ROBOT = ("AKIAROBOTROBOEXAMPLE", "robotXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


@pytest.fixture
def two(home, aws):
    """Two users' keys; the policy of one forbids a rotation."""
    home.scenario()
    home.make_vault()
    Bench(home, aws).edit(lambda p: p.with_entry("a-robot", entry(ROBOT[0], secret=Secret(ROBOT[1]))))
    return home


def test_a_key_that_fails_is_in_the_document_beside_the_others(two):
    """Its error, hint and exit code; the exit code of the run is the same. No secret is anywhere."""
    done = two.run("rotate", "--all", "--yes", "--json")
    robot, person = json.loads(done.stdout)["keys"]
    assert (robot["name"], robot["result"], robot["exit_code"]) == ("a-robot", "failed", done.returncode)
    assert f"a-robot: error: {robot['error']}" in done.stderr
    assert f"a-robot: hint: {robot['hint']}" in done.stderr
    assert (person["result"], person["replaced"]) == ("rotated", KEY_ID)
    assert person["access_key_id"] != KEY_ID
    assert SECRET not in done.stdout + done.stderr


def test_one_key_that_fails_is_an_error_and_no_document(two):
    """As for every command: nothing on stdout, what was found, and what to do."""
    done = two.run("rotate", "a-robot", "--yes", "--json")
    assert (done.returncode, done.stdout) == (7, "")
    assert "awsvault-py: hint: " in done.stderr


def test_a_dry_run_says_in_both_forms_what_would_be_done(two, aws):
    """The plan in the document is the sentence for the user, and AWS's keys stay."""
    before = {key: held.status for key, held in aws.world.keys.items()}
    done = two.run("rotate", "shared-services", "--dry-run", "--json")
    (report,) = json.loads(done.stdout)["keys"]
    assert report["result"] == "planned"
    assert f"shared-services: would {report['plan']}. Nothing was changed." in done.stderr
    assert {key: held.status for key, held in aws.world.keys.items()} == before


def test_without_a_yes_there_is_no_document(two):
    """Nobody can answer: exit 10."""
    done = two.run("rotate", "shared-services", "--json")
    assert (done.returncode, done.stdout) == (10, "")
    failed(two.run("rotate", "--json", "--yes"), 2, "--all")
