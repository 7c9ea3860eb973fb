"""After AWS refused a source key: one sync for all processes, because another machine may have replaced it. Prints nothing.

Other credentials than the refused key read the remote. Nobody is asked for anything. One process syncs while the others wait, and a
note in the state folder tells them, and those that come in the next minute, what came of it.
"""

from __future__ import annotations

from hashlib import sha256

from vault import errors, limits
from vault.machines import bucket_access, quiet_sync
from vault.store import strict_json, vault
from vault.store.strict_json import JsonError
from vault.system import locks
from vault.system.files import Folder
from vault.unlocking.unlock import open_elsewhere, unlock_unless

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.opened import Opened

LOCK = "refused-key.lock"
NOTE = "refused-key"

SYNCED, BEGUN, UNREACHABLE, DENIED, LOCKED, AGENT, FAILED = (
    "synced", "begun", "unreachable", "denied", "locked", "agent", "failed",
)  # fmt: skip
SAME_KEY, MANUAL = "same key", "manual"  # nothing was asked of the bucket
_HERE = "if another machine replaced the key, run: awsvault-py sync"
_HINTS = {
    SYNCED: "a sync just now brought no other key: if another machine replaced it, sync there first",
    BEGUN: f"a sync just now was interrupted; {_HERE}",
    UNREACHABLE: f"the remote could not be reached; {_HERE}",
    DENIED: f"the credentials for the remote were refused; {_HERE}",
    LOCKED: f"syncing needs your passphrase or an MFA code; {_HERE}",
    AGENT: f"syncing needs the vault's main key, which the agent does not give out; {_HERE}",
    FAILED: f"a sync just now failed; {_HERE}",
    SAME_KEY: "if another machine replaced the key, sync with other credentials, because the remote is read with the same key: "
    "AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... awsvault-py sync. Or use the machine that replaced it",
    MANUAL: f'nothing syncs by itself (sync = "manual"); {_HERE}',
}


def newer_key(context: Context, opened: Opened | None, error: errors.Refused) -> bool:
    """Whether the vault may have another key than ``error.key_id`` now, by a sync of this process or another.

    ``opened``: the vault, if this process has opened it. The hint of ``error`` gets what the user can do if the key is still the
    same. Raises nothing, so that AWS's refusal is what the user reads.
    """
    try:
        vault_id = vault.read_header(context.paths).vault_id
        if not context.has_synced(vault_id):
            return False  # no remote
        came = MANUAL if context.settings.sync == MANUAL else _once(context, vault_id, error.key_id, opened)
    except errors.Error:  # a folder that cannot be used, or a process that does not end its turn
        came = FAILED
    error.hint = f"{error.hint}; {_HINTS[came]}"
    return came == SYNCED


def _once(context: Context, vault_id: bytes, key_id: str, opened: Opened | None) -> str:
    """What came of the one sync, by this process or by another a moment ago. StorageError, Busy."""
    mark = sha256(vault_id + key_id.encode()).hexdigest()
    turn = context.new_deadline(limits.TURN_WAIT)
    with (
        Folder.open(context.paths.state, create=True) as state,
        locks.lock(state, LOCK, deadline=turn),
    ):
        earlier = read(state, mark, now=context.clock.time())
        if earlier is not None:
            return earlier
        write(state, mark, BEGUN, now=context.clock.time())
        came = _sync(context, key_id, opened)
        # With other credentials than the same key, the next process may sync.
        write(state, mark, None if came == SAME_KEY else came, now=context.clock.time())
        return came


def _sync(context: Context, key_id: str, opened: Opened | None) -> str:
    try:
        if context.env.get("AWS_ACCESS_KEY_ID") == key_id:
            return SAME_KEY
        if opened is None:
            opened = _opened(quiet_sync.quiet(context))
            if opened is None:
                return AGENT
        place = quiet_sync.place_of(opened)
        if bucket_access.source_key(context, place, opened) == key_id:
            return SAME_KEY
        quiet_sync.sync(context, opened, place)
    except errors.Unreachable:
        return UNREACHABLE
    except errors.Refused:
        return DENIED
    except errors.Locked:
        return LOCKED
    except errors.Error:
        return FAILED
    return SYNCED


def _opened(context: Context) -> Opened | None:
    """The vault, which the agent had open, and which needs its main key to be written. None if that needs the user."""
    try:
        found = unlock_unless(context, purpose="to sync", meanwhile=lambda: False, by_agent=False)
    except errors.Locked:
        if open_elsewhere(context):
            return None
        raise
    if found is None:
        raise AssertionError("nothing came meanwhile")
    return found.opened


# ── the note ────────────────────────────────────────────────────────────────────────────────────


def read(state: Folder, mark: str, *, now: float) -> str | None:
    """What came of the last sync for the key with this mark, if it is not too long ago."""
    return _noted(state, now=now).get(mark, (0, None))[1]


def write(state: Folder, mark: str, came: str | None, *, now: float) -> None:
    """Note what came of it, or that nothing did. The caller holds the lock. No key's ID itself is in the file."""
    noted = _noted(state, now=now)
    noted.pop(mark, None)
    if came is not None:
        noted[mark] = (int(now), came)
    kept = sorted(noted, key=lambda one: noted[one][0])[-limits.MAX_REFUSED_KEYS :]
    raw = strict_json.canonical({one: {"at": noted[one][0], "came": noted[one][1]} for one in kept})
    state.sweep(NOTE)
    state.write_atomic(NOTE, raw, durable=False)


def _noted(state: Folder, *, now: float) -> dict[str, tuple[int, str]]:
    """By the mark of a key: when the last sync for it was, and what came of it. Those of too long ago are left out."""
    noted = {}
    try:
        whole = strict_json.object_of(strict_json.parse(state.read(NOTE, limit=limits.MAX_REFUSED_KEY)), NOTE)
        for mark, value in whole.items():
            one = strict_json.object_of(value, mark)
            at, came = strict_json.integer_of(one.get("at"), "at"), one.get("came")
            if 0 <= now - at < limits.REFUSED_KEY_AGAIN and isinstance(came, str) and came in _HINTS:
                noted[mark] = (at, came)
    except (FileNotFoundError, JsonError, errors.ConfigError):
        return {}
    return noted
