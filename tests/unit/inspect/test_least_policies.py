"""The smallest policies: nothing but this role, this caller, these actions, and the conditions that the call meets."""

from __future__ import annotations

import pytest

from tests.unit.inspect.calls import FAR, ROLE, USER, call
from vault.inspect import least_policies
from vault.inspect.trust_policy import read

SSO = "arn:aws:iam::111111111111:role/AWSReservedSSO_Admin_0123456789abcdef"


def test_identity_policy():
    """One statement; a list of actions only if there are several."""
    found = least_policies.identity_policy(call(role_arn=FAR))
    assert found == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": FAR}],
    }
    more = least_policies.identity_policy(call(tagged=True))["Statement"][0]
    assert (more["Action"], more["Resource"]) == (["sts:AssumeRole", "sts:TagSession"], ROLE)


def test_trust_statement_has_what_the_call_has():
    """MFA, external ID and a session name that the profile sets; the user's own name as a variable."""
    assert least_policies.trust_statement(call(mfa=False)) == {
        "Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole",
    }  # fmt: skip
    found = least_policies.trust_statement(call(external_id="e-1", named=True))
    assert found["Condition"] == {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "StringEquals": {"sts:ExternalId": "e-1", "sts:RoleSessionName": "me@host"},
    }
    own = least_policies.trust_statement(call(named=True, session_name="yourself"))
    assert own["Condition"]["StringEquals"] == {"sts:RoleSessionName": "${aws:username}"}


def test_unknown_mfa_is_no_condition():
    """A condition that the call may not meet would refuse it again."""
    assert "Condition" not in least_policies.trust_statement(call(mfa=None))


def test_role_of_identity_center():
    """Its path is not known: the account is the principal, and a pattern the condition."""
    found = least_policies.trust_statement(
        call(mfa=False, principal=SSO, caller=SSO.replace("iam", "sts"), path_unknown=True)
    )
    assert found["Principal"] == {"AWS": "arn:aws:iam::111111111111:root"}
    assert found["Condition"]["ArnLike"] == {
        "aws:PrincipalArn": "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO_Admin_0123456789abcdef"
    }


@pytest.mark.parametrize(
    "more",
    [{}, {"mfa": False}, {"external_id": "e", "named": True}, {"tagged": True, "source_identity": "me"}],
)
def test_the_statement_lets_the_call_pass(more):
    """As the reader of trust policies understands it, for every action of the call."""
    one = call(**more)
    document = {"Statement": [least_policies.trust_statement(one)]}
    assert all(read(document, one, action).allows for action in one.actions)
