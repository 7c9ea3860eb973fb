"""Finds what ``status`` shows of the vault: keys, unfinished rotations, roles with shorter sessions, and sessions on disk.

Opens the vault only if that needs no prompt. Makes no network calls and runs no program.
"""

from __future__ import annotations

from typing import NamedTuple

from vault import errors
from vault.credentials import cached
from vault.inspect.profile_table import EachEntryOnce, on_disk
from vault.profiles import aws_files
from vault.secret import CacheKey
from vault.unlocking.agent_keys import keys_from_agent
from vault.unlocking.keys import OpenedKeys
from vault.unlocking.manual_lock import manually_locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.credentials.cached import ShortenedRole
    from vault.inspect.profile_table import SessionOnDisk
    from vault.unlocking.inventory import Listed
    from vault.unlocking.keys import Keys


class KeyStatus(NamedTuple):
    """The entries with their rotations, the roles whose session is shorter for lack of a code, and the sessions on disk."""

    entries: tuple[Listed, ...]
    shortened: tuple[ShortenedRole, ...]
    sessions: tuple[SessionOnDisk, ...]


def look(context: Context) -> KeyStatus | None:
    """The status of the keys; None if the vault is locked or does not exist."""
    keys = _keys(context)
    if keys is None:
        return None
    try:
        sessions = on_disk(context, CacheKey(keys.cache_key, keys.vault_id))
        return KeyStatus(keys.contents().entries, _shortened(context, keys), tuple(sessions))
    except errors.Locked:  # the agent ended or was locked meanwhile
        return None
    finally:
        keys.close()


def _shortened(context: Context, keys: Keys) -> tuple[ShortenedRole, ...]:
    try:
        config = aws_files.load(context.env, home=context.paths.home)
    except errors.ConfigError:
        return ()  # doctor and every export report it
    cache = cached.open_cache(context, keys)
    return tuple(cached.shortened(context, EachEntryOnce(keys), config, cache=cache))


def _keys(context: Context) -> Keys | None:
    """Keys from the agent, or from the vault opened with an available secret; None if that needs a prompt or a program."""
    from vault.unlocking.unlock import unlock_unless

    found = keys_from_agent(context)
    if found is not None or manually_locked(context.paths):
        return found
    quiet = context.without_programs()
    try:
        opened = unlock_unless(quiet, purpose="", meanwhile=lambda: False)
    except errors.Error:
        return None
    return OpenedKeys(opened.opened, paths=quiet.paths, clock=quiet.clock) if opened is not None else None
