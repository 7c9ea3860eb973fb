"""Answers that are not from AWS: a web filter's page, a captive portal, a gateway. They never count as a refusal by AWS."""

from __future__ import annotations

import itertools

import pytest

from tests.fakes.example import SSO_TOKEN
from tests.home import Home, failed
from tests.unit.aws.calls import KEY, at
from tests.unit.aws.provider_context import context, source_of, token_of_the_cli
from tests.unit.aws.recorder import Recorder
from vault import errors, limits
from vault.aws import providers, sts
from vault.aws.boto_iam import IamClient
from vault.system.clock import Deadline

PAGES = {
    "well-formed": b"<html><head><title>Blocked</title></head><body><p>Category: cloud</p></body></html>",
    "as browsers take it": b"<!DOCTYPE html>\n<html><body><p>Blocked<br>by policy</body></html>",
    "xhtml": b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body>Blocked</body></html>",
    "plaintext": b"Access denied by security policy",
    "nothing": b"",
    "json": b'{"message": "Forbidden"}',
    "an error without a code": b"<ErrorResponse><Error><Message>no</Message></Error></ErrorResponse>",
    "an error with an empty code": b"<ErrorResponse><Error><Code> </Code></Error></ErrorResponse>",
    "a code that is none": b"<ErrorResponse><Error><Code><a/></Code></Error></ErrorResponse>",
    "other xml": b"<policy><code>403</code></policy>",
}
STATUSES = ["400 Bad Request", "401 Unauthorized", "403 Forbidden", "404 Not Found", "302 Found", "451 Legal", "502 Bad Gateway"]  # fmt: skip


def check(error, status):
    """Exit 8, the status, and a hint that names what may have answered."""
    assert type(error) is errors.Unreachable
    assert error.exit_code == 8
    assert status[:3] in error.message
    assert "not as AWS does" in error.message
    assert "AWS refused" not in error.message
    for word in ("proxy", "HTTPS_PROXY", "NO_PROXY", "explain"):
        assert word in error.hint
    assert error.hint.isascii()


@pytest.mark.parametrize(("page", "status"), [*itertools.product(PAGES, STATUSES)])
def test_sts(page, status):
    """The message does not blame the key, and shows nothing of the page."""
    recorder = Recorder(statuses=[status] * 2, bodies=[PAGES[page]])
    with recorder as server, pytest.raises(errors.Error) as caught:
        sts.get_caller_identity(KEY, **at(server))
    check(caught.value, status)
    assert ("a web page" in caught.value.message) == (b"<html" in PAGES[page])
    assert "Blocked" not in caught.value.message


@pytest.mark.parametrize(("page", "status"), [*itertools.product(PAGES, STATUSES[2:4] + STATUSES[6:])])
def test_iam(page, status):
    """boto3 would read the page as a refusal with an empty code."""
    with Recorder(statuses=[status] * 2, bodies=[PAGES[page]]) as server:
        client = IamClient(KEY, endpoint=at(server)["endpoint"], subject="key me")
        with pytest.raises(errors.Error) as caught:
            client.call("GetUser", deadline=Deadline.after(limits.IAM_CALL), once=True)
    check(caught.value, status)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "json"])
@pytest.mark.parametrize("status", ["200 OK", "401 Unauthorized", "403 Forbidden", "502 Bad Gateway"])
def test_identity_center(tmp_path, page, status):
    """A filter's page never makes the user sign in again."""
    token_of_the_cli(tmp_path, "corp", token=SSO_TOKEN)
    text = (
        "[profile a]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = R\n"
        "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n"
    )
    tries = limits.AWS_TRIES
    with Recorder(statuses=[status] * tries, bodies=[PAGES[page]] * tries) as server:
        source = source_of(text, env={"AWS_ENDPOINT_URL_SSO": server.url})
        with pytest.raises(errors.Error) as caught:
            providers.fetch(source, context(tmp_path, {}))
    check(caught.value, status)


FORMS = {
    "STS's": "<ErrorResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><Error><Type>Sender</Type>{}</Error><RequestId>r</RequestId></ErrorResponse>",
    "EC2's": "<Response><Errors><Error>{}</Error></Errors><RequestID>r</RequestID></Response>",
    "alone": "<Error>{}</Error>",
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_aws_errors_keeps_code_and_message(form):
    """AWS refused, and the message has its words."""
    body = (
        FORMS[form].format("<Code>AccessDenied</Code><Message>not authorized to perform</Message>").encode()
    )
    with (
        Recorder(statuses=["403 Forbidden"], bodies=[body]) as server,
        pytest.raises(errors.Refused) as caught,
    ):
        sts.get_caller_identity(KEY, **at(server))
    assert caught.value.code == "AccessDenied"
    assert "AccessDenied: not authorized to perform" in caught.value.message


def test_export_behind_a_web_filter(tmp_path):
    """Exit 8, two lines, nothing on stdout."""
    with Recorder(statuses=["403 Forbidden"] * 4, bodies=[PAGES["well-formed"]]) as server:
        home = Home(tmp_path, url=server.url)
        home.make_vault()
        home.scenario()
        failed(home.run("export", "dev"), 8, "answered 403", "a web page", "HTTPS_PROXY", "explain dev")
