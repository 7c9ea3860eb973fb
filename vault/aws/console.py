"""The console's sign-in by federation: a role's session for a sign-in token, and the address that uses it.

AWS's rules: only a role's session signs in, and the token is good for 15 minutes. The session goes in a POST's body,
so that no proxy writes it down with an address (IAM User Guide, custom identity broker).
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from vault import errors
from vault.aws import service_errors, transport
from vault.secret import Secret
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.credentials import Credentials
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.system.clock import Deadline

UNTRUSTED_REASON = "it would get the whole session"  # a reason in a message
_WORD = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_TOKEN = re.compile(r"[!-~]{1,16384}", re.ASCII)


class Site(NamedTuple):
    """A partition's console: the hosts of its pages and of its sign-in; ``{region}`` stands for a region."""

    pages: str
    signin: str


# Sign-in hosts as the signin service's endpoint rules have them. In the isolated partitions pages have no regional name
# that is documented.
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
    """Where a session is changed for a token: ``configured`` (a custom endpoint), else the partition's own host."""
    if configured is not None:
        path = urlsplit(configured).path.rstrip("/")
        return configured.rstrip("/") + ("" if path.endswith("/federation") else "/federation")
    return f"https://{SITES[partition].signin.format(region=region)}/federation"


def page(partition: str, *, region: str, service: str | None = None, path: str | None = None) -> str:
    """The page to land on: a service's first, or ``path`` of the console. Usage where neither can be one."""
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
                f"--path is {safe(path, limit=80)!r}, which is no path of the console",
                hint="give what follows the host: /cloudwatch/home?region=eu-west-1",
            )
        return start + path
    word = service if service is not None else "console"
    if not _WORD.fullmatch(word):
        raise errors.Usage(
            f"--service is {safe(word, limit=80)!r}, which is no service's name",
            hint="give one as in s3, ec2, cloudwatch",
        )
    return f"{start}/{word}/home?region={quote(region)}"


def signin_token(
    credentials: Credentials, *, endpoint: ServiceEndpoint, deadline: Deadline, subject: str
) -> Secret:
    """The token for a role's session. Refused where AWS does not take it, Unreachable, Untrusted."""
    from vault.secret import Secret

    if credentials.token is None:
        raise errors.Internal("a key without a session was to sign in")
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
            f"{subject}: AWS refused the sign-in ({reply.status})",
            code="SigninRefused",
            hint="run: awsvault-py login PROFILE again for a fresh session; the role's session must be valid now",
        )
    try:
        token = json.loads(reply.body)["SigninToken"]
    except (ValueError, KeyError, TypeError):
        token = None
    if reply.status != 200 or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise service_errors.not_awss(
            to.host, reply.status, reply.body, reason="no token to sign in with", about=subject
        )
    return Secret(token)


def signin_url(federation: str, *, page: str, token: Secret, issuer: str) -> Secret:
    """The address that signs in and lands on ``page``. Whoever has it is signed in: it is a secret for 15 minutes."""
    query = urlencode(
        {"Action": "login", "Issuer": issuer, "Destination": page, "SigninToken": token.reveal_text()},
        quote_via=quote,
    )
    return Secret(f"{federation}?{query}")
