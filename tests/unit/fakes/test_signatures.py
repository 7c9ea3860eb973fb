"""The stand-in checks each signature from the raw request: key, token, secret, scope, time."""

from __future__ import annotations

import http.client

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.fakes import example
from tests.patience import PATIENCE

BODY = b"Action=GetCallerIdentity&Version=2011-06-15"
TYPE = "application/x-www-form-urlencoded"


def send(aws, *, service="sts", region="us-east-1", body=BODY, change=None, path="/"):
    """(status, text) of a request signed by botocore, with `change` applied to the headers afterwards."""
    host = aws.url.removeprefix("http://")
    request = AWSRequest("POST", f"{aws.url}{path}", data=body, headers={"Content-Type": TYPE, "Host": host})
    SigV4Auth(Credentials(example.KEY_ID, example.SECRET), service, region).add_auth(request)
    headers = dict(request.headers)
    if change is not None:
        body = change(headers) or body
    connection = http.client.HTTPConnection(host, timeout=PATIENCE)
    connection.request("POST", path, body=body, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_good_signature(aws):
    """A request that botocore signed is answered."""
    status, text = send(aws)
    assert status == 200
    assert "<Account>111111111111</Account>" in text


def test_unknown_inactive_and_deleted_keys(aws, client, refused):
    """All three are the same InvalidClientTokenId."""
    words = "The security token included in the request is invalid."
    with refused(403, "InvalidClientTokenId", words):
        client(keys=("AKIANOBODYNOBEXAMPLE", "x")).get_caller_identity()
    aws.world.keys[example.KEY_ID].status = "Inactive"
    with refused(403, "InvalidClientTokenId", words):
        client().get_caller_identity()
    del aws.world.keys[example.KEY_ID]
    with refused(403, "InvalidClientTokenId", words):
        client().get_caller_identity()


def test_wrong_secret(client, refused):
    """A signature by another secret does not match."""
    with refused(403, "SignatureDoesNotMatch", "The request signature we calculated does not match"):
        client(keys=(example.KEY_ID, "wrong")).get_caller_identity()


def test_wrong_missing_and_needless_tokens(client, mfa_session, refused):
    """A session's token must be its own, and a key comes without one."""
    for keys in (
        {**mfa_session, "SessionToken": "wrong"},
        {**mfa_session, "SessionToken": None},
        {
            "AccessKeyId": example.KEY_ID,
            "SecretAccessKey": example.SECRET,
            "SessionToken": mfa_session["SessionToken"],
        },
    ):
        with refused(403, "InvalidClientTokenId"):
            client(keys=keys).get_caller_identity()


def test_changed_body_header_and_path(aws):
    """What was signed is what must arrive."""
    assert send(aws, change=lambda h: BODY + b"&x=1")[0] == 403
    assert send(aws, change=lambda h: h.update({"Content-Type": TYPE + "; charset=utf-8"}))[0] == 403
    assert "SignatureDoesNotMatch" in send(aws, change=lambda h: h.update({"Host": "sts.amazonaws.com"}))[1]


@pytest.mark.parametrize(
    ("service", "region"), [("iam", "us-east-1"), ("s3", "us-east-1"), ("sts", "nowhere")]
)
def test_scope_of_another_service_or_no_region(aws, service, region):
    """The credential scope must name this service and a region."""
    status, text = send(aws, service=service, region=region)
    assert status == 403
    assert "Credential should be scoped to" in text


def test_endpoint_of_one_region(aws):
    """An endpoint that serves one region refuses a request signed for another."""
    aws.world.only_region = "eu-west-1"
    assert send(aws, region="eu-west-1")[0] == 200
    assert "Credential should be scoped to a valid region, not 'us-east-1'" in send(aws)[1]


@pytest.mark.parametrize(
    ("seconds", "words"), [(901, "Signature expired: "), (-905, "Signature not yet current: ")]
)
def test_clock_more_than_a_quarter_of_an_hour_off(aws, seconds, words):
    """A signature older or younger than 15 minutes is refused, with both times in the message."""
    aws.world.clock.advance(seconds)
    status, text = send(aws)
    assert status == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in text
    assert words in text
    assert "15 min.)" in text


@pytest.mark.parametrize("seconds", [890, -890])
def test_clock_within_a_quarter_of_an_hour(aws, seconds):
    """A clock that is a little off is no reason to refuse."""
    aws.world.clock.advance(seconds)
    assert send(aws)[0] == 200


def test_unsigned_and_half_signed(aws):
    """No signature, half of one and another scheme each have their refusal."""
    assert "MissingAuthenticationToken" in send(aws, change=lambda h: h.pop("Authorization") and None)[1]
    status, text = send(aws, change=lambda h: h.update(Authorization="AWS4-HMAC-SHA256 Credential=x"))
    assert (status, "IncompleteSignature" in text) == (400, True)
    status, text = send(aws, change=lambda h: h.update(Authorization="Basic eDp5"))
    assert (status, "IncompleteSignature" in text) == (400, True)


def test_body_must_say_that_it_is_a_form(aws):
    """A POST without the form's content type has no action for AWS."""
    status, text = send(aws, change=lambda h: h.update({"Content-Type": "text/plain"}))
    assert (status, "UnknownOperationException" in text) == (404, True)


def test_unknown_action(aws):
    """An action that the service does not have is InvalidAction."""
    status, text = send(aws, body=b"Action=DoNothing&Version=2011-06-15")
    assert status == 400
    assert "<Code>InvalidAction</Code>" in text
    assert "Could not find operation DoNothing for version 2011-06-15" in text


def test_log_holds_no_secret(aws, client, mfa_session):
    """No secret key, session token or signature is in the log; codes and their steps are."""
    client(keys=mfa_session).assume_role(RoleArn=example.DEVELOPER, RoleSessionName="x1")
    text = repr(list(aws.calls))
    for session in aws.world.sessions.values():
        assert session.secret not in text
        assert session.token not in text
    assert example.SECRET not in text
    call = aws.calls.of("GetSessionToken")[0]
    assert call.code is not None
    assert call.code_step == aws.world.devices[example.SERIAL].last_step
