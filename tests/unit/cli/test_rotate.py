"""rotate as a user types it: which entries, what is said first, what is asked, and where a code comes from."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID, SERIAL
from tests.home import PASSPHRASE, SCENARIO, failed
from tests.terminal_user import Terminal
from tests.unit.benches import Bench
from tests.vaults import entry
from vault.secret import Secret

pytestmark = pytest.mark.usefixtures("inside", "clock")

NAME = "shared-services"
COLLEAGUE = ("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY")
ROBOT = ("AKIAROBOTROBOEXAMPLE", "robotXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
DAY = 86_400


@pytest.fixture
def bench(home, aws):
    home.scenario()
    home.make_vault()
    return Bench(home, aws)


def put(bench, name, key):
    bench.edit(lambda p: p.with_entry(name, entry(key[0], secret=Secret(key[1]))))


def keys(aws, user="yourself"):
    return {key.id: key.status for key in aws.world.keys_of(aws.world.user(user))}


def test_all_rotates_what_can_be_and_reports_the_rest(bench, aws, home):
    """Three users' keys: two are replaced, the one whose policy forbids it is named, and the exit code is its."""
    put(bench, "colleague", COLLEAGUE)
    put(bench, "a-robot", ROBOT)
    failed(home.run("rotate", "--yes"), 2, "a-robot, colleague, shared-services", "--all")
    done = home.run("rotate", "--all", "--yes")
    assert done.returncode == 7
    assert "a-robot: error: " in done.stderr
    assert "--print-policy" in done.stderr
    assert "1 of 3 keys could not be rotated" in done.stderr
    for user, old in (("yourself", KEY_ID), ("colleague", COLLEAGUE[0])):
        found = keys(aws, user)
        assert (found.pop(old), list(found.values())) == ("Inactive", ["Active"])
    assert keys(aws, "robot") == {ROBOT[0]: "Active"}


def test_older_than_takes_the_old_ones_only(bench, aws, home):
    """By AWS's own dates: one key of 91 days goes, one of 89 stays, and a graceful end that is due is brought about."""
    put(bench, "colleague", COLLEAGUE)
    aws.world.keys[KEY_ID].created = aws.world.now() - 91 * DAY
    aws.world.keys[COLLEAGUE[0]].created = aws.world.now() - 89 * DAY
    done = home.run("rotate", "--older-than", "90d", "--yes")
    assert done.returncode == 0, done.stderr
    assert "colleague: AKIAI44QH8DHBEXAMPLE is 89 days old. Nothing to do" in done.stderr
    assert keys(aws)[KEY_ID] == "Inactive"
    assert keys(aws, "colleague") == {COLLEAGUE[0]: "Active"}
    again = home.run("rotate", "--older-than", "90d", "--yes")
    assert again.returncode == 0, again.stderr
    assert KEY_ID in keys(aws)  # its seven days are not over


def test_a_grace_that_is_over_is_brought_to_its_end(bench, aws, home):
    """After seven days status says so, --policy counts it, and --older-than deletes the old key and makes no new one."""
    assert home.run("rotate", "--yes").returncode == 0
    assert home.run("status", "--policy", "90d").returncode == 0
    journal = bench.entry.journal
    over = replace(journal, began=journal.began - 7 * DAY - 1)
    bench.edit(lambda p: p.with_entry(NAME, replace(p.entries[NAME], journal=over)))
    assert "its old key can be deleted" in home.run("status").stderr
    due = home.run("status", "--policy", "90d")
    assert (due.returncode, "unfinished rotation" in due.stderr) == (1, True)
    done = home.run("rotate", "--older-than", "90d", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"deleted {KEY_ID}" in done.stderr
    assert list(keys(aws).values()) == ["Active"]
    assert aws.calls.count("CreateAccessKey") == 1
    assert bench.entry.journal is None


def test_a_dry_run_says_what_would_be_done_and_does_nothing(bench, aws, home):
    """Both keys with age and last use, the plain copy of the key, and the steps; AWS is only looked at."""
    path = os.path.join(home.root, ".aws", "credentials")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[old]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = x\n")
    aws.world.keys[KEY_ID].created = aws.world.now() - 91 * DAY
    done = home.run("rotate", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"{KEY_ID} (in the vault): active, 91 days old, last used" in done.stderr
    assert f"note: {path}:2: profile old has {KEY_ID} in plaintext" in done.stderr
    assert (
        f"would replace {KEY_ID} with a new key and keep the old key inactive for seven days" in done.stderr
    )
    assert {call.action for call in aws.calls} == {
        "GetCallerIdentity",
        "ListAccessKeys",
        "GetAccessKeyLastUsed",
    }
    assert bench.entry.journal is None
    assert "and delete the old key. Nothing" in home.run("rotate", "--dry-run", "--delete-now").stderr


def test_a_second_key_goes_only_by_its_name(bench, aws, home):
    """Two keys: both are shown and 11 says how to go on; --delete-other with that id makes room."""
    other = aws.world.add_key(aws.world.user("yourself"))
    done = home.run("rotate", "--yes")
    assert done.returncode == 11
    for text in (KEY_ID, other.id, "never used", f"--delete-other {other.id}"):
        assert text in done.stderr
    person = Terminal(home, "rotate", "--delete-other", other.id, AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers(f"delete {other.id}, which is not in the vault, then replace {KEY_ID}", "n")
    assert person.ends() == 10
    assert other.id in keys(aws)
    done = home.run("rotate", "--delete-other", other.id, "--yes")
    assert done.returncode == 0, done.stderr
    assert other.id not in keys(aws)
    assert keys(aws)[KEY_ID] == "Inactive"


def test_two_keys_that_the_vault_both_holds_are_said_to_be(bench, aws, home):
    """The other key is another entry's: it is named, and --delete-other is not proposed for it."""
    other = aws.world.add_key(aws.world.user("yourself"))
    put(bench, "second", (other.id, other.secret))
    done = home.run("rotate", NAME, "--yes")
    assert done.returncode == 11
    assert '"second"' in done.stderr
    assert "--delete-other" not in done.stderr


@pytest.mark.parametrize("way", ["prompt", "program", "--mfa-code"])
def test_a_code_where_no_seed_is_stored(home, aws, way):
    """IAM demands MFA: one code in all, asked for with device and profile, or printed by mfa_process, or given."""
    code, more = aws.code(), []
    home.scenario()
    if way == "program":
        home.config(SCENARIO.replace("region = us-east-1", f"region = us-east-1\nmfa_process = echo {code}"))
    home.make_vault(seed=None)
    aws.world.user("yourself").require_mfa_for_iam = True
    if way == "prompt":
        person = Terminal(home, "rotate", "--yes", "--delete-now", AWSVAULT_PASSPHRASE=PASSPHRASE)
        person.answers(f"MFA code of {SERIAL} for profile {NAME}", aws.code())
        assert person.ends() == 0, person.shown
    else:
        more = ["--mfa-code", code] if way == "--mfa-code" else []
        done = home.run("rotate", "--yes", "--delete-now", *more)
        assert done.returncode == 0, done.stderr
    assert len(aws.calls.codes()) == 1
    assert KEY_ID not in keys(aws)


def test_without_a_way_to_a_code_it_is_said(home, aws):
    """No seed, no program, nobody to ask: what IAM said, that MFA may be why, and the ways to a code."""
    home.scenario()
    home.make_vault(seed=None)
    aws.world.user("yourself").require_mfa_for_iam = True
    done = home.run("rotate", "--yes")
    assert done.returncode == 7
    assert "IAM may require MFA" in done.stderr
    assert "--mfa-code" in done.stderr
    assert keys(aws) == {KEY_ID: "Active"}


def test_a_key_that_aws_does_not_know_any_more(bench, aws, home):
    """Rotated elsewhere: the way to its successor is named."""
    aws.world.keys[KEY_ID].status = "Inactive"
    done = home.run("rotate", "--yes")
    failed_lines = done.stderr.splitlines()[-2:]
    assert done.returncode == 7
    assert "InvalidClientTokenId" in failed_lines[0]
    assert f"awsvault-py add --replace {NAME}" in failed_lines[1]


@pytest.mark.parametrize(
    "arguments",
    [["--undo", "--finish"], ["--undo", "--older-than", "90d"], ["--delete-now", "--undo"],
     ["--delete-other", "X", "--all"], ["--older-than", "9x"], ["--mfa-code", "12"]],
)  # fmt: skip
def test_wishes_that_do_not_go_together(home, arguments):
    """Usage, before anything is opened or asked."""
    home.make_vault()
    done = home.run("rotate", *arguments)
    assert done.returncode == 2, done.stderr
