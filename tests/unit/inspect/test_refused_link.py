"""Which side refuses a link: each denial, with and without the right to read IAM, and the printed policies put in place."""

from __future__ import annotations

import pytest

from tests.fakes.example import PROD, SERIAL, role
from tests.unit.inspect import denials
from tests.unit.inspect.denials import DENIALS, FAR, HERE, ROOT, apply, check

POLICY_HELPS = {"identity", "trust", "external-id", "session-name"}


def refusal(desk, **request):
    report, _ = check(desk, **request)
    assert report.refusal is not None
    return report.refusal


def kinds(found):
    return [cause.kind for cause in found.diagnosis.causes]


@pytest.mark.parametrize("name", DENIALS)
def test_each_denial_names_the_side(name, desk, home, aws):
    """In the caller's own account, where IAM shows both sides: one cause, as a fact."""
    deny, kind, side, _ = DENIALS[name]
    deny(home, aws.world, HERE)
    found = refusal(desk)
    (cause,) = found.diagnosis.causes
    assert (cause.kind, cause.side, found.diagnosis.certain) == (kind, side, True)
    assert found.unread == ()


@pytest.mark.parametrize("name", DENIALS)
def test_the_printed_policies_let_the_call_pass(name, desk, home, aws):
    """Put in place by the stand-in, which parses them; where a policy is not the way, the profile is, or neither."""
    deny, _, _, line = DENIALS[name]
    deny(home, aws.world, HERE)
    found = refusal(desk)
    printed = found.identity_policy is not None or found.trust_statement is not None
    assert printed == (name in POLICY_HELPS)
    apply(aws.world, found)
    if line is not None:
        denials.config(home, HERE, line)
    passed = check(desk)[0].refusal is None
    assert passed == (printed or line is not None)


@pytest.mark.parametrize("name", DENIALS)
@pytest.mark.parametrize("reasons", [True, False])
def test_without_iam_the_cause_is_among_the_candidates(name, reasons, desk, home, aws):
    """In another account, IAM reads denied, with or without AWS's reason: no guess is called a fact, nor is the cause missing."""
    deny, kind, _, _ = DENIALS[name]
    deny(home, aws.world, FAR)
    user = aws.world.user("yourself")
    user.denied, aws.world.gives_reasons = {"iam:*"}, reasons
    found = refusal(desk)
    assert kind in kinds(found)
    told = name in ("duration", "organization") or (name == "identity" and reasons)
    assert found.diagnosis.certain == told
    assert told or len(found.diagnosis.causes) > 1
    if not told:
        assert any("AWS refused iam:SimulatePrincipalPolicy (AccessDenied)" in text for text in found.unread)
        assert any("account 222222222222" in text for text in found.unread)


@pytest.mark.parametrize("name", ["identity", "trust", "external-id", "session-name", "mfa"])
def test_without_iam_both_policies_let_the_call_pass(name, desk, home, aws):
    """Whichever candidate it was."""
    DENIALS[name][0](home, aws.world, FAR)
    aws.world.user("yourself").denied, aws.world.gives_reasons = {"iam:*"}, False
    found = refusal(desk)
    assert found.identity_policy is not None
    assert found.trust_statement is not None
    before = aws.world.user("yourself").policies
    apply(aws.world, found)
    if before is None:
        aws.world.user("yourself").policies = None  # it allowed everything already
    assert check(desk)[0].refusal is None


def test_another_account_with_iam(desk, home, aws):
    """The simulation clears the caller's side, so that the role's side refuses; its policy cannot be read from here."""
    DENIALS["trust"][0](home, aws.world, FAR)
    found = refusal(desk)
    assert (found.diagnosis.certain, found.diagnosis.side, found.diagnosis.allowed_by_caller) == (
        False,
        "role",
        True,
    )
    assert found.identity_policy is None
    assert aws.calls.count("GetRole") == 0
    apply(aws.world, found)
    assert check(desk)[0].refusal is None


def test_both_sides_refuse(desk, home, aws):
    """Both are named, and both policies are printed."""
    denials.denies_identity(home, aws.world, HERE)
    aws.world.roles[HERE].trusts = (f"arn:aws:iam::{PROD}:root",)
    found = refusal(desk)
    assert kinds(found) == ["identity-policy", "trust-policy"]
    assert (found.diagnosis.certain, found.diagnosis.side) == (True, None)
    apply(aws.world, found)
    assert check(desk)[0].refusal is None


def test_a_policy_that_requires_mfa_of_the_caller(desk, home, aws):
    """Found by a second simulation; the user's device is named."""
    denials.config(home, HERE, device=None)
    aws.world.add_role(HERE, trusts=(ROOT,))
    condition = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    deny = denials.statement("sts:AssumeRole", effect="Deny", Condition=condition)
    aws.world.user("yourself").policies = [denials.statement("*"), deny]
    denials.forget_device(home)
    found = refusal(desk)
    (cause,) = found.diagnosis.causes
    assert (cause.kind, cause.side, found.diagnosis.certain) == ("mfa-missing", "caller", True)
    assert f"mfa_serial = {SERIAL}" in cause.change
    assert aws.calls.count("SimulatePrincipalPolicy", result="ok") == 2
    assert found.identity_policy is None


def test_a_device_that_is_not_the_users(desk, home, aws):
    """GetSessionToken is refused: IAM names the user's devices, the finding the line."""
    other = "arn:aws:iam::111111111111:mfa/other"
    denials.config(home, HERE, device=other)
    found = refusal(desk, mfa_code="123456")
    (cause,) = found.diagnosis.causes
    assert (found.link, cause.kind, cause.side) == (1, "mfa-device", "profile")
    assert f"set mfa_serial = {SERIAL} at ~/.aws/config:3" in cause.change


def test_the_wrong_code(desk, home, aws):
    """The device is right."""
    denials.config(home, HERE)
    found = refusal(desk, mfa_code="000000")
    assert kinds(found) == ["mfa-code"]


def test_a_region_in_which_sts_is_off(desk, home, aws):
    """Its name, and the account that has to activate it."""
    denials.config(home, HERE)
    aws.world.disabled_regions.add(("111111111111", "us-east-1"))
    (cause,) = refusal(desk).diagnosis.causes
    assert (cause.kind, cause.side) == ("region-off", "account")
    assert "us-east-1 for account 111111111111" in cause.found


def test_a_role_that_does_not_exist(desk, home, aws):
    """IAM of its account says so; another account's cannot be asked."""
    denials.config(home, HERE)
    found = refusal(desk)
    assert (kinds(found), found.diagnosis.certain, found.trust_statement) == (["role-missing"], True, None)


@pytest.mark.parametrize(
    ("line", "kind", "field"),
    [
        ("awsvault_session_tags = team=a", "session-tags", "allows_tags"),
        ("awsvault_source_identity = auto", "source-identity", "allows_source_identity"),
    ],
)
def test_tags_and_source_identity(line, kind, field, desk, home, aws):
    """The permission beside sts:AssumeRole that the role's side lacks; the printed statement has both."""
    denials.config(home, HERE, line)
    aws.world.add_role(HERE, trusts=(ROOT,), **{field: False})
    found = refusal(desk)
    assert (kinds(found), found.diagnosis.side) == ([kind], "role")
    assert len(found.trust_statement["Action"]) == 2
    apply(aws.world, found)
    assert check(desk)[0].refusal is None


def test_a_role_calls(desk, home, aws):
    """The identity policy is for the role before, by its ARN with the path."""
    first = role("team/PathRole")
    denials.config(home, first)
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write(f"[profile next]\nregion = us-east-1\nrole_arn = {FAR}\nsource_profile = target\n")
    aws.world.add_role(FAR, trusts=(first,))
    aws.world.roles[first].policies = []
    aws.world.gives_reasons = False
    report, _ = check(desk, "next")
    found = report.refusal
    assert found.call.principal == first
    assert found.diagnosis.certain is False  # the role may not read IAM either
    apply(aws.world, found)
    assert check(desk, "next")[0].refusal is None


def test_a_code_that_goes_with_the_role_is_mfa(desk, home, aws):
    """A role of more than an hour is assumed with the key and a code: the printed statement asks for MFA."""
    denials.config(home, HERE, "duration_seconds = 7200")
    aws.world.add_role(HERE, trusts=(f"arn:aws:iam::{PROD}:root",), max_session=7200)
    found = refusal(desk)
    assert (found.link, found.call.mfa, found.call.temporary) == (1, True, False)
    assert found.trust_statement["Condition"] == {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


def test_what_a_role_inherits(desk, home, aws):
    """Transitive tags and a source identity of an earlier role need their permissions in a later one too."""
    first = role("TaggedRole")
    lines = (
        "awsvault_session_tags = team=a",
        "awsvault_transitive_session_tags = team",
        "awsvault_source_identity = auto",
    )
    denials.config(home, first, *lines)
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write(f"[profile next]\nregion = us-east-1\nrole_arn = {FAR}\nsource_profile = target\n")
    aws.world.add_role(FAR, trusts=(first,))
    report, _ = check(desk, "next")
    assert report.refusal is not None
    assert report.refusal.call.actions == ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
    assert report.refusal.trust_statement["Action"] == list(report.refusal.call.actions)
    apply(aws.world, report.refusal._replace(identity_policy=None))
    assert check(desk, "next")[0].refusal is None
