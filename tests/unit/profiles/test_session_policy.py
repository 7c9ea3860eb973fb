"""Session policies as values: vault/profiles/session_policy.py. What AWS gets must never allow more than each of them."""

from __future__ import annotations

import json

import pytest

from vault import errors, limits
from vault.profiles.session_policy import READ_ONLY, SessionPolicy, checked, combined, fitting

ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def policy(*effects, version="2012-10-17", place="--policy"):
    statements = [{"Effect": effect, "Action": "s3:*", "Resource": place} for effect in effects]
    return SessionPolicy(json.dumps({"Version": version, "Statement": statements}), (), (place,))


def test_one_policy_stays_as_it_is():
    """And none is none."""
    assert combined([]) is None
    assert combined([policy("Allow")]) == policy("Allow")


def test_the_same_policy_twice_is_one():
    """It allows no more than itself, wherever it is set and in whatever order its ARNs are."""
    one = SessionPolicy(policy("Allow").document, (ARN, ARN + "2"), ("here",))
    found = combined([one, one._replace(arns=one.arns[::-1], places=("there",))])
    assert (found.document, set(found.arns)) == (one.document, set(one.arns))


def test_what_denies_is_joined_with_what_allows():
    """All statements in one document, the ARNs beside it."""
    found = combined([policy("Allow"), policy("Deny", "Deny", place="here"), policy("Deny", place="there")])
    assert [each["Effect"] for each in found.statements] == ["Allow", "Deny", "Deny", "Deny"]
    assert found.places == ("--policy", "here", "there")
    assert combined([READ_ONLY, policy("Deny")]).arns == READ_ONLY.arns


@pytest.mark.parametrize(
    "others",
    [
        [policy("Allow", place="here")],
        [policy("Deny", "Allow", place="here")],
        [SessionPolicy(None, (ARN,), ("here",))],
    ],
)
def test_two_that_allow_are_an_error_that_names_both(others):
    """AWS would allow what either of them allows."""
    with pytest.raises(errors.ConfigError, match=r"--policy.*here"):
        combined([policy("Allow"), *others])


def test_documents_of_different_versions_are_not_joined():
    """A variable in a statement has a meaning in one of them only."""
    with pytest.raises(errors.ConfigError, match="Version"):
        combined([policy("Allow"), policy("Deny", version="2008-10-17")])


def test_the_limits_of_aws_are_kept_after_joining():
    """The characters of all statements and ARNs, and the number of ARNs."""
    half = [{"Effect": "Deny", "Action": "s3:*", "Resource": "x" * (limits.SESSION_POLICY_MOST // 2)}]
    one = SessionPolicy(json.dumps({"Version": "2012-10-17", "Statement": half}), (), ("here",))
    assert fitting(one) == one
    with pytest.raises(errors.Usage, match=f"{limits.SESSION_POLICY_MOST}"):
        combined([one, policy("Deny"), one._replace(document=one.document.replace("s3", "iam"))])
    many = SessionPolicy(
        None, tuple(f"{ARN}{at}" for at in range(limits.SESSION_POLICY_ARNS + 1)), ("there",)
    )
    with pytest.raises(errors.Usage, match="11 policies"):
        fitting(many)


@pytest.mark.parametrize(
    ("sids", "taken"),
    [(["One", "Two"], True), (["One", None, ""], True), (["", ""], True), (["One", None, "One"], False)],
)
def test_a_sid_is_there_once(tmp_path, sids, taken):
    """AWS accepts each of them once in a policy, and as many statements without one as there is room for."""
    given = [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Sid": sid} for sid in sids]
    statements = [{key: value for key, value in one.items() if value is not None} for one in given]
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": statements}))
    if taken:
        assert len(checked(str(path), (), file_at="--policy", arns_at="").statements) == len(sids)
        return
    with pytest.raises(errors.Usage, match="statement 3 has the Sid of an earlier statement"):
        checked(str(path), (), file_at="--policy", arns_at="")
