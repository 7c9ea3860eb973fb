"""What `rotate` does: choose the entries, look at each key, replace it, and delete the sessions of the old key.

Joins vault/rotation/run.py with AWS's files and the cache. Prints and asks nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from vault import errors, limits
from vault.credentials.cached import open_cache
from vault.credentials.mfa_code import Codes
from vault.credentials.planned import chain_of, planned
from vault.keys.entries import journal_pairs
from vault.keys.iam_signer import NeedsMfa
from vault.profiles import aws_files
from vault.profiles.chain import VaultKey
from vault.rotation.journal import grace_ends
from vault.rotation.notes import notes
from vault.rotation.policy import ASK_FOR_POLICY
from vault.rotation.run import Rotation
from vault.store import vault
from vault.store.entry_lookup import find_entry
from vault.system import locks
from vault.system.files import Folder
from vault.text import command, safe
from vault.unlocking.keys import OpenedKeys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.context import Context
    from vault.keys.endpoint_trust import EndpointTrust
    from vault.rotation.run import RotationOutcome
    from vault.rotation.steps import RotationRequest, RunState
    from vault.store.vault import Entry, Opened, Payload
    from vault.system.locks import Lock

_LOCK = "rotate.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRotation:
    """A rotation that can start: the keys at AWS, and notes for the user, one line each."""

    name: str
    rotation: Rotation
    state: RunState
    notes: tuple[str, ...] = ()

    @property
    def entry(self) -> Entry:
        """The entry as it was last read or written."""
        return self.rotation.entry

    @property
    def age(self) -> int | None:
        """How old the entry's key is at AWS, in seconds."""
        key = self.state.key(self.entry.access_key_id)
        return self.state.now - key.created if key is not None else None

    @property
    def kept_until(self) -> int | None:
        """When the old key may be deleted (Unix seconds), or None."""
        journal = self.entry.journal
        return grace_ends(journal) if journal is not None and journal.step == "grace" else None


def choose_entries(payload: Payload, names: Sequence[str], *, everything: bool) -> list[str]:
    """The entries to rotate, one for each key. If several entries have the same key, the one with the rotation's
    journal.

    Usage if none is named and there are several; NotFound.
    """
    if everything:
        names = sorted(payload.entries)
    elif not names:
        if len(payload.entries) != 1:
            listed = ", ".join(safe(name) for name in sorted(payload.entries)) or "no entries"
            raise errors.Usage(
                f"no entry is named, and the vault has {listed}",
                hint="name the entry to rotate, or add --all",
            )
        names = list(payload.entries)
    for name in names:
        find_entry(payload, name)
    in_rotation = {
        entry.access_key_id: name for name, entry in payload.entries.items() if entry.journal is not None
    }
    chosen: dict[str, str] = {}
    for name in names:
        key_id = payload.entries[name].access_key_id
        chosen.setdefault(key_id, in_rotation.get(key_id, name))
    return list(chosen.values())


def lock_rotations(context: Context) -> Lock:
    """The lock that keeps other rotations of this vault out. Declined if another one runs."""
    with Folder.open(context.paths.state, create=True) as folder:
        lock = locks.try_lock(folder, _LOCK)
    if lock is None:
        raise errors.Declined(
            "another awsvault-py is rotating keys", hint="wait until it ends, then run the command again"
        )
    return lock


def prepare(
    context: Context,
    opened: Opened,
    name: str,
    *,
    trust: EndpointTrust,
    tell: Callable[[str], None],
    progress: Callable[[int], None] | None = None,
    mfa_code: str | None = None,
    sync: Callable[[], None] | None = None,
) -> PreparedRotation:
    """Look at the keys at AWS and at what else uses the key. Changes nothing. Errors: Refused, Unreachable, Usage,
    Untrusted.

    ``tell`` gets what is being done; ``progress`` gets how many times in a row the new key has worked. ``sync`` syncs the vault
    between the steps, if other machines share it; the caller has synced before.
    """
    context = context.with_deadline(limits.ROTATION_MOST)
    # Read again, under the lock: another rotation may have ended since the vault was opened.
    opened = vault.open_with_main_key(context.paths, opened.k_main)
    if name not in opened.payload.entries:
        raise errors.NotFound(f'the entry "{safe(name)}" is no longer in the vault')
    keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
    codes = Codes(context, keys, given=mfa_code)
    rotation = Rotation(
        context, opened, name, codes=codes, trust=trust, tell=tell, progress=progress, sync=sync
    )
    try:
        state = rotation.look()
    except errors.Refused as error:
        if error.code == "InvalidClientTokenId":
            error.hint = (
                "the key was deactivated, rotated or deleted elsewhere. Activate it in the IAM console, or store the "
                f"key that replaced it: {command('add --replace', name)}"
            )
        elif error.code == "AccessDenied" and not isinstance(error, NeedsMfa):
            error.hint = ASK_FOR_POLICY
        raise
    found = tuple(notes(context, opened.payload, name, state))
    return PreparedRotation(name=name, rotation=rotation, state=state, notes=found)


def carry_out(
    context: Context, opened: Opened, prepared: PreparedRotation, request: RotationRequest
) -> RotationOutcome:
    """Rotate, then delete the cached sessions of the replaced key. Errors: those of ``Rotation.run``."""
    if request.delete_other is not None:
        _check_not_in_vault(opened.payload, prepared.name, request.delete_other)
    outcome = prepared.rotation.run(request)
    if outcome.replaced is not None:
        _drop_sessions(context, opened, outcome.replaced)
    return outcome


def _check_not_in_vault(payload: Payload, rotated: str, key_id: str) -> None:
    """Declined if ``--delete-other`` names a key of the vault."""
    for name, entry in payload.entries.items():
        if entry.access_key_id == key_id:
            owner = "is the key to rotate" if name == rotated else f'is the key of the entry "{safe(name)}"'
            raise errors.Declined(
                f"{safe(key_id)} {owner}", hint="name the user's other key with --delete-other"
            )
        if key_id in {pair.access_key_id for pair in journal_pairs(entry)}:
            raise errors.Declined(
                f'{safe(key_id)} is in the vault: it is part of the rotation of the entry "{safe(name)}"',
                hint=f"to complete that rotation: {command('rotate --finish', name)}",
            )


def _drop_sessions(context: Context, opened: Opened, key_id: str) -> None:
    """Delete the cached sessions that start with the old key. Their digests include its ID, so nothing will use them again."""
    try:
        config = aws_files.load(context.env, home=context.paths.home)
    except errors.Error:
        return
    keys = OpenedKeys(opened, paths=context.paths, clock=context.clock)
    cache = open_cache(context, keys)
    for name in config.profiles:
        try:
            chain = chain_of(context, config, name, keys)
            if not isinstance(chain.source, VaultKey):
                continue
            alternatives = planned(context, chain, keys).alternatives(key_id=key_id)
        except errors.Error:
            continue
        for way in alternatives:
            for _, name_in_cache in way:
                cache.forget(name_in_cache)
