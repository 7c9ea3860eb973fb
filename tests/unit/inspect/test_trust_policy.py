"""A trust policy, read for one call: who is named, which conditions are not met, what cannot be known, and what is denied."""

from __future__ import annotations

import pytest

from tests.fakes import policies
from tests.unit.inspect.calls import ROLE, USER, call
from vault.inspect.trust_policy import Condition, Verdict, _conditions, read

ROOT = "arn:aws:iam::111111111111:root"


def allow(principal=ROOT, action="sts:AssumeRole", effect="Allow", **condition):
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": action}
    return statement | ({"Condition": condition} if condition else {})


def verdict(*statements, action="sts:AssumeRole", **more):
    return read({"Statement": list(statements)}, call(**more), action)


@pytest.mark.parametrize("principal", [ROOT, USER, "111111111111", "*", ["arn:aws:iam::9:root", USER]])
def test_the_caller_is_named(principal):
    """By its ARN, its account in two forms, by everyone, or among others."""
    assert verdict(allow(principal)).allows


@pytest.mark.parametrize(
    "statement",
    [
        allow("arn:aws:iam::222222222222:root"),
        allow("arn:aws:iam::111111111111:user/other"),
        allow(action="sts:TagSession"),
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        {"Effect": "Allow", "NotPrincipal": {"AWS": USER}, "Action": "sts:AssumeRole"},
    ],
)
def test_the_caller_is_not_named(statement):
    """Another account, another user, another action, a service, everyone but the caller."""
    found = verdict(statement)
    assert (found.names, found.allows) == (False, False)


def test_a_role_session_is_named_by_its_role():
    """As policies name it, and by the session itself."""
    session = "arn:aws:sts::111111111111:assumed-role/SameRole/me"
    for principal in (ROLE, session):
        assert verdict(allow(principal), caller=session, principal=ROLE).allows


@pytest.mark.parametrize(
    ("condition", "more", "met"),
    [
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, {}, True),
        ({"Bool": {"aws:MultiFactorAuthPresent": True}}, {}, True),
        ({"Bool": {"AWS:multifactorauthpresent": "true"}}, {"mfa": False}, False),
        ({"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}, {"mfa": False}, False),
        ({"StringEquals": {"sts:ExternalId": "e-1"}}, {"external_id": "e-1"}, True),
        ({"StringEquals": {"sts:ExternalId": ["e-0", "e-1"]}}, {"external_id": "e-1"}, True),
        ({"StringEquals": {"sts:ExternalId": "e-1"}}, {"external_id": "E-1"}, False),
        ({"StringEquals": {"sts:ExternalId": "e-1"}}, {}, False),
        ({"StringLike": {"sts:RoleSessionName": "me@*"}}, {}, True),
        ({"StringLike": {"sts:RoleSessionName": "you@*"}}, {}, False),
        ({"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}, {}, False),
        ({"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}, {"session_name": "yourself"}, True),
        ({"StringNotEquals": {"sts:RoleSessionName": "me@host"}}, {}, False),
        ({"Null": {"sts:SourceIdentity": "false"}}, {}, False),
        ({"Null": {"sts:SourceIdentity": "false"}}, {"source_identity": "me"}, True),
        ({"StringEqualsIfExists": {"sts:ExternalId": "e-1"}}, {}, True),
        ({"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111111111111:user/y*"}}, {}, True),
        ({"StringEquals": {"aws:PrincipalAccount": "222222222222"}}, {}, False),
    ],
)
def test_conditions(condition, more, met):
    """Each operator and key that is known. The stand-in, which has its own evaluation, agrees where it plays the operator."""
    found = verdict(allow(**condition), **more)
    assert (found.allows, bool(found.unmet)) == (met, not met)
    context = {key: value for key, value in call(**more).context().items() if value is not None}
    ((operator, keys),) = condition.items()
    if operator in ("Bool", "StringEquals", "StringLike", "Null", "ArnLike") and "sts" in "".join(keys):
        assert policies.holds(condition, context) == met


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"ForAnyValue:StringEquals": {"aws:PrincipalOrgPaths": "o-1"}},
        {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    ],
)
def test_what_cannot_be_known(condition):
    """Is neither met nor unmet."""
    found = verdict(allow(**condition))
    assert (found.names, found.unmet, found.allows) == (True, (), False)
    assert len(found.unknown) == 1


@pytest.mark.parametrize(
    ("condition", "effect", "demand", "mfa"),
    [
        ({"StringEquals": {"sts:ExternalId": "a"}}, "Allow", "is", False),
        ({"StringNotEquals": {"sts:ExternalId": "a"}}, "Allow", "is-not", False),
        ({"StringEquals": {"sts:ExternalId": "a"}}, "Deny", "is-not", False),
        ({"StringNotEqualsIfExists": {"sts:ExternalId": "a"}}, "Deny", "is", False),
        ({"ForAnyValue:StringNotLike": {"sts:ExternalId": "a"}}, "Deny", "is", False),
        ({"Null": {"sts:ExternalId": "false"}}, "Allow", "present", False),
        ({"Null": {"sts:ExternalId": "true"}}, "Allow", "absent", False),
        ({"Null": {"sts:ExternalId": "true"}}, "Deny", "present", False),
        ({"Bool": {"aws:MultiFactorAuthPresent": "true"}}, "Allow", "is", True),
        ({"Bool": {"aws:MultiFactorAuthPresent": "false"}}, "Allow", "is", False),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}, "Deny", "is-not", True),
        ({"Null": {"aws:MultiFactorAuthAge": "true"}}, "Deny", "present", True),
        ({"Null": {"aws:MultiFactorAuthPresent": "true"}}, "Allow", "absent", False),
    ],
)
def test_what_a_condition_demands(condition, effect, demand, mfa):
    """The operator and the effect together say whether the value must be one, must not be one, must be there or must not."""
    (found,) = _conditions(allow(effect=effect, **condition))
    assert (found.demand, found.asks_for_mfa) == (demand, mfa)


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"StringEquals": {"sts:ExternalId": "${aws:PrincipalTag/id}"}}, None),
        ({"StringEquals": {"sts:ExternalId": ["${aws:PrincipalTag/id}", "e-1"]}}, True),
        ({"StringNotEquals": {"sts:ExternalId": "${aws:PrincipalTag/id}"}}, None),
        ({"StringNotEquals": {"sts:ExternalId": ["${aws:PrincipalTag/id}", "e-1"]}}, False),
        ({"StringLike": {"sts:RoleSessionName": "${aws:userid}*"}}, None),
        ({"StringEquals": {"sts:SourceIdentity": "${aws:PrincipalTag/id}"}}, False),
        ({"ForAnyValue:StringEquals": {"sts:ExternalId": "e-1"}}, True),
        ({"ForAnyValue:StringEquals": {"sts:SourceIdentity": "e-1"}}, False),
        ({"ForAllValues:StringEquals": {"sts:SourceIdentity": "e-1"}}, True),
        ({"ForAllValues:StringEquals": {"sts:ExternalId": "e-2"}}, False),
    ],
)
def test_variables_and_several_values(condition, met):
    """A variable that only AWS knows may have the right value; a key without a value is none of several."""
    found = verdict(allow(**condition), external_id="e-1")
    assert (found.allows, bool(found.unmet), bool(found.unknown)) == (met is True, met is False, met is None)


def test_a_role_whose_path_is_unknown():
    """Its name in the same account is enough; without that, another path is another role."""
    session = "arn:aws:sts::111111111111:assumed-role/SameRole/me"
    more = {"caller": session, "principal": "arn:aws:iam::111111111111:role/SameRole"}
    assert verdict(allow(ROLE), path_unknown=True, **more).allows
    assert not verdict(allow(ROLE), **more).names
    assert not verdict(allow(ROLE.replace("SameRole", "NotTheSameRole")), path_unknown=True, **more).names
    assert not verdict(allow(ROLE.replace("111111111111", "222222222222")), path_unknown=True, **more).names
    condition = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    assert len(verdict(allow(**condition), path_unknown=True, **more).unknown) == 1


def test_a_statement_that_names_the_caller_itself():
    """Not its account; and only if it is the one that comes closest."""
    assert verdict(allow(USER)).directly
    assert not verdict(allow(ROOT)).directly
    far = allow(USER, StringEquals={"sts:ExternalId": "a"})
    assert not verdict(far, allow(ROOT)).directly
    assert verdict(allow(ROOT), allow(USER)).directly


def test_the_closest_statement_counts():
    """The one with the fewest conditions that are not met."""
    far = allow(StringEquals={"sts:ExternalId": "a", "sts:RoleSessionName": "b"})
    near = allow(StringEquals={"sts:ExternalId": "a"})
    assert verdict(far, near).unmet == (Condition("sts:ExternalId", "StringEquals", ("a",)),)


def test_deny():
    """One that applies, with its conditions; one that does not; one that may."""
    without_mfa = allow(effect="Deny", BoolIfExists={"aws:MultiFactorAuthPresent": "false"})
    found = verdict(allow(), without_mfa, mfa=False)
    ((condition,),) = found.denied_by
    assert condition.asks_for_mfa
    assert verdict(allow(), without_mfa).allows
    assert verdict(allow(), allow(effect="Deny"), without_mfa, mfa=False).denied_by == ((), (condition,))
    somewhere = allow(effect="Deny", NotIpAddress={"aws:SourceIp": "192.0.2.0/24"})
    assert (verdict(allow(), somewhere).denied_by, len(verdict(allow(), somewhere).unknown)) == ((), 1)


@pytest.mark.parametrize(
    "document",
    [{}, {"Statement": None}, {"Statement": ["x"]}, {"Statement": {"Principal": 7, "Condition": []}}],
)
def test_odd_documents_name_nobody(document):
    """And raise nothing."""
    assert read(document, call(), "sts:AssumeRole") == Verdict(False, (), ())


def test_a_hostile_pattern_takes_no_time():
    """Patterns do not backtrack."""
    pattern = "*a" * 400 + "b"
    found = verdict(allow(StringLike={"sts:ExternalId": pattern}), external_id="a" * 1200)
    assert not found.allows
