"""Answers that are well-formed and cannot be AWS's: none of them is believed, and what is wrong with it is said."""

from __future__ import annotations

import datetime as dt

import pytest
from botocore.utils import parse_timestamp

from tests.fakes.example import KEY_ID, SECRET
from tests.unit.aws.fetching import Jumping
from tests.unit.aws.recorder import BODY, Recorder
from vault import errors, limits
from vault.aws import console, service_errors, sts
from vault.aws.client import Answer, ServiceEndpoint, http_date, refused
from vault.aws.credential_json import MalformedCredentials, credentials_of, fields
from vault.aws.credentials import Credentials
from vault.aws.iam import Iam
from vault.secret import Secret
from vault.system.clock import Deadline

KEY = Credentials(KEY_ID, Secret(SECRET))
SESSION = KEY._replace(token=Secret("token"))
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def where(server):
    endpoint = ServiceEndpoint(server.url, "us-east-1", trusted_hosts=("127.0.0.1",))
    return {"endpoint": endpoint, "deadline": Deadline.after(20, clock=Jumping())}


# ── STS ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            BODY.replace(b"GetCallerIdentityResponse", b"GetSessionTokenResponse"),
            "the answer to something else",
        ),
        (BODY.replace(b"<Account>111111111111<", b"<Account>11111111111<"), "account 11111111111"),
        (BODY.replace(b"<Account>111111111111</Account>", b""), "no usable Account"),
        (BODY.replace(b"<UserId>AIDAEXAMPLE<", b"<UserId>two words<"), "no usable UserId"),
    ],
)
def test_an_identity_is_of_one_account(body, said):
    """An answer of another call, or without a whole account, names nobody."""
    with Recorder(bodies=[body]) as server, pytest.raises(errors.Unreachable, match=said) as raised:
        sts.get_caller_identity(KEY, **where(server))
    assert raised.value.sent


@pytest.mark.parametrize(
    "end", ["soon", "2026-19-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T00:00:00"]
)
def test_a_session_has_an_end(end):
    """A time that is none, a nineteenth month too, is no expiry."""
    held = f"<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{end}</Expiration>"
    body = f"<GetSessionTokenResponse><GetSessionTokenResult><Credentials>{held}</Credentials></GetSessionTokenResult></GetSessionTokenResponse>"
    with Recorder(bodies=[body.encode()]) as server, pytest.raises(errors.Unreachable, match="no expiry"):
        sts.get_session_token(KEY, duration=900, **where(server))


@pytest.mark.parametrize("end", ["2026-05-01T12:00:00Z", "2026-05-01T12:00:00.123Z", "2026-05-01T14:00:00+02:00",
                                 "2026-05-01 12:00:00 UTC", "1777636800", "1777636800.5"])  # fmt: skip
def test_an_end_is_read_as_botocore_reads_it(end):
    """What plays AWS writes it in other ways than AWS does."""
    assert sts.moment(end) == int(parse_timestamp(end).timestamp()) == 1777636800


@pytest.mark.parametrize("text", ["", "Mon, 01 Jan 0000 00:00:00 GMT", "Mon, 01 Jan 99999 00:00:00 GMT",
                                  "Mon, 01 Jan 2026 00:00:00 CET", "Mon, 01 Foo 2026 00:00:00 GMT"])  # fmt: skip
def test_a_date_that_is_none_is_not_known(text):
    """What stands in a header of a proxy's ends no command."""
    assert http_date(text) is None


@pytest.mark.parametrize(("serial", "code"), [("arn:aws:iam::111111111111:mfa/me", None), (None, "123456")])
def test_half_of_mfa_is_never_sent(serial, code):
    """A serial without its code, or the reverse, would use up a try and gain nothing."""
    with Recorder() as server:
        with pytest.raises(errors.Internal):
            sts.get_session_token(KEY, duration=900, serial=serial, code=code, **where(server))
        assert server.asked == []


@pytest.mark.parametrize(
    ("code", "message", "known"),
    [
        ("InvalidAuthenticationCode", "Authentication code for device is not valid", service_errors.MFA_CODE),
        ("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code. ", service_errors.MFA_CODE),
        ("AccessDenied", "MultiFactorAuthentication failed, unable to validate MFA code", service_errors.MFA_SERIAL),
        ("AccessDenied", "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. ", service_errors.MFA_MISSING),
    ],
)  # fmt: skip
def test_each_refusal_of_a_code_is_named(code, message, known):
    """IAM and STS spell it differently; the mend is the same."""
    error = service_errors.refusal(code, message, status=403, operation="X")
    assert (error.code, "mfa" in error.hint) == (known, True)


def test_a_wrong_region_is_not_said_to_be_a_wrong_key():
    """AWS names both SignatureDoesNotMatch; a good key must not be replaced for a region's sake."""
    said = "Credential should be scoped to a valid region. "
    error = service_errors.refusal("SignatureDoesNotMatch", said, status=403, operation="AssumeRole")
    assert ("region" in error.hint, "--replace" in error.hint) == (True, False)
    wrong = service_errors.refusal("SignatureDoesNotMatch", "", status=403, operation="AssumeRole")
    assert "--replace" in wrong.hint


@pytest.mark.parametrize(
    ("code", "message", "status", "hint"),
    [
        ("Throttling", "Rate exceeded", 400, "AWS limits how often"),
        ("InternalFailure", "", 500, "the fault is on AWS's side"),
        ("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining", 400, "a role that a role assumes lasts an hour"),
        ("AccessDenied", "User: arn:aws:iam::1:user/me is not authorized to perform: sts:TagSession on resource: r", 403, "must allow sts:TagSession"),
        ("AccessDenied", "User: u is not authorized to perform: sts:AssumeRole on resource: r because no identity-based policy allows the sts:AssumeRole action", 403, "the policies of who asks"),
        ("AccessDenied", "User: u is not authorized to perform: sts:AssumeRole on resource: r", 403, "the role's trust does not name"),
    ],
)  # fmt: skip
def test_a_refusals_hint_names_its_own_cause(code, message, status, hint):
    """Where AWS says more than no, the hint goes by it."""
    assert hint in service_errors.refusal(code, message, status=status, operation="AssumeRole").hint


def test_a_clock_that_is_right_is_not_to_be_set():
    """AWS found the request too old, and its Date is ours: it was long under way."""
    now = int(Jumping().time())
    for date, told in ((now, False), (now + 600, True)):
        error = refused(
            "RequestExpired",
            "",
            status=403,
            operation="X",
            subject="",
            date=date,
            deadline=Deadline.after(9, clock=Jumping()),
            region="us-east-1",
        )
        assert ("set it" in error.hint) is told


# ── the console's sign-in ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        ("503 Busy", b"", errors.Unreachable, "me: 127.0.0.1:[0-9]+ answered 503 with what is not AWS's"),
        ("400 Bad", b"", errors.Refused, r"me: AWS refused the sign-in \(400\)"),
        ("403 No", b"<html>no</html>", errors.Unreachable, "answered 403 with what is not AWS's: a web page"),
        ("200 OK", b"<html>", errors.Unreachable, "is not AWS's: a web page"),
        ("200 OK", b"[]", errors.Unreachable, "is not AWS's"),
        ("200 OK", b"{}", errors.Unreachable, "is not AWS's"),
        ("200 OK", b'{"SigninToken": "two words"}', errors.Unreachable, "is not AWS's"),
        ("200 OK", b'{"SigninToken": 7}', errors.Unreachable, "is not AWS's"),
    ],
)
def test_a_sign_in_that_gives_no_token_opens_no_page(status, body, kind, said):
    """AWS failing, AWS refusing, and somebody else's answer are told apart; no part of the answer goes on."""
    with Recorder(statuses=[status], bodies=[body]) as server, pytest.raises(kind, match=said):
        console.signin_token(SESSION, subject="me", **where(server))


def test_a_long_lived_key_never_signs_in():
    """Only a session goes to the sign-in: its end is the end of what the page may do."""
    with Recorder() as server:
        with pytest.raises(errors.Internal):
            console.signin_token(KEY, subject="me", **where(server))
        assert server.asked == []


# ── IAM ─────────────────────────────────────────────────────────────────────────────────────


def iam(**answers):
    """IAM's calls, answered in turn by operation, the last answer for all that follow; an error is raised."""
    asked = []

    def call(operation, *, once=False, **parameters):
        del once
        asked.append((operation, parameters))
        given = answers[operation]
        found = given.pop(0) if isinstance(given, list) and len(given) > 1 else given
        found = found[0] if isinstance(found, list) else found
        if isinstance(found, Exception):
            raise found
        return Answer(found, None)

    return Iam(call, user="me"), asked


def listed(*names, **more):
    keys = [{"AccessKeyId": name, "Status": "Active", "CreateDate": NOW} for name in names]
    return {"AccessKeyMetadata": keys, "IsTruncated": bool(more), **more}


def test_a_list_in_pages_is_read_to_its_end():
    """The next page is asked for by the marker of the one before."""
    calls, asked = iam(ListAccessKeys=[listed("A", Marker="m1"), listed("B")])
    assert [key.id for key in calls.keys(uses=False)] == ["A", "B"]
    assert [parameters for _, parameters in asked] == [{"UserName": "me"}, {"UserName": "me", "Marker": "m1"}]


def test_a_list_without_end_is_not_iams():
    """Half of a list would make a key look as if it were not there."""
    calls, asked = iam(ListAccessKeys=listed("A", Marker="m"))
    with pytest.raises(errors.Unreachable, match="no usable end of its list"):
        calls.keys(uses=False)
    assert len(asked) == limits.MAX_IAM_PAGES


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchEntity"])
def test_a_last_use_that_is_not_told_is_not_known(code):
    """A policy without that permission, or a key that went meanwhile: the list is still of use."""
    calls, _ = iam(ListAccessKeys=listed("A"), GetAccessKeyLastUsed=errors.Refused("no", code=code))
    (key,) = calls.keys()
    assert (key.asked, key.used) == (False, None)


def test_another_refusal_of_the_last_use_is_told():
    """A key that AWS does not know any more is no list without its uses."""
    error = errors.Refused("no", code="InvalidClientTokenId")
    calls, _ = iam(ListAccessKeys=listed("A"), GetAccessKeyLastUsed=error)
    with pytest.raises(errors.Refused) as raised:
        calls.keys()
    assert raised.value is error


@pytest.mark.parametrize(
    ("answers", "act", "said"),
    [
        ({"ListAccessKeys": listed("two words")}, Iam.keys, "AccessKeyId"),
        ({"ListAccessKeys": {"AccessKeyMetadata": ["x"]}}, Iam.keys, "CreateDate"),
        ({"ListAccessKeys": listed("A"), "GetAccessKeyLastUsed": {}}, Iam.keys, "AccessKeyLastUsed"),
        ({"ListAccessKeys": {"AccessKeyMetadata": [{"CreateDate": NOW.replace(tzinfo=None)}]}}, Iam.keys, "CreateDate"),
        ({"CreateAccessKey": {}}, Iam.create_key, "CreateDate"),
        ({"CreateVirtualMFADevice": {}}, lambda calls: calls.create_device("x"), "Base32StringSeed"),
        ({"CreateVirtualMFADevice": {"VirtualMFADevice": {"Base32StringSeed": b""}}}, lambda calls: calls.create_device("x"), "Base32StringSeed"),
        ({"ListMFADevices": {"MFADevices": [{}]}}, Iam.devices, "SerialNumber"),
    ],
)  # fmt: skip
def test_an_answer_of_iam_lacks_nothing(answers, act, said):
    """The field is named, with where to look; AWS may have done what was asked."""
    calls, _ = iam(**answers)
    with pytest.raises(errors.Unreachable, match=f"IAM's answer has no usable {said}") as raised:
        act(calls)
    assert (raised.value.code, raised.value.sent) == ("WrongAnswer", True)


def test_what_is_gone_already_is_no_failure():
    """Deleting twice is what a resumed rotation does; any other refusal is told."""
    calls, asked = iam(
        DeleteAccessKey=[
            errors.Refused("gone", code="NoSuchEntity"),
            errors.Refused("no", code="AccessDenied"),
        ]
    )
    calls.delete_key("A")
    with pytest.raises(errors.Refused, match="no"):
        calls.delete_key("A")
    assert len(asked) == 2


# ── what we print ourselves, read back ──────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b'{"AccessKeyId": "A"}', b'{"AccessKeyId": "A", "SecretAccessKey": 7}', b"\xff"],
)
def test_a_line_that_is_none_of_ours_is_no_answer(line):
    """What lies in the cache and cannot be read is fetched anew, and nothing of it is repeated."""
    for read in (fields, credentials_of):
        with pytest.raises(MalformedCredentials) as raised:
            read(line)
        assert str(raised.value) == ""
