"""Which side refuses, from AWS's words and from IAM: facts are facts, the rest are candidates, and policies only where they help."""

from __future__ import annotations

import pytest

from tests.unit.inspect.calls import FAR, ROLE, USER, call
from vault.aws import service_errors
from vault.aws.iam_reads import RoleDetails, Simulation
from vault.inspect.refusal_side import Evidence, Reads, diagnose, reads
from vault.inspect.refused_call import RefusedCall

DENIED = f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
ROOT = "arn:aws:iam::111111111111:root"
WORDS = {
    "with an explicit deny in a service control policy": ("organization-policy", "organization"),
    "with an explicit deny in a service control policy: arn:aws:organizations::1:policy/o-1/p-1": ("organization-policy", "organization"),
    "because no service control policy allows the sts:AssumeRole action": ("organization-policy", "organization"),
    "with an explicit deny in a resource control policy": ("organization-policy", "organization"),
    "because no session policy allows the sts:AssumeRole action": ("session-policy", "session"),
    "with an explicit deny in a session policy": ("session-policy", "session"),
    "because no permissions boundary allows the sts:AssumeRole action": ("permissions-boundary", "caller"),
    "with an explicit deny in a permissions boundary": ("permissions-boundary", "caller"),
    "because no VPC endpoint policy allows the sts:AssumeRole action": ("endpoint-policy", "account"),
    "because no identity-based policy allows the sts:AssumeRole action": ("identity-policy", "caller"),
    "with an explicit deny in an identity-based policy": ("identity-deny", "caller"),
}  # fmt: skip


def evidence(said=DENIED, code="AccessDenied", **more):
    return Evidence(code, said, "the hint", **more)


def simulated(decision, **more):
    return (Simulation("sts:AssumeRole", decision, more.get("organization"), more.get("boundary"), ()),)


def trusting(*statements, most=3600):
    return RoleDetails(ROLE, {"Statement": list(statements)}, most)


def allow(effect="Allow", principal=ROOT, **condition):
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": "sts:*"}
    return statement | ({"Condition": condition} if condition else {})


def kinds(found):
    return [cause.kind for cause in found.causes]


@pytest.mark.parametrize("words", WORDS)
def test_awss_words_are_a_fact(words):
    """Without any read of IAM."""
    found = diagnose(call(), evidence(f"{DENIED} {words}"))
    (cause,) = found.causes
    assert (cause.kind, cause.side) == WORDS[words]
    assert found.certain
    assert found.caller_policy == (cause.kind == "identity-policy")


@pytest.mark.parametrize(
    "words",
    [
        "because no role trust policy allows the sts:AssumeRole action",
        "because no resource-based policy allows the sts:AssumeRole action",
    ],
)
def test_awss_words_for_the_trust_policy(words):
    """The side is a fact, the cause on that side only if the trust policy can be read."""
    found = diagnose(call(role_arn=FAR), evidence(f"{DENIED} {words}"))
    assert (found.side, found.certain, found.caller_policy, found.trust_statement) == (
        "role",
        False,
        False,
        True,
    )
    here = diagnose(
        call(),
        evidence(f"{DENIED} {words}", role=trusting(allow(Bool={"aws:MultiFactorAuthPresent": "true"}))),
    )
    assert kinds(here) != kinds(found)
    without = diagnose(
        call(mfa=False),
        evidence(f"{DENIED} {words}", role=trusting(allow(Bool={"aws:MultiFactorAuthPresent": "true"}))),
    )
    assert (kinds(without), without.certain) == (["mfa-missing"], True)


def test_explicit_deny_of_the_trust_policy():
    """In AWS's words: no other statement helps."""
    found = diagnose(call(role_arn=FAR), evidence(f"{DENIED} with an explicit deny in the role trust policy"))
    assert "trust-deny" in kinds(found)


def test_deny_without_mfa_is_not_called_a_fact():
    """An explicit deny of the caller's policies may be about MFA, if the call has none; a second simulation tells."""
    said = f"{DENIED} with an explicit deny in an identity-based policy"
    found = diagnose(call(mfa=False), evidence(said))
    assert (kinds(found), found.certain) == (["mfa-missing", "identity-deny"], False)
    both = {"simulated": simulated("explicitDeny"), "with_mfa": simulated("allowed")}
    found = diagnose(call(mfa=False), evidence(said, **both))
    assert (kinds(found), found.certain, found.side) == (["mfa-missing"], True, "caller")
    assert not found.caller_policy


@pytest.mark.parametrize(
    ("code", "said", "kind"),
    [
        (service_errors.REGION, "STS is not activated", "region-off"),
        (service_errors.MFA_SERIAL, "MultiFactorAuthentication failed, unable to validate", "mfa-device"),
        (service_errors.MFA_CODE, "MultiFactorAuthentication failed with invalid MFA", "mfa-code"),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
            "duration",
        ),
        (
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles",
            "duration",
        ),
        ("InvalidClientTokenId", "The security token included in the request is invalid.", "other"),
        ("AccessDenied", "Roles may not be assumed by root accounts.", "other"),
        (
            "AccessDeniedException",
            f"{DENIED} with an explicit deny in a service control policy",
            "organization-policy",
        ),
    ],
)
def test_codes(code, said, kind):
    """Each is a fact, and no policy helps."""
    found = diagnose(call(), evidence(said, code))
    assert (kinds(found), found.certain) == ([kind], True)
    assert not (found.caller_policy or found.trust_statement)


def test_other_refusals_keep_awss_words_and_the_hint():
    """What is not known is not explained."""
    (cause,) = diagnose(call(), evidence("Something.", "Odd")).causes
    assert (cause.found, cause.change) == ("AWS answers Odd: Something", "the hint")


def test_simulation_of_the_organization_and_the_boundary():
    """They are known by IAM even if AWS gives no reason."""
    for more, kind in (
        ({"organization": False}, "organization-policy"),
        ({"boundary": False}, "permissions-boundary"),
    ):
        found = diagnose(
            call(), evidence(simulated=simulated("explicitDeny", **more), role=trusting(allow()))
        )
        assert (kinds(found), found.certain, found.caller_policy) == ([kind], True, False)


def test_trust_policy_that_was_read():
    """Denied by condition, denied at all, not named, and a condition that nobody here can know."""
    allowed = {"simulated": simulated("allowed")}
    deny = allow("Deny", StringNotEquals={"sts:RoleSessionName": "x"})
    cases = [
        ([allow(), deny], ["session-name"], True, False),
        ([allow(), allow("Deny")], ["trust-deny"], True, False),
        ([allow(principal="arn:aws:iam::9:root")], ["trust-policy"], True, True),
        ([allow(IpAddress={"aws:SourceIp": "192.0.2.0/24"})], ["trust-condition"], False, False),
        ([allow(StringEquals={"aws:PrincipalAccount": "2"})], ["trust-condition"], True, False),
    ]
    for statements, kind, certain, helps in cases:
        found = diagnose(call(), evidence(role=trusting(*statements), **allowed))
        assert (kinds(found), found.certain, found.trust_statement, found.caller_policy) == (
            kind,
            certain,
            helps,
            False,
        )


def test_a_deny_statement_and_a_condition():
    """All are named; of the conditions of a Deny statement one that the call can change is enough."""
    deny = allow(
        "Deny",
        StringEquals={"aws:PrincipalAccount": "111111111111"},
        Bool={"aws:MultiFactorAuthPresent": "false"},
    )
    trust = trusting(
        allow(StringEquals={"sts:ExternalId": "e"}),
        deny,
        allow("Deny", StringNotEquals={"sts:RoleSessionName": "x"}),
    )
    found = diagnose(call(mfa=False), evidence(role=trust, simulated=simulated("allowed")))
    assert (kinds(found), found.certain, found.trust_statement) == (
        ["mfa-missing", "session-name", "external-id"],
        True,
        False,
    )


def test_both_sides_allow():
    """Then something that IAM does not show refuses: candidates, and no policy."""
    found = diagnose(call(), evidence(simulated=simulated("allowed"), role=trusting(allow())))
    assert (found.certain, found.caller_policy, found.trust_statement) == (False, False, False)
    assert "organization-policy" in kinds(found)


def test_a_side_that_is_not_known_gets_its_policy_too():
    """The caller's side is a fact; the role's may refuse as well."""
    found = diagnose(call(role_arn=FAR), evidence(simulated=simulated("implicitDeny")))
    assert (kinds(found), found.certain) == (["identity-policy"], True)
    assert (found.caller_policy, found.trust_statement) == (True, True)


def test_a_session_token_that_is_denied():
    """There is no role: only words tell."""
    said = f"User: {USER} is not authorized to perform: sts:GetSessionToken on resource: {USER}"
    one = RefusedCall(caller=USER, principal=USER)
    assert kinds(diagnose(one, evidence(f"{said} with an explicit deny in an identity-based policy"))) == [
        "identity-deny"
    ]
    assert kinds(diagnose(one, evidence(f"{said} with an explicit deny in a service control policy"))) == [
        "organization-policy"
    ]
    assert kinds(diagnose(one, evidence(said))) == ["other"]


@pytest.mark.parametrize(
    ("one", "code", "said", "wanted"),
    [
        (call(), "AccessDenied", DENIED, Reads(simulate=True, role=True)),
        (call(role_arn=FAR), "AccessDenied", DENIED, Reads(simulate=True, elsewhere=True)),
        (
            call(role_arn=FAR),
            "AccessDenied",
            f"{DENIED} because no identity-based policy allows the",
            Reads(elsewhere=True),
        ),
        (call(mfa=False), "AccessDenied", DENIED, Reads(simulate=True, role=True, devices=True)),
        (call(), "AccessDenied", f"{DENIED} with an explicit deny in a service control policy", Reads()),
        (call(), "AccessDenied", f"{DENIED} because no identity-based policy allows the", Reads(role=True)),
        (call(), service_errors.MFA_SERIAL, "", Reads(devices=True)),
        (call(), "ValidationError", "exceeds the MaxSessionDuration", Reads(role=True)),
        (call(role_arn=FAR), "ValidationError", "exceeds the MaxSessionDuration", Reads()),
        (call(), "ExpiredToken", "", Reads()),
        (RefusedCall(caller=USER), "AccessDenied", DENIED, Reads()),
    ],
)
def test_reads(one, code, said, wanted):
    """IAM is asked only what can change the answer, and never about another account's role."""
    assert reads(one, code, said) == wanted
