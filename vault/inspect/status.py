"""Collects what `status` shows: the agent, the source keys and the cached sessions. Changes nothing and prints nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.inspect import key_status, profile_table
from vault.records import NamedTuple
from vault.store import vault
from vault.unlocking import all_agents, manual_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.inspect.key_status import KeyStatus
    from vault.inspect.remote_status import RemoteStatus
    from vault.store.format import Header
    from vault.unlocking.hardware import HardwareState


class CachedSession(NamedTuple):
    """A session that an export would use. ``expires`` and ``due`` are Unix seconds; from ``due`` on, an export refreshes it.

    ``cached_by`` is ``agent`` (its memory) or ``disk``.
    """

    profile: str
    expires: int
    due: int
    cached_by: str = "agent"


class State(NamedTuple):
    """The agent as ``status`` shows it. ``state``: open, locked, held (locked by the command lock) or none (no agent).

    Times are Unix seconds, 0 if the vault is locked. ``hidden``: the keys' memory is not in the kernel's own map.
    ``keys``: None if the vault does not open without a prompt. ``hardware``: the slots of this machine's hardware. ``remote``: as of
    the last sync, None if there is none.
    """

    state: str
    pid: int | None = None
    opened: int = 0
    idle_until: int = 0
    until: int = 0
    strict_until: int = 0
    hidden: bool = False
    warnings: tuple[str, ...] = ()
    sessions: tuple[CachedSession, ...] = ()
    keys: KeyStatus | None = None
    hardware: tuple[HardwareState, ...] = ()
    remote: RemoteStatus | None = None


def look(context: Context) -> State:
    """Collect what the agent keeps and until when, the keys, and the sessions on disk."""
    header = _header(context)
    warnings = _first_use(context, header)  # must come first: opening the vault creates the pin
    by_hand = manual_lock.manually_locked(context.paths)
    agent = context.agent.agent(answer=limits.AGENT_TALK)
    hello = None
    if agent is not None and not agent.stopped():
        hello = context.agent.hello(answer=limits.AGENT_TALK)
        agent = context.agent.agent(answer=limits.AGENT_TALK) or agent
    if agent is not None and hello is None:
        warnings += (f"the agent (process {agent.pid}) does not answer. To end it: awsvault-py lock",)
    serves = hello is not None and hello.serves(context.paths)
    if hello is not None and not serves:
        warnings += (
            "the running agent has another version or belongs to another vault. To replace it: awsvault-py unlock",
        )
    found = agent.sessions() if agent is not None and serves else None
    warnings += _other_agents(context)
    keys = key_status.look(context)
    devices = _hardware(context, header, locked=by_hand)
    remote = keys.remote if keys is not None else _remote(context, header)
    if found is None or not found["ok"]:
        disk = _on_disk(context, keys, ())
        return State(
            "held" if by_hand else "none",
            warnings=warnings,
            sessions=disk,
            keys=keys,
            hardware=devices,
            remote=remote,
        )
    now = int(context.clock.time())
    in_agent = tuple(CachedSession(row["profile"], row["expires"], row["due"]) for row in found["sessions"])
    state = {"": "open", "held": "held"}.get(found["why"], "held" if by_hand else "locked")
    return State(
        state,
        pid=found["pid"],
        opened=found["opened"] if state == "open" else 0,
        idle_until=now + found["idle_left"] if state == "open" else 0,
        until=now + found["hard_left"] if state == "open" else 0,
        strict_until=now + found["strict_left"] if found["strict_left"] else 0,
        hidden=found["hidden"],
        warnings=(*warnings, *found["warnings"]),
        sessions=in_agent + _on_disk(context, keys, in_agent),
        keys=keys,
        hardware=devices,
        remote=remote,
    )


def _header(context: Context) -> Header | None:
    try:
        return vault.read_header(context.paths)
    except errors.Error:
        return None  # no vault, or one that every other command reports


def _remote(context: Context, header: Header | None) -> RemoteStatus | None:
    if header is None or not context.has_synced(header.vault_id):
        return None
    from vault.inspect import remote_status

    return remote_status.with_key_on_disk(context, header.vault_id)


def quiet_remote(context: Context) -> RemoteStatus | None:
    """The remote, by a cache key that is available without a prompt, or by a vault that opens without one."""
    found = _remote(context, _header(context))
    if found is None or found.summary is not None:
        return found
    keys = key_status.quiet_keys(context)
    if keys is None:
        return found
    try:
        return key_status.remote_of(context, keys)
    finally:
        keys.close()


def _other_agents(context: Context) -> tuple[str, ...]:
    """A warning for each other agent of this vault, which commands use whose environment names another socket."""
    found = []
    for path, agent, hello in all_agents.others(context):
        if hello is None:
            found.append(all_agents.unanswered_warning(path, agent))
        else:
            state = "is locked" if hello.why else "has the vault unlocked"
            found.append(
                f"another agent {state} (process {agent.pid}, socket {path}); awsvault-py lock also locks it"
            )
    return tuple(found)


def has_vault(context: Context) -> bool:
    """Whether there is a vault."""
    return vault.exists(context.paths)


def _first_use(context: Context, header: Header | None) -> tuple[str, ...]:
    """A warning if this machine has no pin of the vault, and so could not notice an older copy (format.md 6)."""
    from vault.store import pin_file

    if header is None:
        return ()
    try:
        if pin_file.read_pin(context.paths, header.vault_id) is not None:
            return ()
    except errors.Error:
        return ()  # every other command reports it
    return ("this machine has not opened this vault before, so it cannot tell whether this is an older copy",)


def _hardware(context: Context, header: Header | None, *, locked: bool) -> tuple[HardwareState, ...]:
    if header is None or all(slot.ext is None for slot in header.slots):
        return ()
    from vault.unlocking import hardware

    return tuple(hardware.states(context, header, locked=locked))


def _on_disk(
    context: Context, keys: KeyStatus | None, known: tuple[CachedSession, ...]
) -> tuple[CachedSession, ...]:
    """The sessions that an export would find on disk, except those of profiles that are ``known``."""
    from vault.cache.freshness import margin

    names = {one.profile for one in known}
    return tuple(
        CachedSession(one.profile, one.expires, int(one.expires - margin(one.expires - one.issued)), "disk")
        for one in (keys.sessions if keys is not None else profile_table.on_disk(context, None))
        if one.profile not in names
    )
