"""Finds what ``status`` shows of the vault: keys, unfinished rotations, roles with shorter sessions, and sessions on disk.

Opens the vault only if that needs no prompt. Makes no network calls and runs no program.
"""

from __future__ import annotations

from vault import errors
from vault.credentials import cached
from vault.inspect.profile_table import EachEntryOnce, on_disk
from vault.inspect.sign_ins import stored
from vault.profiles import aws_files
from vault.records import NamedTuple
from vault.secret import CacheKey
from vault.unlocking.agent_keys import keys_from_agent
from vault.unlocking.keys import OpenedKeys
from vault.unlocking.manual_lock import manually_locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.credentials.cached import ShortenedRole
    from vault.inspect.profile_table import SessionOnDisk
    from vault.inspect.remote_status import RemoteStatus
    from vault.signin.record import SignInRecord
    from vault.unlocking.inventory import Listed
    from vault.unlocking.keys import Keys


class KeyStatus(NamedTuple):
    """The entries with their rotations, the roles whose session is shorter for lack of a code, the sessions on disk, the
    sign-ins to IAM Identity Center, and the remote.
    """

    entries: tuple[Listed, ...]
    shortened: tuple[ShortenedRole, ...]
    sessions: tuple[SessionOnDisk, ...]
    sign_ins: tuple[SignInRecord, ...] = ()
    remote: RemoteStatus | None = None


def look(context: Context) -> KeyStatus | None:
    """The status of the keys; None if the vault is locked or does not exist."""
    keys = quiet_keys(context)
    if keys is None:
        return None
    try:
        sessions = on_disk(context, CacheKey(keys.cache_key, keys.vault_id))
        shortened, sign_ins = _shortened(context, keys), _sign_ins(context, keys)
        remote = remote_of(context, keys)
        return KeyStatus(keys.contents().entries, shortened, tuple(sessions), sign_ins, remote)
    except errors.Locked:  # the agent ended or was locked meanwhile
        return None
    finally:
        keys.close()


def remote_of(context: Context, keys: Keys) -> RemoteStatus | None:
    """What is known of the remote of an unlocked vault; None if it has none."""
    if not context.has_synced(keys.vault_id):
        return None
    from vault.inspect import remote_status

    return remote_status.of(context, keys.vault_id, keys.cache_key)


def _sign_ins(context: Context, keys: Keys) -> tuple[SignInRecord, ...]:
    try:
        return tuple(stored(context, keys))
    except errors.ConfigError:  # doctor reports the folder's rights
        return ()


def _shortened(context: Context, keys: Keys) -> tuple[ShortenedRole, ...]:
    try:
        config = aws_files.load(context.env, home=context.paths.home)
    except errors.ConfigError:
        return ()  # doctor and every export report it
    cache = cached.open_cache(context, keys)
    return tuple(cached.shortened(context, EachEntryOnce(keys), config, cache=cache))


def quiet_keys(context: Context) -> Keys | None:
    """Keys from the agent, or from the vault opened with an available secret; None if that needs a prompt or a program."""
    found = keys_from_agent(context)
    if found is not None or manually_locked(context.paths):
        return found
    from vault.unlocking.unlock import unlock_unless

    quiet = context.without_programs()
    try:
        opened = unlock_unless(quiet, purpose="", meanwhile=lambda: False)
    except errors.Error:
        return None
    return OpenedKeys(opened.opened, paths=quiet.paths, clock=quiet.clock) if opened is not None else None
