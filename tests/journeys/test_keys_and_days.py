"""The ninetieth day, and the day the laptop is lost: what the user types, and what is true afterwards."""

from __future__ import annotations

import json
from datetime import datetime

import boto3
import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import PASSPHRASE, Home, failed
from tests.unit.agent.at_home import UNLOCK, stop, told, unlock, with_agent

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")

NAME = "shared-services"
DAY = 86_400


@pytest.mark.usefixtures("inside")
def test_the_ninetieth_day(home, aws):
    """The list shows the age, a script notices, rotate replaces, undo takes back, rotate and finish end it."""
    home.scenario()
    home.make_vault()
    user = aws.world.user("yourself")
    aws.world.keys[KEY_ID].created = aws.world.now() - 92 * DAY
    aws.world.new_key_delay = aws.world.new_key_flapping = 0.5

    def keys():
        return {key.id: key.status for key in aws.world.keys_of(user)}

    listed = home.run("list", "--used")
    assert listed.returncode == 0, listed.stderr
    assert "92d" in listed.stdout
    overdue = home.run("status", "--policy", "90d")
    assert (overdue.returncode, "92d old" in overdue.stderr) == (1, True)
    young = home.run("rotate", "--older-than", "100d", "--yes")
    assert (young.returncode, "Nothing to do" in young.stderr) == (0, True)
    shown = home.run("rotate", "--dry-run")
    assert (shown.returncode, keys()) == (0, {KEY_ID: "Active"})

    done = home.run("rotate", "--yes")
    assert done.returncode == 0, done.stderr
    (new,) = set(keys()) - {KEY_ID}
    assert keys() == {KEY_ID: "Inactive", new: "Active"}
    assert home.export("dev")["AccountId"] == "222222222222"

    undone = home.run("rotate", "--undo", "--yes")
    assert (undone.returncode, keys()) == (0, {KEY_ID: "Active"})

    again = home.run("rotate", "--older-than", "90d", "--yes")
    assert again.returncode == 0, again.stderr
    assert home.run("status", "--policy", "90d").returncode == 0
    ended = home.run("rotate", "--finish", "--yes")
    assert (ended.returncode, KEY_ID in keys(), list(keys().values())) == (0, False, ["Active"])
    assert home.export("prod")["AccountId"] == "333333333333"


def test_rotate_asks_before_it_begins(home, aws):
    """Without --yes and with nobody to ask, nothing is done, and the way on is said."""
    home.scenario()
    home.make_vault()
    done = home.run("rotate")
    assert done.returncode == 10
    assert "--yes" in done.stderr
    assert aws.calls.count("CreateAccessKey") == 0


def test_the_policy_is_printed_without_a_vault(tmp_path):
    """--print-policy needs neither vault nor network."""
    done = Home(tmp_path / "empty").run("rotate", "--print-policy")
    assert json.loads(done.stdout)["Statement"][0]["Resource"] == "arn:aws:iam::*:user/${aws:username}"


def test_the_lost_laptop(home, aws, clock, tmp_path):
    """Sheet and backup made before; from another machine the backup is restored and panic ends every key."""
    home.scenario()
    home.make_vault()
    sheet = home.run("backup", "--sheet")
    assert KEY_ID in sheet.stdout
    copy = str(tmp_path / "copy.avlt")
    assert home.run("backup", copy).returncode == 0
    taken = home.export(NAME)  # what the thief holds: a session with MFA

    other = Home(tmp_path / "other", url=aws.url)
    clock.drive(other, aws.world)
    other.config("")
    restored = other.run("restore", copy, "--yes", AWSVAULT_PASSPHRASE=PASSPHRASE)
    assert restored.returncode == 0, restored.stderr
    pressed = other.run("panic", "--yes")
    assert pressed.returncode == 0, pressed.stderr
    user = aws.world.user("yourself")
    assert {key.status for key in aws.world.keys_of(user)} == {"Inactive"}
    failed(home.run("export", "prod", "--fresh-all"), 7)
    # The session lives on, until the policy that was printed is attached to its user.
    thief = boto3.client(
        "iam",
        endpoint_url=aws.url,
        region_name="us-east-1",
        aws_access_key_id=taken["AccessKeyId"],
        aws_secret_access_key=taken["SecretAccessKey"],
        aws_session_token=taken["SessionToken"],
    )
    assert thief.list_access_keys(UserName="yourself")["AccessKeyMetadata"]
    (statement,) = json.loads(pressed.stdout)["Statement"]
    ended = datetime.fromisoformat(statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"])
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "*", "*")
    user.revoked_before = ended.timestamp()
    with pytest.raises(thief.exceptions.ClientError, match="AccessDenied"):
        thief.list_access_keys(UserName="yourself")


def test_rotate_in_the_quickstarts_world(home, aws):
    """After init and add, nothing configured and nobody to ask: `rotate --yes` is one command, and asks nothing."""
    aws.world.new_key_delay = aws.world.new_key_flapping = 1.5
    home.scenario()
    key = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, "MfaSerial": SERIAL, "MfaSeed": SEED}
    for arguments, given in (
        (["init"], ""),
        (["add", NAME, "--stdin"], json.dumps(key)),
        (["rotate", "--yes"], ""),
    ):
        done = home.run(*arguments, stdin=given)
        assert done.returncode == 0, done.stderr
        assert "?" not in done.stderr
    assert done.stdout == ""
    statuses = {one.id: one.status for one in aws.world.keys_of(aws.world.user("yourself"))}
    assert statuses.pop(KEY_ID) == "Inactive"
    assert list(statuses.values()) == ["Active"]
    assert home.export("dev")["AccountId"] == "222222222222"


def test_with_the_agent_nothing_of_the_old_key_is_served(home, aws):
    """Open in the agent: a rotation drops the sessions that it answers with, and panic locks it."""
    with_agent(home)
    unlock(home)
    try:
        before = home.export("dev")
        assert home.export("dev") == before
        assert home.run("rotate", "--yes", **UNLOCK).returncode == 0
        after = home.export("dev")
        assert after["AccessKeyId"] != before["AccessKeyId"]
        assert home.run("panic", "--yes", **UNLOCK).returncode == 0
        failed(home.run("export", "dev"), 3, "you ran awsvault-py lock")
        assert told(home)["sessions"] == []
    finally:
        stop(home)


def test_panic_goes_on_past_a_key_that_cannot_be_reached(home, aws):
    """One user's policy forbids it: the others go all the same, the one left is named with what to do, exit 7."""
    home.scenario()
    home.make_vault()
    robot = {
        "AccessKeyId": "AKIAROBOTROBOEXAMPLE",
        "SecretAccessKey": "robotXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    }
    added = home.run("add", "a-robot", "--stdin", stdin=json.dumps(robot))
    assert added.returncode == 0, added.stderr
    done = home.run("panic", "--yes")
    assert done.returncode == 7
    assert f"NOT inactive: {robot['AccessKeyId']} of a-robot" in done.stderr
    assert "IAM console" in done.stderr
    assert aws.world.keys[KEY_ID].status == "Inactive"
    assert json.loads(done.stdout)["Statement"][0]["Effect"] == "Deny"
