"""Which CA certificates verify AWS: each way to name them, in the order of AWS's tools, compared with boto3."""

from __future__ import annotations

import itertools
import os

import boto3
import botocore.exceptions
import pytest
from botocore.config import Config

from tests.certificates import self_signed, subject_hash
from tests.fakes import webidentity
from tests.fakes.aws import StandIn
from tests.fakes.example import ISSUER, KEY_ID, SECRET, SSO_TOKEN, role
from tests.home import Home
from tests.patience import PATIENCE
from tests.unit.aws.exchange import send
from tests.unit.aws.provider_context import context, source_of, token_of_the_cli
from vault import errors
from vault.aws import ca_trust, providers, sts
from vault.aws.credentials import Credentials
from vault.aws.service_endpoint import ServiceEndpoint
from vault.profiles.aws_files import load
from vault.profiles.resolve import resolve
from vault.secret import Secret
from vault.system.clock import Deadline

REGION = "us-east-1"
VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
KEY = Credentials(KEY_ID, Secret(SECRET))


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """A stand-in with TLS, in a home with its certificate and another one: ``right.pem`` and ``wrong.pem``."""
    home = tmp_path_factory.mktemp("home")
    chain, key = self_signed(home)
    other = home / "other"
    other.mkdir()
    os.rename(self_signed(other)[0], home / "wrong.pem")
    os.rename(chain, home / "right.pem")
    with StandIn(certificate=(str(home / "right.pem"), key)) as aws:
        yield aws, home


@pytest.fixture(autouse=True)
def alone(monkeypatch, tls):
    for name in (*VARIABLES, "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tls[1]))


def profile(tls, monkeypatch, bundle):
    """A profile ``dev``, with or without ``ca_bundle``, as botocore and awsvault-py read it."""
    config = tls[1] / "config"
    config.write_text("[profile dev]\nregion = us-east-1\n" + (f"ca_bundle = {bundle}\n" if bundle else ""))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    return resolve(load({"AWS_CONFIG_FILE": str(config)}, home=str(tls[1])), "dev", env={})


def connects(url, bundle=None):
    """Whether our call accepts the server."""
    try:
        sts.get_caller_identity(
            KEY, endpoint=ServiceEndpoint(url, REGION, ca_bundle=bundle), deadline=Deadline.after(PATIENCE)
        )
    except (errors.Unreachable, errors.ConfigError):
        return False
    return True


def boto3s(url):
    """Whether boto3's call does."""
    client = boto3.Session(KEY_ID, SECRET, profile_name="dev", region_name=REGION).client(
        "sts", endpoint_url=url, config=Config(retries={"total_max_attempts": 1})
    )
    try:
        client.get_caller_identity()
    except botocore.exceptions.SSLError:
        return False
    finally:
        client.close()
    return True


CHOICES = [None, "right.pem", "wrong.pem"]


@pytest.mark.parametrize(("first", "middle", "last"), [*itertools.product(CHOICES, repeat=3)])
def test_first_setting_wins(tls, monkeypatch, first, middle, last):
    """AWS_CA_BUNDLE, then the profile's ca_bundle, then REQUESTS_CA_BUNDLE; `~` is the home folder in each."""
    aws, _ = tls
    for name, value in zip(VARIABLES, (first, last), strict=True):
        if value:
            monkeypatch.setenv(name, f"~/{value}")
    chain = profile(tls, monkeypatch, middle and f"~/{middle}")
    expected = next((each for each in (first, middle, last) if each), None) == "right.pem"
    assert connects(aws.url, chain.ca_bundle) == expected
    assert boto3s(aws.url) == expected


@pytest.mark.parametrize("place", [*VARIABLES, "ca_bundle"])
def test_missing_bundle_is_named_with_its_place(tls, monkeypatch, place):
    """The message has the setting's value and place."""
    aws, home = tls
    chain = profile(tls, monkeypatch, "~/nowhere.pem" if place == "ca_bundle" else None)
    if place != "ca_bundle":
        monkeypatch.setenv(place, "~/nowhere.pem")
    with pytest.raises(errors.ConfigError) as caught:
        sts.get_caller_identity(
            KEY,
            endpoint=ServiceEndpoint(aws.url, REGION, ca_bundle=chain.ca_bundle),
            deadline=Deadline.after(PATIENCE),
        )
    where = f"{home}/config:3: ca_bundle" if place == "ca_bundle" else place
    assert f"{where}: cannot read certificates from ~/nowhere.pem" in caught.value.message


class TestEveryCallOfAProfile:
    """The profile's bundle verifies every service that the profile needs, as in boto3."""

    def context(self, home, chain):
        return context(home, {})._replace(ca_bundle=chain.ca_bundle)

    def test_identity_center(self, tls, monkeypatch):
        aws, home = tls
        token_of_the_cli(home, "corp", token=SSO_TOKEN)
        text = (
            "[profile a]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = PortalRole\n"
            "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.example/start\n"
        )
        source = source_of(text, env={"AWS_ENDPOINT_URL_SSO": aws.url})
        chain = profile(tls, monkeypatch, f"{home}/right.pem")
        assert providers.fetch(source, self.context(home, chain)).account_id == "222222222222"

    def test_web_identity(self, tls, monkeypatch):
        aws, home = tls
        token = home / "token"
        token.write_text(webidentity.make(aws.world, issuer=ISSUER, subject="repo:example"))
        token.chmod(0o600)
        text = f"[profile a]\nrole_arn = {role('WebRole')}\nweb_identity_token_file = {token}\n"
        source = source_of(text, env={"AWS_ENDPOINT_URL_STS": aws.url})
        chain = profile(tls, monkeypatch, f"{home}/right.pem")
        assert providers.fetch(source, self.context(home, chain)).account_id == "222222222222"

    @pytest.mark.parametrize(
        "command",
        [
            ("whoami", "shared-services"),
            ("rotate", "shared-services", "--dry-run"),
            ("login", "dev", "--print"),
        ],
    )
    def test_commands(self, tls, tmp_path, command):
        """Commands that call STS, IAM and the console's sign-in themselves."""
        aws, home = tls
        other_home = Home(tmp_path, url=aws.url)
        other_home.make_vault()
        other_home.scenario()
        with open(other_home.config_path, encoding="utf-8") as file:
            text = file.read()
        other_home.config(text.replace("region =", f"ca_bundle = {home}/right.pem\nregion ="))
        done = other_home.run(*command)
        assert done.returncode == 0, done.stderr


class TestTheMachines:
    def test_tls_keys_are_written_nowhere(self, tls, monkeypatch, tmp_path):
        """With SSLKEYLOGFILE, anyone who reads that file could read the session."""
        aws, home = tls
        log = tmp_path / "keys"
        monkeypatch.setenv("SSLKEYLOGFILE", str(log))
        monkeypatch.setenv("AWS_CA_BUNDLE", f"{home}/right.pem")
        assert connects(aws.url)
        assert not log.exists()

    @pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
    def test_ssl_variables_move_the_machines_certificates(self, tls, monkeypatch, tmp_path, variable):
        """OpenSSL's variables say where the machine's certificates are; AWS's variables come before them."""
        aws, home = tls
        if variable == "SSL_CERT_DIR":
            (tmp_path / f"{subject_hash(home / 'right.pem')}.0").write_bytes(
                (home / "right.pem").read_bytes()
            )
        value = str(home / "right.pem") if variable == "SSL_CERT_FILE" else f"/nowhere:{tmp_path}"
        monkeypatch.setenv(variable, value)
        assert connects(aws.url)
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{home}/wrong.pem")
        assert not connects(aws.url)

    def test_botocores_certificates_are_only_a_fallback(self, monkeypatch, tmp_path):
        """Folders with certificates are enough; if they have none, the botocore package's certificates verify AWS."""
        monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
        monkeypatch.setenv("SSL_CERT_DIR", f"/nowhere:{tmp_path}")
        assert ca_trust.ssl_context(None).get_ca_certs()
        (tmp_path / "0.0").write_text("")
        assert not ca_trust.ssl_context(None).get_ca_certs()

    def test_pipe_as_certificate_file(self, monkeypatch, tmp_path):
        """OpenSSL would wait forever for a pipe without a writer."""
        pipe = str(tmp_path / "pipe")
        os.mkfifo(pipe)
        monkeypatch.setenv("SSL_CERT_FILE", pipe)
        with pytest.raises(errors.ConfigError, match="SSL_CERT_FILE: cannot read certificates"):
            ca_trust.ssl_context(None)


def test_pipe_as_bundle(tmp_path):
    """A pipe may never have a writer."""
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    with pytest.raises(errors.ConfigError, match=r"AWS_CA_BUNDLE: cannot read certificates from .*/pipe"):
        send("https://127.0.0.1:9", env={"AWS_CA_BUNDLE": pipe})
