"""What `status` shows: the agent, the source keys and the cached sessions. Changes nothing, prints nothing."""

from __future__ import annotations

from typing import NamedTuple

from vault import errors, limits
from vault.inspect import key_status, profile_table
from vault.store import vault
from vault.unlocking import all_agents, manual_lock
from vault.unlocking.agent_link import reach, serves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.inspect.key_status import KeyStatus


class CachedSession(NamedTuple):
    """A session that an export is answered with: unix seconds of its end, and of when it is renewed before it is served.

    ``held``: by the ``agent``, in its memory, or on ``disk``.
    """

    profile: str
    expires: int
    due: int
    held: str = "agent"


class State(NamedTuple):
    """The agent as ``status`` shows it. ``state``: open, locked, held (by hand) or none (no agent runs).

    Times are unix seconds, 0 where the vault is not open. ``hidden``: the keys' memory is out of the kernel's own map.
    ``keys``: None where the vault does not open for nothing.
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


def look(context: Context) -> State:
    """``status``: what the agent holds, and until when; how the keys stand; what lies on disk."""
    first_use = _first_use(context)  # before anything opens the vault, which pins it
    by_hand = manual_lock.locked_by_hand(context.paths)
    agent = reach(context, answer=limits.AGENT_TALK)
    hello = agent.ask("HELLO") if agent is not None and not agent.stopped() else None
    if agent is not None and hello is None:
        first_use += (f"an agent runs (process {agent.pid}) and does not answer: awsvault-py lock ends it",)
    if hello is not None and not serves(context, hello):
        first_use += (
            "an agent of another version or vault runs, and is of no use: awsvault-py unlock replaces it",
        )
    found = agent.sessions() if agent is not None and hello is not None and serves(context, hello) else None
    if agent is not None:
        agent.close()
    first_use += _of_others(context)
    keys = key_status.look(context)
    if found is None or not found["ok"]:
        disk = _on_disk(context, keys, ())
        return State("held" if by_hand else "none", warnings=first_use, sessions=disk, keys=keys)
    now = int(context.clock.time())
    warm = tuple(CachedSession(row["profile"], row["expires"], row["due"]) for row in found["sessions"])
    state = {"": "open", "held": "held"}.get(found["why"], "held" if by_hand else "locked")
    return State(
        state,
        pid=found["pid"],
        opened=found["opened"] if state == "open" else 0,
        idle_until=now + found["idle_left"] if state == "open" else 0,
        until=now + found["hard_left"] if state == "open" else 0,
        strict_until=now + found["strict_left"] if found["strict_left"] else 0,
        hidden=found["hidden"],
        warnings=(*first_use, *found["warnings"]),
        sessions=warm + _on_disk(context, keys, warm),
        keys=keys,
    )


def _of_others(context: Context) -> tuple[str, ...]:
    """A word for each agent of this vault that commands with other variables ask."""
    said = []
    for path, agent, hello in all_agents.others(context):
        if hello is None:
            said.append(all_agents.mute(path, agent))
        else:
            state = "is locked" if hello.get("why") else "has the vault open"
            said.append(
                f"another agent {state}, behind {path} (process {agent.pid}): awsvault-py lock reaches it too"
            )
    return tuple(said)


def has_vault(context: Context) -> bool:
    """Whether there is a vault at all."""
    return vault.exists(context.paths)


def _first_use(context: Context) -> tuple[str, ...]:
    """A word for a vault that this machine has not seen yet: an older copy would go unnoticed, once (format.md 6)."""
    from vault.store import pin_file

    try:
        vault_id = vault.read_header(context.paths).vault_id
        if pin_file.read_pin(context.paths, vault_id) is not None:
            return ()
    except errors.Error:
        return ()  # no vault, or one that every other command says more of
    return (
        "this machine has not opened this vault yet: it is trusted as it lies there at its first opening",
    )


def _on_disk(
    context: Context, keys: KeyStatus | None, known: tuple[CachedSession, ...]
) -> tuple[CachedSession, ...]:
    """What an export would find on disk beside the sessions that are ``known``."""
    from vault.cache.freshness import margin

    names = {one.profile for one in known}
    return tuple(
        CachedSession(one.profile, one.expires, int(one.expires - margin(one.expires - one.issued)), "disk")
        for one in (keys.sessions if keys is not None else profile_table.on_disk(context, None))
        if one.profile not in names
    )
