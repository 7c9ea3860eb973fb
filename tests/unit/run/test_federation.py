"""The sign-in without a role, with an IAM user's key."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import KEY_ID
from tests.home import SCENARIO, failed
from tests.unit.run.console_pages import KEY, page
from vault.profiles.session_policy import read_only_policy

pytestmark = pytest.mark.usefixtures("inside")
NARROW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}
MANAGED = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


def rails(*lines):
    """The scenario with guard rails on the user's profile."""
    return SCENARIO.replace(
        "[profile shared-services]\n", "[profile shared-services]\n" + "\n".join(lines) + "\n"
    )


@pytest.fixture
def policy(tmp_path):
    """A file with a policy, in the form of an editor."""
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(NARROW, indent=4))
    return path


def test_a_user_signs_in_by_federation(home, aws):
    """One call with the key itself, no code, no session of the key; stderr says that MFA is missing."""
    done = home.run("login", "shared-services", "--print")
    shown = page(done)
    assert ":federated-user/" in shown
    assert "<dd id=account>111111111111" in shown
    assert "MFA" in done.stderr
    (call,) = aws.calls.of("GetFederationToken")
    assert call.access_key_id == KEY_ID
    assert 2 <= len(call.parameters["Name"]) <= 32
    assert json.loads(call.parameters["Policy"])["Statement"] == [
        {"Effect": "Allow", "Action": "*", "Resource": "*"}
    ]
    assert not aws.calls.of("GetSessionToken")
    assert not aws.calls.codes()


def test_the_log_has_the_session_and_not_the_key(home, aws):
    """What left is the federated session, with its end."""
    assert home.run("login", "shared-services", "--print").returncode == 0
    (record,) = json.loads(home.run("log", "--json").stdout)["records"]
    assert (record["use"], record["profile"], record["from"]) == ("login", "shared-services", "sts")
    assert record["access_key_id"].startswith("ASIA")
    assert record["expires"]


def test_a_bare_entry_of_the_vault_signs_in_too(home, aws):
    """A key that no file names."""
    home.config("")
    assert ":federated-user/" in page(home.run("login", "shared-services", "--print"))


@pytest.mark.parametrize("words", [["shared-services"], ["--env"], ["bare"]], ids=["profile", "env", "bare"])
def test_a_code_that_nothing_takes_is_usage(home, aws, words):
    """Exit 2 before AWS is asked: no call of a sign-in without a role takes a code, so the session would have no MFA."""
    if words == ["bare"]:
        home.config("")
        words = ["shared-services"]
    done = home.run(
        "login", *words, "--print", "--mfa-code", aws.code(), **(KEY if words == ["--env"] else {})
    )
    failed(done, 2, "--mfa-code", "no code")
    assert not list(aws.calls)


def test_a_role_takes_the_code(home, aws):
    """As for an export: the code goes to the one call that needs it."""
    assert home.run("mfa", "remove", "shared-services", "--yes").returncode == 0
    done = home.run("login", "dev", "--print", "--mfa-code", code := aws.code())
    assert done.returncode == 0, done.stderr
    assert aws.calls.codes() == [code]


def test_a_policy_narrows_the_session(home, aws, policy):
    """--policy goes without its blanks, --policy-arn beside it; nothing else is allowed."""
    args = ("--policy", str(policy), "--policy-arn", MANAGED, "--policy-arn", MANAGED + "2")
    page(home.run("login", "shared-services", "--print", *args))
    page(home.run("login", "shared-services", "--print", "--policy-arn", MANAGED))
    both, managed = aws.calls.of("GetFederationToken")
    assert both.parameters["Policy"] == json.dumps(NARROW, separators=(",", ":"))
    assert both.parameters["PolicyArns.member.2.arn"] == MANAGED + "2"
    assert "Policy" not in managed.parameters
    assert managed.parameters["PolicyArns.member.1.arn"] == MANAGED


def test_a_policy_narrows_the_session_of_a_role_too(home, aws):
    """AssumeRole has it, and no other session is used."""
    page(home.run("login", "dev", "--print", "--policy-arn", MANAGED))
    (call,) = aws.calls.of("AssumeRole")
    assert call.parameters["PolicyArns.member.1.arn"] == MANAGED


def test_read_only_is_kept_and_no_policy_widens_it(home, aws):
    """awsvault_read_only becomes AWS's policy; a second one beside it is refused, since AWS would add them up."""
    home.config(rails("awsvault_read_only = yes"))
    page(home.run("login", "shared-services", "--print"))
    page(home.run("login", "shared-services", "--print", "--write"))
    narrowed, whole = aws.calls.of("GetFederationToken")
    assert "Policy" not in narrowed.parameters
    assert narrowed.parameters["PolicyArns.member.1.arn"] == read_only_policy("aws")
    assert "PolicyArns.member.1.arn" not in whole.parameters
    failed(
        home.run("login", "shared-services", "--print", "--policy-arn", MANAGED),
        2,
        "awsvault_read_only",
        "Deny",
    )
    assert len(aws.calls.of("GetFederationToken")) == 2


def test_durations_of_a_users_session(home, aws):
    """--duration, under awsvault_max_duration; without either, as long as a session of the key."""
    page(home.run("login", "shared-services", "--print"))
    page(home.run("login", "shared-services", "--print", "--duration", "20h"))
    home.config(rails("awsvault_max_duration = 30m"))
    page(home.run("login", "shared-services", "--print", "--duration", "20h"))
    seconds = [c.parameters["DurationSeconds"] for c in aws.calls.of("GetFederationToken")]
    assert seconds == ["43200", "72000", "1800"]


def test_a_confirmation_is_still_asked_for(home, aws):
    """awsvault_confirm holds for the key as for a role."""
    home.config(rails("awsvault_confirm = always"))
    failed(home.run("login", "shared-services", "--print"), 10, "confirm")
    assert not list(aws.calls)


def test_a_user_who_may_not_federate_is_told_why(home, aws):
    """Exit 7 names the permission and the way by a role."""
    aws.world.user("yourself").denied.add("sts:GetFederationToken")
    failed(home.run("login", "shared-services", "--print"), 7, "sts:GetFederationToken", "role")
