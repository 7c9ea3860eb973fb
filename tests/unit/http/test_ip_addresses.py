"""Which addresses are this machine's own, in every spelling, and which hosts may be asked for a container's credentials."""

from __future__ import annotations

import random

import pytest
from botocore.utils import ContainerMetadataFetcher

from tests.unit.aws.provider_context import GOOD, context, source_of
from tests.unit.aws.recorder import Recorder
from vault import errors
from vault.aws import providers, proxies, transport
from vault.aws.service_endpoint import ServiceEndpoint
from vault.http import ip_addresses

SEEDED = random.Random(14)
IPV4 = [
    "127.0.0.1", "127.0.0.2", "127.255.255.255", "127.0.0.0", "127.1", "0x7f.0.0.1", "2130706433",
    *(f"127.{SEEDED.randrange(256)}.{SEEDED.randrange(256)}.{SEEDED.randrange(256)}" for _ in range(20)),
]  # fmt: skip


def spellings_of_one():
    """Every way to write ::1: groups with and without leading zeros, and a run of them left out at each place."""
    for zero, one in (("0", "1"), ("0000", "0001"), ("00", "01")):
        groups = [zero] * 7 + [one]
        yield ":".join(groups)
        for first in range(7):
            for last in range(first + 1, 8):
                yield ":".join(groups[:first]) + "::" + ":".join(groups[last:])
    yield from ("::0.0.0.1", "0:0:0:0:0:0:0.0.0.1", "::ffff:127.0.0.1", "::FFFF:7f00:1", "::ffff:7f09:807")


LOOPBACK = ["localhost", *IPV4, *spellings_of_one()]
OTHERS = [
    "128.0.0.1", "126.255.255.255", "127.0.0.1.example", "127.example.org", "127.0.0", "localhost.example", "::2", "::",
    "1::1", "::ffff:128.0.0.1", "::127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254", "fd00:ec2::254", "example.org",
    "x" * 300, "",
]  # fmt: skip


def url_of(host):
    return f"http://[{host}]:8080/x" if ":" in host else f"http://{host}:8080/x"


@pytest.mark.parametrize("host", LOOPBACK)
def test_each_spelling_is_this_machine(host):
    """Plain http may go there, and no proxy is used."""
    assert ip_addresses.is_loopback(host)
    to = ServiceEndpoint(url_of(host), "us-east-1").checked()
    assert proxies.proxy_for(to, {"HTTP_PROXY": "http://127.0.0.1:1"}) is None


@pytest.mark.parametrize("host", [host for host in OTHERS if host])
def test_look_alikes_are_not_this_machine(host):
    """Plain http is refused."""
    assert ip_addresses.is_loopback(host) == (
        host == "127.0.0"
    )  # which is 127.0.0.0, for who makes the connection
    if host != "127.0.0":
        with pytest.raises(errors.ConfigError, match="plain http"):
            ServiceEndpoint(url_of(host), "us-east-1").checked()


class TestAContainersCredentials:
    """We ask the addresses that botocore asks."""

    SOURCE = "[profile a]\nrole_arn = arn:aws:iam::222222222222:role/R\ncredential_source = EcsContainer\n"
    NAMED = ("169.254.170.2", "169.254.170.23", "fd00:ec2::23")

    def asked(self, url, tmp_path, monkeypatch):
        """Where the fetch would have gone, or the error that ends it."""
        seen = []

        def send(to, **_):
            seen.append(to)
            raise errors.Unreachable("nobody")

        monkeypatch.setattr(transport, "send", send)
        env = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url}
        with pytest.raises(errors.Error) as caught:
            providers.fetch(source_of(self.SOURCE), context(tmp_path, env))
        return seen, caught.value

    @pytest.mark.parametrize("host", [*LOOPBACK, *NAMED, "fd00:0ec2:0::23", *OTHERS[:-2]])
    def test_as_botocore(self, host, tmp_path, monkeypatch):
        """Every address that botocore accepts, and more spellings of the same addresses."""
        url = url_of(host)
        seen, error = self.asked(url, tmp_path, monkeypatch)
        expected = ip_addresses.is_loopback(host) or ip_addresses.canonical(host) in self.NAMED
        assert bool(seen) == expected, error
        try:
            ContainerMetadataFetcher()._validate_allowed_url(url)
        except ValueError:
            pass
        else:
            assert seen

    @pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1", "127.example.org"])
    def test_refusal_names_the_allowed_hosts(self, host, tmp_path, monkeypatch):
        """The message names the host and the addresses that plain http may go to."""
        _, error = self.asked(url_of(host), tmp_path, monkeypatch)
        assert isinstance(error, errors.ConfigError)
        for word in (host, "127.0.0.0/8", "::1", *self.NAMED):
            assert word in error.message
        assert "allow_http" in error.hint
        assert "https" in error.hint

    def test_server_on_another_loopback_address(self, tmp_path):
        """Its credentials are used, whatever proxy is set."""
        import json

        body = json.dumps({**{k: v for k, v in GOOD.items() if k != "SessionToken"}, "Token": "t"}).encode()
        with Recorder(bodies=[body], host="127.9.8.7") as server:
            env = {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/x",
                "HTTP_PROXY": "http://127.0.0.1:1",
            }
            found = providers.fetch(source_of(self.SOURCE), context(tmp_path, env))
        assert found.credentials.access_key_id == GOOD["AccessKeyId"]
