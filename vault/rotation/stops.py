"""The errors with which a run of a rotation ends, and what they say of the keys. Pure."""

from __future__ import annotations

from vault import errors
from vault.keys.iam_signer import NeedsMfa
from vault.rotation.policy import ASK_FOR_POLICY
from vault.text import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.vault import Entry


def stopped(
    error: errors.Refused | errors.Unreachable, entry: Entry, *, started: bool
) -> errors.RotationStopped:
    """The error if AWS failed while the entry has the old key. ``started``: the journal says how to continue."""
    hint = error.hint
    if error.code == "AccessDenied" and not isinstance(error, NeedsMfa):
        hint = ASK_FOR_POLICY
    return errors.RotationStopped(
        f"{error.message}; the key {entry.access_key_id} is still in use",
        hint=hint if not started or isinstance(error, errors.Refused) else None,
    )


def in_use(error: errors.Error, entry: Entry, name: str) -> errors.Error:
    """AWS's own error, or a sync's, after the new key took over."""
    error.message = f"the new key {entry.access_key_id} is in use, but a later step failed: {error.message}"
    error.args = (error.message,)
    error.hint = _continue(name)
    return error


def not_shared(error: errors.Error, entry: Entry, name: str) -> errors.RotationStopped:
    """The error if a sync failed while the entry has the old key."""
    later = _continue(name)
    return errors.RotationStopped(
        f"the other machines could not be told of the rotation: {error.message}; the key {entry.access_key_id} is still in use",
        hint=later if isinstance(error, errors.Unreachable) else f"{error.hint}; {later}",
    )


def _continue(name: str) -> str:
    return f"to continue, run: {command('rotate', name)}"
