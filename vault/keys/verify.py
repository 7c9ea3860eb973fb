"""Whether AWS knows a key, and whose it is: GetCallerIdentity."""

from __future__ import annotations

from vault.aws import sts
from vault.errors import Unreachable
from vault.keys.service_endpoints import sts_endpoint
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.credentials import Credentials, Identity
    from vault.context import Context


class Verification(NamedTuple):
    """What AWS said of a key: its identity, or why AWS could not be reached. Both None: AWS was not asked."""

    identity: Identity | None = None
    unreachable: str | None = None


def verify(context: Context, credentials: Credentials, *, name: str) -> Verification:
    """Ask AWS for the key's identity. Refused if AWS does not know it; that AWS is unreachable is part of the answer."""
    endpoint = sts_endpoint(context, name)
    try:
        identity = sts.get_caller_identity(
            credentials, endpoint=endpoint, deadline=context.new_deadline(), subject=name
        )
    except Unreachable as error:
        return Verification(unreachable=error.message)
    return Verification(identity)
