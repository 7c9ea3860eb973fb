"""The console's sign-in by federation: a sign-in token for a session, and the URL that uses it.

AWS's rules: only a session of a role or of GetFederationToken can sign in, and the token is valid for 15 minutes. The session goes into the body of a
POST, so that no proxy logs it with the URL (IAM User Guide, custom identity broker).
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlencode, urlsplit

from vault import errors
from vault.aws import service_errors, transport
from vault.records import NamedTuple
from vault.secret import Secret
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.credentials import Credentials
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.system.clock import Deadline

UNTRUSTED_REASON = "it would receive the session"  # a reason in a message
_WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_TOKEN = re.compile(r"[!-~]{1,16384}", re.ASCII)


class Site(NamedTuple):
    """A partition's console: the hosts of its pages and of its sign-in; ``{region}`` stands for a region."""

    pages: str
    signin: str


# Sign-in hosts are from the endpoint rules of the signin service. The isolated partitions document no regional host for
# their pages.
SITES = {
    "aws": Site("{region}.console.aws.amazon.com", "signin.aws.amazon.com"),
    "aws-cn": Site("{region}.console.amazonaws.cn", "signin.amazonaws.cn"),
    "aws-us-gov": Site("{region}.console.amazonaws-us-gov.com", "signin.amazonaws-us-gov.com"),
    "aws-iso": Site("console.c2shome.ic.gov", "signin.c2shome.ic.gov"),
    "aws-iso-b": Site("console.sc2shome.sgov.gov", "signin.sc2shome.sgov.gov"),
    "aws-iso-e": Site("console.csphome.adc-e.uk", "signin.csphome.adc-e.uk"),
    "aws-iso-f": Site("console.csphome.hci.ic.gov", "signin.csphome.hci.ic.gov"),
    "aws-eusc": Site("{region}.console.amazonaws-eusc.eu", "{region}.signin.amazonaws-eusc.eu"),
}


def federation_url(partition: str, *, region: str, configured: str | None) -> str:
    """The URL that gives a token for a session: ``configured`` (a custom endpoint), otherwise the partition's own."""
    if configured is not None:
        path = urlsplit(configured).path.rstrip("/")
        return configured.rstrip("/") + ("" if path.endswith("/federation") else "/federation")
    return f"https://{SITES[partition].signin.format(region=region)}/federation"


def page(partition: str, *, region: str, service: str | None = None, path: str | None = None) -> str:
    """The URL of the page to open: the home page of ``service``, or ``path``. Usage if either is invalid."""
    start = f"https://{SITES[partition].pages.format(region=region)}"
    if path is not None:
        if (
            not path.startswith("/")
            or path.startswith("//")
            or not path.isascii()
            or not path.isprintable()
            or " " in path
        ):
            raise errors.Usage(
                f"--path {safe(path, limit=80)!r} is not a path of the console",
                hint="give the part after the host, such as /cloudwatch/home?region=eu-west-1",
            )
        return start + path
    word = service if service is not None else "console"
    if not _WORD.fullmatch(word):
        raise errors.Usage(
            f"--service {safe(word, limit=80)!r} is not the name of a service",
            hint="give a name such as s3, ec2 or cloudwatch",
        )
    return f"{start}/{word}/home?region={quote(region)}"


def signin_token(
    credentials: Credentials, *, endpoint: ServiceEndpoint, deadline: Deadline, subject: str
) -> Secret:
    """The sign-in token for a session. Errors: Refused, Unreachable, Untrusted."""
    from vault.secret import Secret

    if credentials.token is None:
        raise errors.Internal("sign-in with a key that is not a session")
    session = json.dumps(
        {
            "sessionId": credentials.access_key_id,
            "sessionKey": credentials.secret.reveal_text(),
            "sessionToken": credentials.token.reveal_text(),
        }
    )
    body = urlencode({"Action": "getSigninToken", "Session": session}).encode("ascii")
    to = endpoint.trusted(UNTRUSTED_REASON)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "host": to.host,
        "user-agent": "awsvault-py",
        "accept": "application/json",
    }
    reply = transport.send(
        to, method="POST", headers=headers, body=body, deadline=deadline, ca_bundle=endpoint.ca_bundle
    )
    if reply.status == 400:
        raise errors.Refused(
            f"{subject}: AWS refused the sign-in to the console ({reply.status})",
            code="SigninRefused",
            hint="the session has expired, or is one of GetSessionToken, which cannot sign in; use a role or the user's key",
        )
    try:
        token = json.loads(reply.body)["SigninToken"]
    except (ValueError, KeyError, TypeError):
        token = None
    if reply.status != 200 or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise service_errors.not_from_aws(
            to.host, reply.status, reply.body, reason="no sign-in token", about=subject
        )
    return Secret(token)


def signin_url(federation: str, *, page: str, token: Secret, issuer: str) -> Secret:
    """The URL that signs in and opens ``page``. It signs in anyone who has it, so it is a secret for 15 minutes."""
    query = urlencode(
        {"Action": "login", "Issuer": issuer, "Destination": page, "SigninToken": token.reveal_text()},
        quote_via=quote,
    )
    return Secret(f"{federation}?{query}")
