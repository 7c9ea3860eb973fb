"""What each cause says: who refuses, what was found, and a change that can be copied."""

from __future__ import annotations

import pytest

from scripts.reference.json_live import LIVE
from tests.unit.inspect.calls import ROLE, call
from vault.inspect import refusal_causes as causes
from vault.inspect.trust_policy import Condition

DEVICES = ("arn:aws:iam::111111111111:mfa/phone",)


def name(*wanted, key="sts:RoleSessionName", operator="StringEquals", denies=False):
    return Condition(key, operator, wanted, denies)


EVERY = [
    causes.identity_policy(call(), "sts:AssumeRole"),
    causes.identity_policy(call(), "sts:TagSession"),
    causes.identity_policy(call(), "sts:SetSourceIdentity"),
    causes.identity_deny(call(), "sts:AssumeRole"),
    causes.boundary(call(), "sts:AssumeRole"),
    causes.session_policy("sts:AssumeRole"),
    causes.organization("sts:AssumeRole"),
    causes.trust_policy(call(), "sts:AssumeRole", read=False),
    causes.trust_deny(call()),
    causes.role_missing(call()),
    causes.mfa_missing(call(), None),
    causes.external_id(call()),
    causes.session_name(call()),
    causes.source_identity(call()),
    causes.trust_condition(call(), name("x"), known=False),
    causes.duration(call(), most=None),
    causes.duration_chained(call()),
    causes.mfa_device(call(serial="s"), None),
    causes.mfa_code(call(serial="s")),
    causes.region_off(call()),
    causes.endpoint_policy("sts:AssumeRole"),
    causes.other("AWS answers X", "run it again"),
]


def test_every_kind_and_side_is_documented():
    """docs/reference/json.md has each cause and side, and no other."""
    rows = LIVE["explain PROFILE --live"]
    for field, found in (("cause", {one.kind for one in EVERY}), ("side", {one.side for one in EVERY})):
        kind = rows[f"causes[].{field}"][0]
        assert set(kind.removeprefix("one of ").replace("`", "").split(", ")) == found


@pytest.mark.parametrize("cause", EVERY, ids=lambda cause: cause.kind)
def test_found_and_change_are_sentences_without_an_end(cause):
    """The command line puts them into its own sentences."""
    for text in (cause.found, cause.change):
        assert text
        assert not text.endswith((".", ";", " "))


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (name("theirs", key="sts:ExternalId"), "set external_id = theirs in profile dev"),
        (
            name("a", "b", key="sts:ExternalId"),
            "ask an administrator of account 111111111111 for the external ID",
        ),
        (name("team-*", key="sts:ExternalId", operator="StringLike"), "for the external ID"),
        (None, "for the external ID"),
    ],
)
def test_external_id(condition, said):
    """The value to set, if the trust policy gives exactly one."""
    found = causes.external_id(call(), condition)
    assert said in found.change
    assert "below" not in found.change
    assert "which accepts yours" in causes.external_id(call(external_id="mine"), condition).change


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (name("${aws:username}"), "set role_session_name = auto in profile dev"),
        (name("me", "you"), "set role_session_name = me or you in profile dev"),
        (None, "ask an administrator of account 111111111111 for the session name"),
    ],
)
def test_session_name(condition, said):
    """As the trust policy wants it."""
    assert said in causes.session_name(call(), condition).change


def test_source_identity():
    """``auto`` for the user's name, a value, or any."""
    for wanted, said in (
        (("${aws:username}",), "= auto"),
        (("me",), "= me in"),
        ((), "awsvault_source_identity in"),
    ):
        condition = name(*wanted, key="sts:SourceIdentity")
        assert said in causes.source_identity(call(), condition).change
    null = name("false", key="sts:SourceIdentity", operator="Null")
    assert "false" not in causes.source_identity(call(), null).change


@pytest.mark.parametrize(
    ("devices", "said"),
    [
        (DEVICES, "set mfa_serial = arn:aws:iam::111111111111:mfa/phone"),
        ((), "mfa enroll shared-services"),
        (None, "IAM console"),
    ],
)
def test_device(devices, said):
    """The user's own devices, one to enroll, or where to look."""
    assert said in causes.mfa_device(call(serial="s", serial_place="~/.aws/config:4"), devices).change
    assert said in causes.mfa_missing(call(mfa=False), devices).change


def test_a_role_cannot_get_mfa():
    """So the change is another caller, or the trust policy."""
    found = causes.mfa_missing(
        call(mfa=False, caller="arn:aws:sts::1:assumed-role/R/me", principal=ROLE), None
    )
    assert "mfa_serial" not in found.change
    assert "session of a role never has it" in found.change


def test_duration():
    """The longest that the role allows, at the line that asks for more."""
    found = causes.duration(call(duration=7200, duration_place="~/.aws/config:9"), most=3600)
    assert found.found == "the call asks for 2h, and the role allows 1h (MaxSessionDuration)"
    assert found.change.startswith("set duration_seconds = 3600 at ~/.aws/config:9")


def test_values_from_outside_are_escaped():
    """An ARN, a device and a condition cannot move the cursor."""
    evil = "\x1b[31m"
    one = call(
        principal=f"arn:{evil}", caller="", serial=evil, external_id=evil, session_name=evil, profile=evil
    )
    found = [
        causes.identity_policy(one, "sts:AssumeRole"), causes.external_id(one, name(evil)), causes.session_name(one, name(evil)),
        causes.mfa_device(one, (evil,)), causes.trust_condition(one, name(evil, key=evil), known=True), causes.role_missing(one),
        causes.identity_deny(one, "sts:AssumeRole", (evil,)), causes.role_missing(one, other=evil),
        causes.trust_condition(one, name("x", operator=evil), known=True),
    ]  # fmt: skip
    assert all("\x1b" not in text for cause in found for text in (cause.found, cause.change))


@pytest.mark.parametrize(
    ("condition", "said", "not_said"),
    [
        (name("false", key="sts:ExternalId", operator="Null"), "for the external ID", "= false"),
        (name("true", key="sts:ExternalId", operator="Null"), "remove external_id in profile dev", "= true"),
        (name("old", key="sts:ExternalId", operator="StringNotEquals"), "for the external ID", "= old"),
        (name("old", key="sts:ExternalId", denies=True), "for the external ID", "= old"),
        (
            name("new", key="sts:ExternalId", operator="StringNotEquals", denies=True),
            "set external_id = new",
            "below",
        ),
    ],
)
def test_external_id_by_the_operator(condition, said, not_said):
    """A value that is refused is not advised, and no statement helps against a Deny statement."""
    found = causes.external_id(call(external_id="old"), condition)
    assert said in found.change
    assert not_said not in found.change
    assert found.statement != condition.denies


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (
            name("me-*", operator="StringLike"),
            "set role_session_name in profile dev to a name that matches me-*",
        ),
        (name("${aws:userid}"), "to a name that matches ${aws:userid}"),
        (name("x", operator="StringNotEquals"), "ask an administrator"),
        (name("x", denies=True), "ask an administrator"),
        (name("x", operator="StringNotLike", denies=True), "set role_session_name = x in"),
    ],
)
def test_session_name_by_the_operator(condition, said):
    """A pattern is no name, and a name that is refused is not advised."""
    assert said in causes.session_name(call(), condition).change


def test_a_role_has_no_user_name():
    """For a role ``auto`` is not the name that the trust policy wants."""
    one = call(caller="arn:aws:sts::1:assumed-role/R/me", principal=ROLE)
    assert "auto" not in causes.session_name(one, name("${aws:username}")).change


def test_no_source_identity():
    """A trust policy may refuse calls that have one."""
    condition = name("true", key="sts:SourceIdentity", operator="Null")
    found = causes.source_identity(call(source_identity="me"), condition)
    assert found.change == "remove awsvault_source_identity in profile dev"


def test_a_condition_that_denies():
    """The call meets it."""
    condition = name("9", key="aws:PrincipalAccount", denies=True)
    assert (
        "denies calls that meet a condition: StringEquals"
        in causes.trust_condition(call(), condition, known=True).found
    )


def test_an_unknown_caller_is_named_in_no_statement():
    """What would be below has no principal."""
    found = causes.trust_policy(call(caller="", principal=""), "sts:AssumeRole", read=False)
    assert "below" not in found.change
