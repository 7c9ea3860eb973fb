"""Two denials at once: one mail and one change of the profile are enough, and nothing names a policy that is not printed."""

from __future__ import annotations

import itertools
import re

import pytest

from tests.fakes.example import PROD, SERIAL
from tests.unit.inspect import denials
from tests.unit.inspect.denials import FAR, HERE, ROOT, apply, check

USER = "arn:aws:iam::111111111111:user/yourself"
# What the role has, the lines of the profile, and the cause.
ROLE_SIDE = {
    "trust": ({"trusts": (f"arn:aws:iam::{PROD}:root",)}, (), "trust-policy"),
    "external-id": ({"external_id": "theirs"}, ("external_id = mine",), "external-id"),
    "no-external-id": ({"external_id": "theirs"}, (), "external-id"),
    "session-name": ({"needs_user_name": True}, (), "session-name"),
    "source-identity": ({"needs_source_identity": True}, (), "source-identity"),
    "tags": ({"allows_tags": False}, ("awsvault_session_tags = team=a",), "session-tags"),
    "mfa": ({"mfa": True}, (), "mfa-missing"),
}
PAIRS = [
    pair
    for pair in itertools.combinations(("identity", *ROLE_SIDE), 2)
    if pair != ("external-id", "no-external-id")
]


def play(home, world, role, pair):
    """Deny ``role`` in two ways; returns the lines of its profile, and its device."""
    sides = [ROLE_SIDE[each] for each in pair if each in ROLE_SIDE]
    lines = [line for _, found, _ in sides for line in found]
    device = None if "mfa" in pair else SERIAL
    if device is None:
        denials.forget_device(home)
    denials.config(home, role, *lines, device=device)
    world.add_role(
        role, **{"trusts": (ROOT,), **{name: value for more, _, _ in sides for name, value in more.items()}}
    )
    if "identity" in pair:
        world.user("yourself").policies = [denials.statement(*denials.READS)]
    return lines, device


def refusal(desk):
    found = check(desk)[0].refusal
    assert found is not None
    changes = " ".join(cause.change for cause in found.diagnosis.causes)
    assert found.identity_policy is not None or "identity policy below" not in changes
    assert found.trust_statement is not None or "trust policy statement below" not in changes
    return found, changes


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_one_mail_is_enough(pair, desk, home, aws):
    """In the caller's account: both causes are facts, and the printed policies and lines let the call pass at once."""
    lines, device = play(home, aws.world, HERE, pair)
    found, changes = refusal(desk)
    assert found.diagnosis.certain
    kinds = {cause.kind for cause in found.diagnosis.causes}
    if "trust" not in pair:  # who is not named at all has no condition to meet
        assert {ROLE_SIDE[each][2] if each in ROLE_SIDE else "identity-policy" for each in pair} == kinds
    apply(aws.world, found)
    if found.trust_statement is None and (wanted := re.search(r"set (external_id = theirs) in", changes)):
        lines = [wanted[1]]
    if "set mfa_serial = " in changes:
        device = SERIAL
    denials.config(home, HERE, *lines, device=device)
    assert check(desk)[0].refusal is None


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if "mfa" not in pair], ids="+".join)
def test_another_account_gets_there_by_its_mails(pair, desk, home, aws):
    """Without a read of the role, and without AWS's reasons: the printed policies are enough in the end."""
    aws.world.gives_reasons = False
    play(home, aws.world, FAR, pair)
    for _ in pair:
        apply(aws.world, refusal(desk)[0])
        if check(desk)[0].refusal is None:
            return
    raise AssertionError("still refused")


def test_a_required_mfa_stays_required(desk, home, aws):
    """The printed statement accepts the external ID, and not a call without MFA, which the role refuses."""
    play(home, aws.world, HERE, ("external-id", "mfa"))
    found, _ = refusal(desk)
    assert found.trust_statement["Condition"]["Bool"] == {"aws:MultiFactorAuthPresent": "true"}


def test_a_user_that_the_trust_policy_names_needs_no_policy(desk, home, aws):
    """In the role's own account; AWS's words name the caller's side anyway."""
    denials.config(home, HERE, "external_id = mine")
    aws.world.add_role(HERE, trusts=(USER,), external_id="theirs")
    aws.world.user("yourself").policies = [denials.statement(*denials.READS)]
    found, _ = refusal(desk)
    assert [cause.kind for cause in found.diagnosis.causes] == ["external-id"]
    assert found.identity_policy is None
    denials.config(home, HERE, "external_id = theirs")
    assert check(desk)[0].refusal is None


def test_an_organization_and_a_missing_policy(desk, home, aws):
    """Both are facts, and the policy that the text names is printed."""
    denials.denies_identity(home, aws.world, HERE)
    aws.world.service_control["111111111111"] = [denials.statement("sts:AssumeRole", effect="Deny")]
    aws.world.gives_reasons = False
    found, _ = refusal(desk)
    assert found.diagnosis.causes[0].kind == "organization-policy"


def test_a_role_that_does_not_exist_needs_no_policy(desk, home, aws):
    """Though the caller has none for it either."""
    denials.config(home, HERE)
    aws.world.user("yourself").policies = [denials.statement(*denials.READS)]
    found, _ = refusal(desk)
    assert [cause.kind for cause in found.diagnosis.causes] == ["role-missing"]
    assert (found.identity_policy, found.trust_statement) == (None, None)


def test_a_role_with_another_path(desk, home, aws):
    """IAM finds it by its name: the ARN in the profile is wrong, and the right one is named."""
    right = HERE.replace("role/", "role/team/")
    denials.config(home, HERE)
    aws.world.add_role(right, trusts=(ROOT,))
    found, changes = refusal(desk)
    assert [cause.kind for cause in found.diagnosis.causes] == ["role-missing"]
    assert f"set role_arn = {right} in profile target" in changes


def test_a_caller_whose_path_is_not_known(desk, home, aws):
    """A session from elsewhere tells its role's name only: the trust policy that names the role with its path names it."""
    path = "arn:aws:iam::111111111111:role/team/Elsewhere"
    aws.world.add_role(path)
    session = aws.world.add_session(
        kind="role", account="111111111111", arn="arn:aws:sts::111111111111:assumed-role/Elsewhere/me", user_id="x:me",
        role=path, seconds=3600,
    )  # fmt: skip
    ambient = (
        f"[profile ambient]\naws_access_key_id = {session.key_id}\naws_secret_access_key = {session.secret}\n"
        f"aws_session_token = {session.token}\n"
    )
    home.config(
        f"{ambient}[profile target]\nregion = us-east-1\nrole_arn = {HERE}\nsource_profile = ambient\n"
    )
    aws.world.add_role(HERE, trusts=(path,), external_id="theirs")
    found, _ = refusal(desk)
    assert [cause.kind for cause in found.diagnosis.causes if cause.side == "role"] == ["external-id"]
    aws.world.roles[HERE].trusts = (f"arn:aws:iam::{PROD}:root",)
    found, _ = refusal(desk)
    assert found.trust_statement["Principal"] == {"AWS": ROOT}
    apply(aws.world, found._replace(identity_policy=None))
    assert check(desk)[0].refusal is None


def test_an_unknown_caller_gets_no_statement(desk, home, aws):
    """GetCallerIdentity is throttled: the refusal is reported with what is known."""
    denials.denies_trust(home, aws.world, HERE)
    aws.faults.add("GetCallerIdentity", "throttle", times=None)
    found, changes = refusal(desk)
    assert (found.call.caller, found.trust_statement) == ("", None)
    assert "allow the caller in the trust policy" in changes
    assert any("GetCallerIdentity" in text for text in found.unread)
