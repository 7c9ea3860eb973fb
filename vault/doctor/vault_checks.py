"""Checks of the vault, its keys, the agent and the session cache."""

from __future__ import annotations

import math

from vault import limits
from vault.doctor.file_checks import vault_files_open
from vault.doctor.findings import Finding, Remove, removable, sessions, split_place
from vault.migrate import plaintext_keys
from vault.rotation import progress
from vault.signin import needed
from vault.text import command, safe
from vault.unlocking import inventory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts
    from vault.doctor.findings import Level


def no_vault(facts: Facts) -> Iterator[Finding]:
    """There is no vault yet."""
    if not facts.has_vault:
        yield Finding(
            level="note",
            where=safe(facts.paths.vault),
            message="there is no vault yet",
            hint=_first_step(facts),
        )


def _first_step(facts: Facts) -> str:
    """The command that creates the vault: import if it would find a key, sso login if only a sign-in is needed."""
    if _importable(facts):
        return "awsvault-py import"
    sign_in = needed.of_config(facts.config, env=facts.env) if facts.config is not None else None
    return sign_in.command if sign_in is not None and sign_in.only else "awsvault-py add NAME"


def _importable(facts: Facts) -> bool:
    """Whether import would find a key."""
    found = plaintext_keys.find(facts.files)[0] if facts.files is not None else []
    config = facts.config
    return config is not None and any(
        plaintext_keys.unmovable(config, key.profile, key.origin) is None for key in found
    )


def vault_unreadable(facts: Facts) -> Iterator[Finding]:
    """The vault is damaged, rolled back or cannot be read."""
    if facts.vault_error is None or (facts.vault_refused and any(vault_files_open(facts))):
        return  # open-vault-files reports it
    _, text = split_place(facts.vault_error)
    hint = facts.vault_hint.removeprefix("run: ")
    yield Finding(level="error", where=safe(facts.paths.vault), message=text, hint=hint)


def one_way_in(facts: Facts) -> Iterator[Finding]:
    """The vault has only one slot that unlocks it."""
    slots = [slot for slot in facts.header.slots if slot.opens == "main"] if facts.header is not None else []
    if len(slots) == 1:
        yield Finding(
            level="note",
            where=safe(facts.paths.vault),
            message="only the passphrase unlocks it"
            if slots[0].type == "pass"
            else f"only one slot unlocks it ({safe(slots[0].type)})",
            hint="awsvault-py slots add recovery",
        )


def no_backup(facts: Facts) -> Iterator[Finding]:
    """No backup was made on this machine, or none since the last rekey."""
    if facts.header is None:
        return
    rekeyed = facts.opened.payload.rekeyed if facts.opened is not None else None
    old = facts.backup is not None and rekeyed is not None and facts.backup < rekeyed
    if facts.backup is None or old:
        yield Finding(
            level="note",
            where=safe(facts.paths.vault),
            message="its last backup is older than its last rekey (passwd, rekey)"
            if old
            else "it was never backed up on this machine",
            hint="awsvault-py backup FILE, on another disk",
        )


def no_pin(facts: Facts) -> Iterator[Finding]:
    """The machine had no pin of the vault."""
    if facts.header is not None and not facts.had_pin:
        yield Finding(
            level="note",
            where=safe(facts.paths.state),
            message="this machine had no pin of the vault, so it could not check whether the vault is an older copy",
            hint="if the vault is from another machine, compare its generation with that machine's",
        )


def keyring(facts: Facts) -> Iterator[Finding]:
    """The keyring does not work."""
    if facts.keyring_problem is None or facts.header is None:
        return
    needed = any(slot.type == "keyring" for slot in facts.header.slots)
    yield Finding(
        level="warning" if needed else "note",
        where="the OS keyring",
        message=f"it cannot be used: {safe(facts.keyring_problem)}"
        + (", and a slot of the vault needs it" if needed else ""),
        hint="unlock or start the desktop's keyring"
        if needed
        else "awsvault-py unlock keeps the vault unlocked instead",
    )


def old_keys(facts: Facts) -> Iterator[Finding]:
    """Access keys that are due for rotation."""
    for name, entry in facts.opened.payload.entries.items() if facts.opened is not None else ():
        age = facts.now - entry.created
        if age > limits.KEY_AGE:
            yield Finding(
                level="warning",
                where=f"the vault, {safe(name)}",
                message=f"the key {safe(entry.access_key_id)} has been in the vault for {int(age // 86_400)} days",
                hint=f"awsvault-py rotate {safe(name)}",
            )


def rotations(facts: Facts) -> Iterator[Finding]:
    """A rotation is not finished."""
    for entry in inventory.of(facts.opened.payload).entries if facts.opened is not None else ():
        found = progress.of(entry, facts.waits, now=facts.now)
        if found is None:
            continue
        level: Level = "warning"
        hint = command("rotate", entry.name)
        match found.state:
            case progress.KEPT | progress.OVER:
                level, message = "note", "its old key is inactive and kept for a week"
                hint = command("rotate --finish", entry.name)
            case progress.WAITING:
                days = max(1, math.ceil((found.until - facts.now) / 86_400))
                level = "note"
                message = (
                    f"its old key {found.old} stays active for up to {days} {'day' if days == 1 else 'days'}, because these machines may "
                    f"still use it: {found.machines}"
                )
                hint = f"awsvault-py sync on each of them; then here: {hint}"
            case progress.DUE:
                message = f"its old key {found.old} is still active, and no machine is waited for"
            case _:
                message = "its rotation was interrupted"
        yield Finding(level=level, where=f"the vault, {safe(entry.name)}", message=message, hint=hint)


def silent_agent(facts: Facts) -> Iterator[Finding]:
    """The agent's socket exists, but nothing answers."""
    if facts.agent == "silent":
        yield Finding(
            level="warning",
            where=safe(facts.paths.socket),
            message="the agent's socket exists, but nothing answers",
            hint="awsvault-py unlock",
            fixes=(Remove(facts.paths.socket),),
        )


def unreadable_sessions(facts: Facts) -> Iterator[Finding]:
    """Entries of the session cache that cannot be read."""
    if facts.unreadable_sessions:
        message = f"{sessions(facts.unreadable_sessions)} in the cache cannot be read"
        hint = "remove them; awsvault-py fetches new ones"
        yield removable("note", facts.unreadable_sessions, message, hint)
