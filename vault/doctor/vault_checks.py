"""Checks of the vault, its keys, the agent and the session cache."""

from __future__ import annotations

import os

from vault import limits
from vault.doctor.findings import Finding, Remove, split_place
from vault.migrate import plaintext_keys
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts


def no_vault(s: Facts) -> Iterator[Finding]:
    """No vault yet."""
    if not s.has_vault:
        yield Finding(
            level="note",
            where=safe(s.paths.vault),
            message="there is no vault yet",
            fix="awsvault-py import" if _movable(s) else "awsvault-py add NAME",
        )


def _movable(s: Facts) -> bool:
    """Whether import would find a key."""
    found = plaintext_keys.find(s.files)[0] if s.files is not None else []
    config = s.config
    return config is not None and any(
        plaintext_keys.unmovable(config, o.profile, o.origin) is None for o in found
    )


def vault_unreadable(s: Facts) -> Iterator[Finding]:
    """A vault that is damaged, rolled back, or not to be read."""
    if s.vault_error is not None:
        _, text = split_place(s.vault_error)
        yield Finding(level="error", where=safe(s.paths.vault), message=text, fix="awsvault-py restore")


def one_way_in(s: Facts) -> Iterator[Finding]:
    """One way to open the vault: who loses it loses what the vault holds."""
    ways = [slot for slot in s.header.slots if slot.opens == "main"] if s.header is not None else []
    if len(ways) == 1:
        yield Finding(
            level="note",
            where=safe(s.paths.vault),
            message=f"there is one way to open it ({ways[0].type})",
            fix="awsvault-py slots add recovery",
        )


def no_backup(s: Facts) -> Iterator[Finding]:
    """No backup that was made here, or none since its master keys were renewed. Copies beside it go with the disk."""
    if s.header is None:
        return
    renewed = s.opened.payload.rekeyed if s.opened is not None else None
    old = s.backup is not None and renewed is not None and s.backup < renewed
    if s.backup is None or old:
        yield Finding(
            level="note",
            where=safe(s.paths.vault),
            message="its backup is from before its keys were renewed (passwd, rekey)"
            if old
            else "no backup of it was made on this machine",
            fix="awsvault-py backup FILE, on another disk",
        )


def no_pin(s: Facts) -> Iterator[Finding]:
    """No pin: an older vault in its place would go unnoticed, once."""
    if s.header is not None and not s.had_pin:
        yield Finding(
            level="note",
            where=safe(s.paths.state),
            message="no pin was kept here, so the vault is trusted as it lay there at first use",
            fix="compare its generation with another machine's, if it came from one",
        )


def keyring(s: Facts) -> Iterator[Finding]:
    """A keyring that does not work, where a slot needs it, or none at all."""
    if s.keyring_problem is None or s.header is None:
        return
    needed = any(slot.type == "keyring" for slot in s.header.slots)
    yield Finding(
        level="warning" if needed else "note",
        where="the OS keyring",
        message=f"it cannot be used: {safe(s.keyring_problem)}"
        + (", and a slot of the vault is kept there" if needed else ""),
        fix="unlock or start the desktop's keyring"
        if needed
        else "awsvault-py unlock keeps the vault open instead",
    )


def old_keys(s: Facts) -> Iterator[Finding]:
    """Access keys that are due for rotation."""
    for name, entry in s.opened.payload.entries.items() if s.opened is not None else ():
        age = s.now - entry.created
        if age > limits.KEY_AGE:
            yield Finding(
                level="warning",
                where=f"the vault, {safe(name)}",
                message=f"the key {safe(entry.access_key_id)} has been here for {int(age // 86_400)} days",
                fix=f"awsvault-py rotate {safe(name)}",
            )


def rotations(s: Facts) -> Iterator[Finding]:
    """A rotation under way: its old key waits to be deleted, or it stopped on the way."""
    for name, entry in s.opened.payload.entries.items() if s.opened is not None else ():
        if entry.journal is None:
            continue
        waiting = entry.journal.step == "grace"
        yield Finding(
            level="note" if waiting else "warning",
            where=f"the vault, {safe(name)}",
            message="its old key is inactive and kept for a while"
            if waiting
            else "a rotation of it stopped on the way",
            fix=f"awsvault-py rotate --finish {safe(name)}"
            if waiting
            else f"awsvault-py rotate {safe(name)}",
        )


def silent_agent(s: Facts) -> Iterator[Finding]:
    """A socket of the agent that nobody answers behind."""
    if s.agent == "silent":
        yield Finding(
            level="warning",
            where=safe(s.paths.socket),
            message="there is an agent's socket, and nobody answers",
            fix="awsvault-py unlock",
            mends=(Remove(s.paths.socket),),
        )


def odd_entries(s: Facts) -> Iterator[Finding]:
    """Entries of the session cache that could not be read: each cost a call to AWS."""
    if s.odd_entries:
        yield Finding(
            level="note",
            where=safe(os.path.dirname(s.odd_entries[0])),
            message=f"{len(s.odd_entries)} sessions in the cache could not be read",
            fix="remove them: they are made anew",
            mends=tuple(Remove(path) for path in s.odd_entries),
        )
