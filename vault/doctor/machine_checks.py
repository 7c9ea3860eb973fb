"""Checks of the remote that several machines share. They ask nobody: what the bucket has is known as of the last sync."""

from __future__ import annotations

from vault import errors, limits
from vault.doctor.findings import Finding
from vault.profiles.chain import VaultKey
from vault.profiles.resolve import resolve
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts

_NAMED = 5  # items in one finding
_KINDS = {"seed": "the seed of ", "strict": "the strict seeds"}


def old_sync(facts: Facts) -> Iterator[Finding]:
    """The last sync was long ago."""
    if facts.synced is None or facts.now - facts.synced.at <= limits.SYNC_AGE:
        return
    days = int((facts.now - facts.synced.at) // 86_400)
    yield Finding(
        level="warning",
        where=_where(facts),
        message=f"the last sync on this machine was {days} days ago",
        hint="awsvault-py sync",
    )


def waiting(facts: Facts) -> Iterator[Finding]:
    """Conflicts wait for an answer."""
    if facts.synced is not None and facts.synced.asks:
        count = facts.synced.asks
        yield Finding(
            level="warning",
            where=_where(facts),
            message=f"{count} {'item waits' if count == 1 else 'items wait'} for your answer, because two machines changed the same",
            hint="awsvault-py sync",
        )


def unsent(facts: Facts) -> Iterator[Finding]:
    """Edits of this machine are not in the bucket."""
    if facts.unsent:
        named = [_KINDS.get(one.kind, "") + safe(one.name) for one in facts.unsent[:_NAMED]]
        more = len(facts.unsent) - len(named)
        yield Finding(
            level="note",
            where=_where(facts),
            message=f"the other machines do not have this machine's edits yet: {', '.join(named)}"
            + (f" and {more} more" if more else ""),
            hint="awsvault-py sync",
        )


def profile_missing(facts: Facts) -> Iterator[Finding]:
    """The profile that signs syncs does not exist."""
    profile = _profile(facts)
    if profile and facts.config is not None and profile not in facts.config.profiles:
        yield Finding(
            level="warning",
            where=_where(facts),
            message=f"the profile {safe(profile)}, whose credentials sync, does not exist",
            hint=f"create the profile, or run: awsvault-py remote remove, then: {_again(facts)}",
        )


def key_rotating(facts: Facts) -> Iterator[Finding]:
    """The key that signs syncs is a key of this vault, and its rotation is not finished."""
    profile = _profile(facts)
    if not profile or facts.config is None or facts.opened is None:
        return
    try:
        source = resolve(facts.config, profile, env=facts.env, has_entry=facts.has_entry).source
    except errors.Error:
        return  # broken-chain or remote-profile reports it
    entry = facts.opened.payload.entries.get(source.entry) if isinstance(source, VaultKey) else None
    if isinstance(source, VaultKey) and entry is not None and entry.journal is not None:
        rotate = command("rotate", source.entry)
        waits = any(one.entry == source.entry and one.machines for one in facts.waits)
        yield Finding(
            level="warning",
            where=f"the vault, {safe(source.entry)}",
            message=f"the profile {safe(profile)} syncs by this key, whose rotation is not finished",
            hint=f"awsvault-py sync on each machine, and then here: {rotate}"
            if waits
            else f"{rotate}, and then awsvault-py sync on each machine",
        )


def _profile(facts: Facts) -> str:
    return (facts.remote.remote.place.profile or "") if facts.remote is not None else ""


def _where(facts: Facts) -> str:
    """The remote, if the vault is open."""
    url = facts.remote.remote.place.url if facts.remote is not None else ""
    return safe(url) or "the remote"


def _again(facts: Facts) -> str:
    url = facts.remote.remote.place.url if facts.remote is not None else "s3://BUCKET/KEY"
    return command("remote add --profile PROFILE", url)
