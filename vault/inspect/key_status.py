"""How the vault's keys stand, for ``status``: their age, what rotations left, which roles were given for less than asked.

And which sessions lie on disk.

Opens the vault only by a way that costs nobody anything. Calls nothing, asks nobody and runs no program.
"""

from __future__ import annotations

from typing import NamedTuple

from vault import errors, limits
from vault.context import Context
from vault.credentials import cached
from vault.inspect.profile_table import EachEntryOnce, on_disk
from vault.profiles import aws_files
from vault.secret import CacheKey
from vault.system.passphrase_variables import PASSPHRASE
from vault.unlocking.agent_keys import held_keys
from vault.unlocking.keys import OpenedKeys
from vault.unlocking.manual_lock import locked_by_hand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.credentials.cached import ShortenedRole
    from vault.inspect.profile_table import OnDisk
    from vault.unlocking.inventory import Listed
    from vault.unlocking.keys import Keys


class KeyStatus(NamedTuple):
    """The entries with their rotations, the roles that were given for an hour for want of a code, and the sessions."""

    entries: tuple[Listed, ...]
    shortened: tuple[ShortenedRole, ...]
    sessions: tuple[OnDisk, ...]


def look(context: Context) -> KeyStatus | None:
    """How the keys stand; None where the vault is shut, or there is none."""
    keys = _keys(context)
    if keys is None:
        return None
    try:
        held = on_disk(context, CacheKey(keys.cache_key, keys.vault_id))
        return KeyStatus(keys.contents().entries, _shortened(context, keys), tuple(held))
    except errors.Locked:  # the agent ended, or was locked, in the middle
        return None
    finally:
        keys.close()


def _shortened(context: Context, keys: Keys) -> tuple[ShortenedRole, ...]:
    try:
        config = aws_files.load(context.env, home=context.paths.home)
    except errors.ConfigError:
        return ()  # doctor and every export say what is wrong with the file
    cache = cached.open_cache(context, keys)
    return tuple(cached.shortened(context, EachEntryOnce(keys), config, cache=cache))


def _keys(context: Context) -> Keys | None:
    """Keys from the agent, else by a passphrase that is at hand; None where a person or a program would be needed."""
    from vault.unlocking.unlock import unlock_unless

    found = held_keys(context)
    if found is not None or locked_by_hand(context.paths):
        return found
    quiet = _quiet(context)
    try:
        opened = unlock_unless(quiet, purpose="", meanwhile=lambda: False)
    except errors.Error:
        return None
    return OpenedKeys(opened.opened, paths=quiet.paths, clock=quiet.clock) if opened is not None else None


def _quiet(context: Context) -> Context:
    env = {name: value for name, value in context.env.items() if name != PASSPHRASE + "_COMMAND"}
    settings = context.settings._replace(prompt="none", passphrase_command=())
    return Context(
        env=env,
        paths=context.paths,
        clock=context.clock,
        deadline=context.new_deadline(limits.DEADLINE),
        passphrase=context.passphrase,
        settings=settings,
    )
