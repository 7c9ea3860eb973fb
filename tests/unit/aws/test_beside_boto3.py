"""awsvault-py's calls compared with boto3's, with the same proxies, certificates, failures and refusals."""

from __future__ import annotations

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config

from tests.certificates import self_signed
from tests.clients.tunnel import HOSTS, Tunnel
from tests.fakes.aws import StandIn
from tests.fakes.example import KEY_ID, SECRET, SERIAL, role
from tests.patience import PATIENCE
from tests.unit.aws.recorder import Recorder
from vault import errors
from vault.aws import ca_trust, service_errors, sts
from vault.aws.credentials import Credentials
from vault.aws.service_endpoint import ServiceEndpoint
from vault.http import certificate_folder
from vault.secret import Secret
from vault.system.clock import Deadline

KEY = Credentials(KEY_ID, Secret(SECRET))
REGION = "us-east-1"
NO_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in NO_PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def by_us(url, *, key=KEY):
    identity = sts.get_caller_identity(
        key,
        endpoint=ServiceEndpoint(url, REGION, ("sts.example.test",)),
        deadline=Deadline.after(PATIENCE),
    )
    return identity.arn


def by_boto3(url, *, secret=SECRET, tries=2):
    client = boto3.client(
        "sts",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": tries}, connect_timeout=30, read_timeout=30),
    )
    try:
        return client.get_caller_identity()["Arn"]
    finally:
        client.close()


BOTH = pytest.mark.parametrize("ask", [by_us, by_boto3])


@pytest.mark.parametrize(
    "env",
    [
        {"HTTP_PROXY": "http://127.0.0.1:{port}"},
        {"http_proxy": "127.0.0.1:{port}", "HTTP_PROXY": "http://127.0.0.1:1"},
        {"HTTP_PROXY": "http://user:p%40ss@127.0.0.1:{port}"},
        {"HTTP_PROXY": "http://127.0.0.1:{port}", "ALL_PROXY": "socks5://127.0.0.1:1"},
        {"HTTP_PROXY": "http://127.0.0.1:{port}", "NO_PROXY": "other.test,example.org"},
    ],
)
def test_proxy(env, monkeypatch):
    """Both use the proxy, with the whole URL in the request line and its password only in its header."""
    seen = []
    for ask in (by_us, by_boto3):
        with Recorder() as proxy:
            for name, value in env.items():
                monkeypatch.setenv(name, value.replace("{port}", str(proxy.port)))
            assert ask("http://sts.example.test/") == "arn:aws:iam::111111111111:user/yourself"
            ((_, line, headers),) = proxy.asked
            seen.append((line, headers.get("proxy-authorization"), headers["host"]))
    assert seen[0] == seen[1]


@BOTH
def test_https_through_a_tunnel(ask, tmp_path, monkeypatch):
    """CONNECT to the proxy, TLS with AWS's host name inside, and AWS_CA_BUNDLE verifies the certificate."""
    chain, key = self_signed(tmp_path, *HOSTS)
    with StandIn(certificate=(chain, key)) as aws, Tunnel(aws.url) as tunnel:
        monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
        monkeypatch.setenv("AWS_CA_BUNDLE", chain)
        assert ask("https://sts.us-east-1.amazonaws.com").endswith(":user/yourself")
        assert tunnel.hosts == ["sts.us-east-1.amazonaws.com:443"]


def test_machine_without_certificates_uses_botocores(monkeypatch):
    """If the system has no certificates, the botocore package's verify AWS, as for boto3."""
    monkeypatch.setattr(certificate_folder, "machine_has_certificates", lambda: False)
    subjects = {str(c["subject"]) for c in ca_trust.ssl_context(None).get_ca_certs()}
    assert any("Amazon Root CA 1" in subject for subject in subjects)


@BOTH
def test_unknown_certificate_is_refused(ask, tmp_path, monkeypatch):
    """Neither accepts a certificate that no CA certificate verifies."""
    chain, key = self_signed(tmp_path, *HOSTS)
    with StandIn(certificate=(chain, key)) as aws, Tunnel(aws.url) as tunnel:
        monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
        with pytest.raises((errors.Unreachable, botocore.exceptions.SSLError)):
            ask("https://sts.us-east-1.amazonaws.com")
        assert aws.calls == [] or len(aws.calls) == 0


@BOTH
@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Service Unavailable"])
def test_one_server_error_is_retried(ask, status):
    """A passing 5xx costs one more request, in both."""
    with Recorder(statuses=[status]) as server:
        assert ask(server.url).endswith(":user/yourself")
        assert len(server.asked) == 2


@BOTH
def test_two_server_errors_are_an_error(ask):
    """Neither tries a third time."""
    with Recorder(statuses=["503 Service Unavailable"] * 5) as server:
        with pytest.raises((errors.Error, botocore.exceptions.ClientError)):
            ask(server.url)
        assert len(server.asked) == 2


def test_refusal_has_the_same_code_and_words(aws):
    """AWS's words about a wrong secret reach the user."""
    with pytest.raises(botocore.exceptions.ClientError) as theirs:
        by_boto3(aws.url, secret="x" * 40)
    with pytest.raises(errors.Refused) as caught:
        by_us(aws.url, key=Credentials(KEY_ID, Secret("x" * 40)))
    said = theirs.value.response["Error"]
    assert caught.value.code == said["Code"]
    assert said["Message"].partition(" ")[0] in caught.value.message


# Arguments of AssumeRole, and the code that AWS answers with; PARAMETERS has the names of sts.assume_role for boto3's arguments.
REFUSED = {
    "no trust": ({"RoleArn": role("ClosedRole")}, "AccessDenied"),
    "no external id": ({"RoleArn": role("PartnerRole")}, "AccessDenied"),
    "a wrong external id": ({"RoleArn": role("PartnerRole"), "ExternalId": "another"}, "AccessDenied"),
    "too long": ({"RoleArn": role("OpenRole"), "DurationSeconds": 43_200}, "ValidationError"),
    "no such role": ({"RoleArn": role("NoSuchRole")}, "AccessDenied"),
    "a wrong code": (
        {"RoleArn": role("LongRole"), "SerialNumber": SERIAL, "TokenCode": "000000"},
        "AccessDenied",
    ),
}
PARAMETERS = {
    "RoleArn": "role_arn", "ExternalId": "external_id", "DurationSeconds": "duration", "SerialNumber": "serial",
    "TokenCode": "code",
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_each_refused_role_keeps_awss_message(why, aws):
    """The user sees the whole of AWS's message, as with boto3, whatever the hint adds."""
    asked, code = REFUSED[why]
    client = boto3.client(
        "sts",
        endpoint_url=aws.url,
        region_name=REGION,
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
    )
    with pytest.raises(botocore.exceptions.ClientError) as theirs:
        client.assume_role(RoleSessionName="beside", **asked)
    client.close()
    with pytest.raises(errors.Refused) as caught:
        sts.assume_role(
            KEY,
            session_name="beside",
            endpoint=ServiceEndpoint(aws.url, REGION, ()),
            deadline=Deadline.after(PATIENCE),
            **{PARAMETERS[name]: value for name, value in asked.items()},
        )
    said = theirs.value.response["Error"]
    assert said["Code"] == code
    assert said["Message"].strip() in caught.value.message
    assert code in caught.value.message


def test_wrong_clock_is_refused(aws):
    """AWS refuses a request that is two hours off; our error names the clock. A few minutes do not matter."""
    aws.world.clock.advance(240)
    assert by_us(aws.url) == by_boto3(aws.url)
    aws.world.clock.advance(7200)
    with pytest.raises(botocore.exceptions.ClientError) as theirs:
        by_boto3(aws.url)
    with pytest.raises(errors.Refused) as caught:
        by_us(aws.url)
    assert theirs.value.response["Error"]["Message"].startswith("Signature expired")
    assert "Signature expired" in caught.value.message
    assert caught.value.code == service_errors.CLOCK


@BOTH
def test_refused_connection(ask):
    """This is an error of the network, not of the key."""
    with pytest.raises((errors.Unreachable, botocore.exceptions.EndpointConnectionError)):
        ask("http://127.0.0.1:9")
