"""Start URLs under a company's own host: one question without a token, one redirect, to AWS's."""

from __future__ import annotations

import http.server
import os
import ssl
import threading

import pytest

from tests.certificates import self_signed
from tests.vaults import soon
from vault import errors
from vault.aws.sso_start_url import at_aws
from vault.profiles.aws_files import Origin, Setting

AT_AWS = "https://example.awsapps.com/start"


@pytest.fixture
def company(tmp_path, monkeypatch):
    """A host that answers as it is told; ``url`` is its start URL, ``seen`` what came."""
    chain, private = self_signed(tmp_path)

    class Company(http.server.BaseHTTPRequestHandler):
        def answer(self):
            server = self.server
            server.seen.append((self.command, self.path, dict(self.headers)))
            status = 405 if self.command == "HEAD" and server.no_head else server.status
            self.send_response(status)
            if server.location:
                self.send_header("Location", server.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_GET = answer  # noqa: N815  # http.server's names

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Company)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, private)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.seen, server.status, server.location, server.no_head = [], 302, AT_AWS, False
    server.url = f"https://127.0.0.1:{server.server_address[1]}/start"
    monkeypatch.setenv("AWS_CA_BUNDLE", chain)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def resolved(url):
    return at_aws(url, place="config:2", deadline=soon())


@pytest.mark.parametrize(
    "url",
    [
        AT_AWS,
        "https://d-1234567890.awsapps.com/start/#/",
        "https://ssoins-1.portal.us-east-1.app.aws",
        "https://identitycenter.amazonaws.com/ssoins-1",
        "http://127.0.0.1:9/start",
        "no URL",
    ],
)
def test_what_is_aws_or_no_https_is_not_asked(url):
    """Nothing listens there, or it would take a call to the network."""
    assert resolved(url) == url


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_aws_is_followed(company, status):
    """By one HEAD without a body, a cookie or a token. A / at the end, a query and a fragment are left out."""
    company.status, company.location = status, AT_AWS + "/?a=b#/"
    assert resolved(company.url + "/#/") == AT_AWS
    ((method, path, headers),) = company.seen
    assert (method, path) == ("HEAD", "/start/")
    assert {name.lower() for name in headers} <= {"host", "user-agent", "connection", "accept-encoding"}


def test_the_ca_bundle_of_a_profile_counts(company, monkeypatch):
    """As for the calls that follow."""
    bundle = Setting("ca_bundle", os.environ["AWS_CA_BUNDLE"], Origin("config", 1))
    monkeypatch.delenv("AWS_CA_BUNDLE")
    assert at_aws(company.url, place="config:2", deadline=soon(), ca_bundle=bundle) == AT_AWS


def test_a_host_without_head_is_asked_by_get(company):
    company.no_head = True
    assert resolved(company.url) == AT_AWS
    assert [method for method, _, _ in company.seen] == ["HEAD", "GET"]


@pytest.mark.parametrize(
    "location",
    [
        "https://awsapps.com.example/start",
        "https://example.com/?https://example.awsapps.com",
        "http://example.awsapps.com/start",
        "https://user@example.awsapps.com/start",
        "/elsewhere",
        "https://[",
    ],
)
def test_a_redirect_elsewhere_is_an_error(company, location):
    """Also one to itself: a second redirect is not followed."""
    company.location = location
    with pytest.raises(errors.ConfigError, match=r"config:2: the start URL .* redirects to"):
        resolved(company.url)
    assert len(company.seen) == 1


@pytest.mark.parametrize("status", [200, 404, 500])
def test_without_a_redirect_aws_has_to_know_it(company, status):
    company.status = status
    assert resolved(company.url) == company.url


def test_a_host_that_does_not_answer_changes_nothing(company, monkeypatch):
    """Nor one whose certificate is not trusted."""
    monkeypatch.delenv("AWS_CA_BUNDLE")
    assert resolved(company.url) == company.url
    assert company.seen == []
