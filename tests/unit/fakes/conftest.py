from __future__ import annotations

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.fakes import example


@pytest.fixture(scope="session")
def botocore_session():
    return botocore.session.Session()


class Clients:
    """botocore clients of one stand-in; `keys` is None (yourself's key), a pair, or an answer's Credentials."""

    def __init__(self, session, url):
        self._session, self._url = session, url

    def __call__(self, service="sts", keys=None, *, region="us-east-1", **config):
        key_id, secret, token = example.KEY_ID, example.SECRET, None
        if isinstance(keys, dict):
            key_id, secret, token = keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken")
        elif keys is not None:
            key_id, secret = keys
        config = {"retries": {"total_max_attempts": 1}, "parameter_validation": False, **config}
        return self._session.create_client(
            service,
            region_name=region,
            endpoint_url=self._url,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=Config(**config),
        )


@pytest.fixture
def client(aws, botocore_session):
    return Clients(botocore_session, aws.url)


@pytest.fixture
def mfa_session(aws, client):
    """The credentials of a GetSessionToken call with a code; spends the current step."""
    answer = client().get_session_token(SerialNumber=example.SERIAL, TokenCode=aws.code())
    return answer["Credentials"]


@pytest.fixture
def refused():
    return Refused


class Refused:
    """`with refused(403, "AccessDenied", "words of the message"):` holds the code that must be refused so."""

    def __init__(self, status, code, words=""):
        self._wanted = status, code, words

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        status, code, words = self._wanted
        assert kind is not None, f"not refused; wanted {code}"
        if not isinstance(error, ClientError):
            return False
        found = error.response
        assert found["Error"]["Code"] == code, found
        assert found["ResponseMetadata"]["HTTPStatusCode"] == status, found
        assert words in (found["Error"]["Message"] or ""), found
        return True
