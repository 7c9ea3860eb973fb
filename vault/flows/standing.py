"""How the vault's keys stand, for ``status``: their age, what rotations left, which roles were given for less than asked.

And which sessions lie on disk.

Opens the vault only by a way that costs nobody anything. Calls nothing, asks nobody and runs no program.
"""

from __future__ import annotations

from typing import NamedTuple

from vault import errors, limits
from vault.aws import profiles
from vault.flows import held, sessions
from vault.flows.agent import held_keys, let_go
from vault.flows.byhand import locked_by_hand
from vault.flows.context import Context
from vault.flows.keys import OpenedKeys
from vault.flows.overview import EachEntryOnce, on_disk
from vault.secret import CacheKey
from vault.system.variables import PASSPHRASE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.flows.contents import Listed
    from vault.flows.held import Shortened
    from vault.flows.keys import Keys
    from vault.flows.overview import OnDisk


class Standing(NamedTuple):
    """The entries with their rotations, the roles that were given for an hour for want of a code, and the sessions."""

    entries: tuple[Listed, ...]
    shortened: tuple[Shortened, ...]
    sessions: tuple[OnDisk, ...]


def look(context: Context) -> Standing | None:
    """How the keys stand; None where the vault is shut, or there is none."""
    keys = _keys(context)
    if keys is None:
        return None
    try:
        held = on_disk(context, CacheKey(keys.cache_key, keys.vault_id))
        return Standing(keys.contents().entries, _shortened(context, keys), tuple(held))
    except errors.Locked:  # the agent ended, or was locked, in the middle
        return None
    finally:
        let_go(keys)


def _shortened(context: Context, keys: Keys) -> tuple[Shortened, ...]:
    try:
        config = profiles.load(context.env, home=context.paths.home)
    except errors.ConfigError:
        return ()  # doctor and every export say what is wrong with the file
    cache = sessions.open_cache(context, keys)
    return tuple(held.shortened(context, EachEntryOnce(keys), config, cache=cache))


def _keys(context: Context) -> Keys | None:
    """Keys from the agent, else by a passphrase that is at hand; None where a person or a program would be needed."""
    from vault.flows.unlock import unlock_unless

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
        deadline=context.anew(limits.DEADLINE),
        passphrase=context.passphrase,
        settings=settings,
    )
