"""The key ``sync`` of this machine's vault: taken from a payload, and put into one."""

from __future__ import annotations

from dataclasses import replace

from vault import errors
from vault.store.strict_json import JsonError
from vault.sync import state_codec
from vault.sync.state_codec import SYNC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.payload import Payload
    from vault.sync.local import LocalSync


def find(payload: Payload) -> LocalSync | None:
    """What the vault keeps of other machines; None if it has no remote. Damaged.

    A bucket's file that was restored as a vault has no machine of its own yet.
    """
    value = payload.unknown.get(SYNC)
    if value is None or (isinstance(value, dict) and "me" not in value):
        return None
    try:
        return state_codec.local_of(value)
    except JsonError as error:
        raise errors.Damaged(
            f"what the vault keeps of other machines cannot be read: {error}",
            hint="a later version of awsvault-py may have written it: update awsvault-py, or restore a backup",
        ) from None


def require(payload: Payload) -> LocalSync:
    """Like ``find``; NotFound if there is no remote."""
    local = find(payload)
    if local is None:
        raise errors.NotFound("this vault has no remote", hint="run: awsvault-py remote add s3://BUCKET/KEY")
    return local


def keep(payload: Payload, local: LocalSync | None) -> Payload:
    """``payload`` with ``local``, or without any."""
    unknown = {key: value for key, value in payload.unknown.items() if key != SYNC}
    if local is not None:
        unknown[SYNC] = state_codec.local_json(local)
    return replace(payload, unknown=unknown)
