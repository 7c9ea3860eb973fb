"""Credentials from a provider, each field checked before it is trusted. Pure. Errors name the field, never its value."""

from __future__ import annotations

from vault import errors, limits
from vault.aws.credentials import Credentials
from vault.profiles.values import is_account
from vault.records import NamedTuple
from vault.secret import Secret
from vault.system import timestamps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.aws.credentials import Session


class FetchedCredentials(NamedTuple):
    """What a provider gave. ``expiration`` and ``issued`` are Unix seconds; ``expiration`` is None for a key that does not expire."""

    credentials: Credentials
    expiration: int | None
    account_id: str | None
    issued: int


def of_session(session: Session) -> FetchedCredentials:
    """A session of STS."""
    return FetchedCredentials(session.credentials, session.expiration, session.account_id, session.issued)


def json_object(raw: bytes, *, what: str) -> dict[str, Any]:
    """The JSON object in ``raw``. ConfigError if there is none. ``what`` begins the message."""
    import json

    try:
        found = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise errors.ConfigError(f"{what}: not a JSON object")
    return found


def check_fields(
    fields: dict[str, Any],
    *,
    what: str,
    token: str = "SessionToken",  # noqa: S107  # a field's name
    now: float,
) -> FetchedCredentials:
    """The credentials in ``fields``, if each has a form that can be passed on. Otherwise ConfigError.

    ``token`` is the name of the session token's field; ``what`` begins the message.
    """
    key = _text(fields, "AccessKeyId", limits.MAX_ACCESS_KEY_ID, what)
    secret = _text(fields, "SecretAccessKey", limits.MAX_SECRET_KEY, what)
    session = _text(fields, token, limits.MAX_SESSION_TOKEN, what, optional=True)
    expires = _text(fields, "Expiration", limits.MAX_TIME_TEXT, what, optional=True, blanks=True)
    expiration = expiry(expires, what=what) if expires is not None else None
    if expiration is not None and expiration <= now:
        raise errors.ConfigError(
            f"{what}: the credentials have already expired",
            hint="check this machine's clock; if it is right, get new credentials from this provider",
        )
    account = fields.get("AccountId")
    return FetchedCredentials(
        Credentials(key or "", Secret(secret or ""), Secret(session) if session is not None else None),
        expiration,
        str(account) if is_account(account) else None,
        int(now),
    )


def _text(
    fields: dict[str, Any], name: str, most: int, what: str, *, optional: bool = False, blanks: bool = False
) -> str | None:
    value = fields.get(name)
    if optional and (value is None or value == ""):
        return None
    text = value if isinstance(value, str) else ""
    text = text.strip() if blanks else text
    if not (0 < len(text) <= most and text.isascii() and text.isprintable()) or (" " in text and not blanks):
        raise errors.ConfigError(f"{what}: no valid {name}")
    return text


def expiry(text: str, *, what: str) -> int:
    """Unix seconds of a time with a time zone, in the forms that SDKs accept. Otherwise ConfigError."""
    found = timestamps.unix(text)
    if found is None:
        raise errors.ConfigError(f"{what}: Expiration is not a time with a time zone")
    return found
