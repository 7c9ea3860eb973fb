"""The environment variables of AWS's tools that hold credentials. Pure. The warm exec loads it, so it imports nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# The second is the older name: boto 2 reads only that one, boto3 reads it first, other SDKs never read it.
TOKEN_VARIABLES = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
_CREDENTIALS = frozenset(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", *TOKEN_VARIABLES))


def session_token_in(env: Mapping[str, str]) -> str:
    """The session token in ``env`` under either name; empty for a long-lived key."""
    return next((env[name] for name in TOKEN_VARIABLES if env.get(name)), "")


def without_credentials(env: Mapping[str, str]) -> dict[str, str]:
    """``env`` for a program that needs no credentials, such as a browser."""
    return {name: value for name, value in env.items() if name not in _CREDENTIALS}
