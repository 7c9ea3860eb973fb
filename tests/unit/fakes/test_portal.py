"""The small services beside STS and IAM, through the clients that speak them."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request

import pytest
from botocore.utils import ContainerMetadataFetcher, InstanceMetadataFetcher

from tests.fakes import example
from tests.patience import PATIENCE


def ask(url, **query):
    with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(query)}", timeout=PATIENCE) as answer:
        return answer.read().decode()


def session_text(keys):
    return json.dumps(
        {
            "sessionId": keys["AccessKeyId"],
            "sessionKey": keys["SecretAccessKey"],
            "sessionToken": keys["SessionToken"],
        }
    )


@pytest.fixture
def federation(aws):
    return aws.url + "/federation"


@pytest.fixture
def role(client):
    return client().assume_role(RoleArn=example.role("OpenRole"), RoleSessionName="me")["Credentials"]


def test_sign_in_to_the_console(aws, federation, role):
    """A role's session gives a token, the token a page that names role and account; no secret is logged."""
    token = json.loads(
        ask(federation, Action="getSigninToken", SessionDuration=3600, Session=session_text(role))
    )
    page = ask(
        federation,
        Action="login",
        Issuer="",
        Destination="https://console.aws.amazon.com/s3",
        SigninToken=token["SigninToken"],
    )
    assert "<dd id=role>OpenRole" in page
    assert "<dd id=account>222222222222" in page
    assert role["SecretAccessKey"] not in repr(list(aws.calls))
    assert token["SigninToken"] not in repr(list(aws.calls))


def test_sign_in_that_is_refused(aws, client, federation, role, mfa_session):
    """Wrong or expired credentials, a user's session, a duration for a chained role, a foreign destination."""
    chained = client(keys=mfa_session).assume_role(RoleArn=example.DEVELOPER, RoleSessionName="me")[
        "Credentials"
    ]
    bad = [
        {"Session": session_text(mfa_session)},
        {"Session": session_text({**role, "SessionToken": "x"})},
        {"Session": "{"},
        {"Session": session_text(role), "SessionDuration": 899},
        {"Session": session_text(chained), "SessionDuration": 3600},
    ]
    for query in bad:
        with pytest.raises(urllib.error.HTTPError, match="400"):
            ask(federation, Action="getSigninToken", **query)
    token = json.loads(ask(federation, Action="getSigninToken", Session=session_text(chained)))["SigninToken"]
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask(federation, Action="login", Destination="https://example.com/", SigninToken=token)
    aws.world.clock.advance(901)
    with pytest.raises(urllib.error.HTTPError, match="400"):
        ask(federation, Action="login", Destination="https://console.aws.amazon.com/", SigninToken=token)


def test_instance_metadata(aws):
    """botocore's own reader gets the instance's role, by version 2; version 1 is closed."""
    fetcher = InstanceMetadataFetcher(base_url=aws.url + "/", timeout=PATIENCE)
    found = fetcher.retrieve_iam_role_credentials()
    assert found["role_name"] == "InstanceRole"
    assert found["access_key"] in aws.world.sessions
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(aws.url + "/latest/meta-data/iam/security-credentials/")


def test_container_credentials(aws):
    """The Authorization header must be the world's."""
    fetcher = ContainerMetadataFetcher()
    url = aws.url + "/container/credentials"
    found = fetcher.retrieve_full_uri(url, headers={"Authorization": aws.world.container_token})
    assert found["RoleArn"] == example.role("TaskRole")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(url)


def test_faults_of_the_small_services(aws):
    """Faults are armed by the names under which the calls are logged."""
    aws.faults.add("GetContainerCredentials", "error-500")
    with pytest.raises(urllib.error.HTTPError, match="500"):
        ask(aws.url + "/container/credentials")
    assert aws.calls[0].result == "InternalFailure"
