"""What STS gives and takes, as values: keys, sessions, identities. Reads nothing, calls nothing, imports no SDK."""

from __future__ import annotations

from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.secret import Secret


class Credentials(NamedTuple):
    """A key pair that signs. ``token`` is None for a long-lived key."""

    access_key_id: str
    secret: Secret
    token: Secret | None = None


class Session(NamedTuple):
    """Temporary credentials. ``expiration`` and ``issued`` are Unix seconds, ``issued`` by AWS's own Date.

    ``account_id`` is 12 digits, or None where the answer does not tell.
    """

    credentials: Credentials
    expiration: int
    account_id: str | None
    issued: int


class Identity(NamedTuple):
    """Who a key is: GetCallerIdentity's answer."""

    account: str
    arn: str
    user_id: str

    @property
    def user(self) -> str | None:
        """The IAM user's name, the last part of its ARN; None for a role, the root or a federated user."""
        kind, _, path = self.arn.rpartition(":")[2].partition("/")
        return path.rpartition("/")[2] if kind == "user" and path else None
