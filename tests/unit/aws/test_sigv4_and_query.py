"""The signature against botocore's own signer; forms and answers of the Query protocol; proxies."""

from __future__ import annotations

import datetime as dt
import time
from urllib.parse import parse_qsl

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.example import KEY_ID, SECRET
from vault import errors
from vault.aws import query_protocol, sigv4, wire
from vault.aws.client import http_date
from vault.secret import Secret

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)


@given(
    token=st.none() | st.text("abcXYZ0189+/=", min_size=1, max_size=60),
    region=st.sampled_from(["us-east-1", "eu-west-1", "cn-north-1"]),
    service=st.sampled_from(["sts", "iam"]),
    host=st.sampled_from(["sts.amazonaws.com", "127.0.0.1:8080", "proxy.example.internal:8443"]),
    path=st.sampled_from(["/", "/sts/", "/a%20b/c"]),
    parameters=st.dictionaries(st.text("ABCdef", min_size=1, max_size=8), TEXT, max_size=5),
)
@settings(max_examples=60)
def test_it_signs_as_botocore_does(token, region, service, host, path, parameters):
    """The same key, time and body give the same signature as AWS's own signer."""
    body = query_protocol.form("GetCallerIdentity", parameters)
    signer = sigv4.Signer(KEY_ID, Secret(SECRET), Secret(token) if token else None, region, service)
    now = time.time()
    ours = sigv4.headers(signer, host=host, path=path, body=body, now=now)
    request = AWSRequest(
        "POST", f"https://{host}{path}", headers={"Content-Type": sigv4.FORM, "Host": host}, data=body
    )
    with pytest.MonkeyPatch.context() as patch:
        stamp = dt.datetime.fromtimestamp(int(now), dt.UTC).replace(tzinfo=None)
        patch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: stamp, raising=False)
        SigV4Auth(BotoCredentials(KEY_ID, SECRET, token), service, region).add_auth(request)
    assert ours["x-amz-date"] == request.headers["X-Amz-Date"]
    assert ours["authorization"] == request.headers["Authorization"]


def test_a_form_flattens_lists_and_structures():
    """Tags become Tags.member.1.Key, as the service model says."""
    raw = query_protocol.form("AssumeRole", {"Tags": [{"Key": "a b", "Value": "é"}], "DurationSeconds": 900})
    assert parse_qsl(raw.decode()) == [
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("Tags.member.1.Key", "a b"),
        ("Tags.member.1.Value", "é"),
        ("DurationSeconds", "900"),
    ]


def test_an_answer_becomes_nested_values():
    """Elements are fields, members a list, text stays text."""
    raw = b"<R xmlns='x'><L><member><K>1</K></member><member><K>&lt;2</K></member></L><E/></R>"
    assert query_protocol.parse(raw) == ("R", {"L": [{"K": "1"}, {"K": "<2"}], "E": ""})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"<R>text</R>",
        b"<R><A>1</A><A>2</A></R>",
        b"<!DOCTYPE R [<!ENTITY e 'x'>]><R><A>&e;</A></R>",
        b"<a>" * 40 + b"</a>" * 40,
        b"<R><A>1</A>",
    ],
)
def test_what_is_no_answer_is_named_so(raw):
    """A field twice, a document type, depth, a torn end: NotAnAnswer and nothing else."""
    with pytest.raises(query_protocol.MalformedXml):
        query_protocol.parse(raw)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_are_an_answer_or_not(raw):
    """No input raises anything else."""
    try:
        query_protocol.parse(b"<R>" + raw + b"</R>")
    except query_protocol.MalformedXml:
        return


@pytest.mark.parametrize(
    ("url", "env", "name"),
    [
        ("https://sts.amazonaws.com", {"HTTPS_PROXY": "http://proxy.example:3128"}, "proxy.example"),
        (
            "https://sts.amazonaws.com",
            {"https_proxy": "proxy.example:3128", "HTTPS_PROXY": "http://no:1"},
            "proxy.example",
        ),
        ("https://sts.amazonaws.com", {"HTTP_PROXY": "http://proxy.example:3128"}, None),
        ("https://sts.amazonaws.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x, .amazonaws.com"}, None),
        ("https://sts.amazonaws.com", {"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, None),
        ("https://notamazonaws.com", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "amazonaws.com"}, "p"),
        ("http://127.0.0.1:80", {"HTTP_PROXY": "http://p:1", "NO_PROXY": "127.0.0.1"}, None),
    ],
)
def test_a_proxy_is_found_as_awss_tools_find_it(url, env, name):
    """Lower case before upper, NO_PROXY by whole labels."""
    found = wire.proxy_for(wire.target(url), env)
    assert (found.name if found else None) == name


def test_a_proxys_password_goes_into_its_header_only():
    """User and password are taken off the address, percent-decoded."""
    found = wire.proxy_for(wire.target("https://x.example"), {"HTTPS_PROXY": "http://me:p%40ss@p:1"})
    assert (found.name, found.authorization) == ("p", "Basic bWU6cEBzcw==")


@pytest.mark.parametrize("url", ["socks5://p:1", "https://p:1", "http://", "http://p:port"])
def test_a_proxy_of_another_kind_is_named(url):
    """What cannot be used is said, not passed over: the call would go another way than the person thinks."""
    with pytest.raises(errors.ConfigError, match="HTTPS_PROXY"):
        wire.proxy_for(wire.target("https://x.example"), {"HTTPS_PROXY": url})


def test_the_answers_date_is_read():
    """An HTTP date is Unix seconds; anything else is none."""
    assert http_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777
    for text in (
        "",
        "now",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "1 2 3 4 5 6 7 8",
    ):
        assert http_date(text) is None
