"""The signature is the one that botocore's own signer makes."""

from __future__ import annotations

import datetime as dt
import time

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotoCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.example import KEY_ID, SECRET
from vault.aws import query_protocol, sigv4
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
    signed = sigv4.headers(signer, host=host, path=path, body=body, now=now)
    request = AWSRequest(
        "POST", f"https://{host}{path}", headers={"Content-Type": sigv4.FORM, "Host": host}, data=body
    )
    with pytest.MonkeyPatch.context() as patch:
        stamp = dt.datetime.fromtimestamp(int(now), dt.UTC).replace(tzinfo=None)
        patch.setattr("botocore.auth.get_current_datetime", lambda *_, **__: stamp, raising=False)
        SigV4Auth(BotoCredentials(KEY_ID, SECRET, token), service, region).add_auth(request)
    assert signed["x-amz-date"] == request.headers["X-Amz-Date"]
    assert signed["authorization"] == request.headers["Authorization"]
