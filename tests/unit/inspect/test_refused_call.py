"""A refused call: its accounts, its actions, and the condition keys that are known about it."""

from __future__ import annotations

import pytest

from tests.unit.inspect.calls import FAR, ROLE, USER, call
from vault.inspect.refused_call import RefusedCall, principal_of


def test_accounts_and_names():
    """The role's name has no path; a user is named as such."""
    assert (call().role_account, call().role_name, call().same_account) == ("111111111111", "SameRole", True)
    assert not call(role_arn=FAR).same_account
    assert (call().user, call().caller_text) == ("yourself", "user yourself")


def test_an_unknown_caller_is_in_no_account():
    """Not even if the role's account is empty too."""
    assert not RefusedCall().same_account
    assert (RefusedCall().user, RefusedCall().caller_text) == (None, "the caller")


def test_actions():
    """Tags and a source identity need permissions of their own."""
    assert call().actions == ("sts:AssumeRole",)
    assert call(tagged=True, source_identity="me").actions == (
        "sts:AssumeRole",
        "sts:TagSession",
        "sts:SetSourceIdentity",
    )


@pytest.mark.parametrize(
    ("mfa", "temporary", "held"),
    [(True, True, "true"), (True, False, "true"), (False, True, "false"), (False, False, None)],
)
def test_mfa_in_the_context(mfa, temporary, held):
    """A long-lived key without a code does not have the key at all, so that Bool and BoolIfExists differ."""
    assert call(mfa=mfa, temporary=temporary).context()["aws:MultiFactorAuthPresent"] == held


def test_what_is_unknown_is_not_in_the_context():
    """MFA of a session that a program gave; the caller, if AWS did not tell."""
    assert "aws:MultiFactorAuthPresent" not in call(mfa=None).context()
    assert not {"aws:PrincipalArn", "aws:PrincipalAccount", "aws:username"} & set(
        call(caller="", principal="").context()
    )


def test_principal_of_a_role_session():
    """The role before, with its path; otherwise the role's name, whose path is unknown. A user is itself."""
    session = "arn:aws:sts::111111111111:assumed-role/SameRole/me"
    assert principal_of(session, role_arn=ROLE) == ROLE
    assert principal_of(session, role_arn=FAR) == "arn:aws:iam::111111111111:role/SameRole"
    assert principal_of(session, role_arn=None) == "arn:aws:iam::111111111111:role/SameRole"
    assert principal_of(USER, role_arn=ROLE) == USER
