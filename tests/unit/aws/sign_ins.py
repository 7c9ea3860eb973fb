"""Sign-ins to the stand-in's Identity Center, for tests."""

import base64
import hashlib
import http.client
from urllib.parse import parse_qsl, urlsplit

from tests.home import STAND_IN
from tests.patience import PATIENCE
from vault.aws import hosts, sso_oidc
from vault.aws.service_endpoint import ServiceEndpoint
from vault.secret import Secret

START_URL = "https://corp.example/start"
SCOPES = ("sso:account:access",)
REDIRECT = "http://127.0.0.1:49152/oauth/callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def endpoint(url, *, service=hosts.OIDC, trusted=(STAND_IN,), **more):
    return ServiceEndpoint(url, "us-east-1", place="config:8", service=service, trusted_hosts=trusted, **more)


def get(url):
    """Status, Location and text of a page, as a browser gets it; redirects are not followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    connection.request("GET", f"{parts.path}?{parts.query}")
    with connection.getresponse() as answer:
        found = answer.status, answer.headers.get("Location", ""), answer.read().decode()
    connection.close()
    return found


def authorize(aws, registration, *, scopes=SCOPES, state="a state", **changed):
    """What the browser brings to the redirect URI: its query."""
    given = {"redirect_uri": REDIRECT, "challenge": CHALLENGE, "scopes": scopes, "state": state, **changed}
    _, location, _ = get(sso_oidc.authorize_url(endpoint(aws.url), registration, **given))
    assert location.startswith(given["redirect_uri"] + "?")
    return dict(parse_qsl(urlsplit(location).query))


def sign_in(aws, deadline, *, scopes=SCOPES):
    """A sign-in by browser: the registration and its tokens."""
    to = endpoint(aws.url)
    registration = sso_oidc.register(to, start_url=START_URL, scopes=scopes, deadline=deadline)
    code = authorize(aws, registration, scopes=scopes)["code"]
    return registration, sso_oidc.token_of_code(
        to,
        registration,
        code=Secret(code),
        verifier=Secret(VERIFIER),
        redirect_uri=REDIRECT,
        deadline=deadline,
    )
