"""The JSON that credential_process prints and the session cache stores. Pure.

One ASCII line with ``Version`` first, ``Expiration`` in whole seconds of UTC, and no key without a value: the form that
every SDK accepts (docs/resolution.md, which clients accept the answer).
"""

from __future__ import annotations

import time

from vault import plain_json
from vault.aws.credentials import Credentials, Session
from vault.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MalformedCredentials(ValueError):
    """The bytes are not what ``encode`` writes. The error says nothing about their content."""


def encode(credentials: Credentials, *, expires: int | None = None, account_id: str | None = None) -> bytes:
    """The line for ``credentials``. ``expires`` is Unix seconds, None for a key that does not expire."""
    found: dict[str, Any] = {
        "Version": 1,
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret.reveal_text(),
    }
    if credentials.token is not None:
        found["SessionToken"] = credentials.token.reveal_text()
    if expires is not None:
        found["Expiration"] = rfc3339(expires)
    if account_id:
        found["AccountId"] = account_id
    return plain_json.dumps(found).encode("ascii") + b"\n"


def of_session(session: Session) -> bytes:
    """The line for ``session``."""
    return encode(session.credentials, expires=session.expiration, account_id=session.account_id)


def fields(line: bytes) -> dict[str, str]:
    """The line's text values by name, without ``Version``. MalformedCredentials."""
    try:
        found = plain_json.loads(line.decode())
    except (ValueError, RecursionError):
        raise MalformedCredentials from None
    if not isinstance(found, dict):
        raise MalformedCredentials
    values = {name: value for name, value in found.items() if name != "Version"}
    if not all(isinstance(value, str) for value in values.values()) or not {
        "AccessKeyId",
        "SecretAccessKey",
    } <= set(values):
        raise MalformedCredentials
    return values


def credentials_of(line: bytes) -> Credentials:
    """The credentials in a line. MalformedCredentials."""
    found = fields(line)
    token = found.get("SessionToken")
    return Credentials(
        found["AccessKeyId"], Secret(found["SecretAccessKey"]), Secret(token) if token else None
    )


def rfc3339(when: int) -> str:
    """Unix seconds as ``2026-01-31T23:59:59Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))
