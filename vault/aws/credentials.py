"""Credentials, sessions and identities as values. No files, no calls, no SDK."""

from __future__ import annotations

from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.secret import Secret


class Credentials(NamedTuple):
    """What signs a request. ``token`` is None for a long-lived key."""

    access_key_id: str
    secret: Secret
    token: Secret | None = None


class Session(NamedTuple):
    """Temporary credentials. ``expiration`` and ``issued`` are Unix seconds, ``issued`` is AWS's Date.

    ``account_id`` is 12 digits, or None if the answer does not tell.
    """

    credentials: Credentials
    expiration: int
    account_id: str | None
    issued: int


class Identity(NamedTuple):
    """Whose credentials these are: the answer of GetCallerIdentity."""

    account: str
    arn: str
    user_id: str

    @property
    def user(self) -> str | None:
        """The IAM user's name, the last part of its ARN; None for a role, the root user or a federated user."""
        kind, _, path = self.arn.rpartition(":")[2].partition("/")
        return path.rpartition("/")[2] if kind == "user" and path else None
