"""What unlock, lock and status do: the agent opened by a person, closed by one, and looked at. Prints nothing."""

from __future__ import annotations

from typing import NamedTuple

from vault import __version__, errors, limits
from vault.agent import socket_place
from vault.agent.start import COMMAND, end, start
from vault.inspect import key_status, profile_table
from vault.store import vault
from vault.unlocking import all_agents, cache_key, manual_lock, running_servers
from vault.unlocking.agent_link import hand_over, reach, serves
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.agent.client import Agent
    from vault.context import Context
    from vault.inspect.key_status import KeyStatus


class UnlockOutcome(NamedTuple):
    """What ``unlock`` came to: seconds that the vault stays open unused and at all, and what could not be had."""

    way: str
    idle: int
    hard: int
    warnings: tuple[str, ...]


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


def open_by_hand(context: Context) -> UnlockOutcome:
    """``unlock``: open the vault, give its keys to the agent (started if need be), and end a lock made by hand.

    Where nothing keeps it open only the lock ends: ``hard`` is 0 then. Errors: those of ``unlock``; ConfigError where
    the agent is switched off and there is no such lock; StorageError where no agent can be started.
    """
    settings = context.settings
    keeps = settings.agent != "off" or settings.kernel_keyring
    if not keeps and not manual_lock.locked_by_hand(context.paths):
        raise errors.ConfigError(
            "the agent is switched off, and it is what keeps the vault unlocked",
            hint="set agent to auto (config.toml, AWSVAULT_AGENT) to use unlock",
        )
    opened, way = unlock(context, purpose="to unlock it", ends_lock=True)
    manual_lock.unmark(context.paths)  # whatever comes of the agent: nothing else could end the lock
    warnings: list[str] = []
    if settings.agent != "off":
        agent = _of_use(context, reach(context, answer=limits.AGENT_TALK))
        socket_place.check_length(context.paths.socket)
        if agent is None and start(context.env):
            agent = reach(context, answer=limits.AGENT_TALK)
        if agent is None or not hand_over(context, opened, agent=agent, person=True):
            raise errors.StorageError(
                f"no agent could be started behind {context.paths.socket}",
                hint="the lock is ended, and each command opens the vault by itself; for a vault that stays open"
                " check the folder's owner, mode and free space",
            )
        shown = agent.ask("STATUS", first=0)
        warnings = list(shown["warnings"]) if shown is not None else []
        agent.close()
        warnings += all_agents.open_others(context, opened)
    cache_key.keep(context, opened)
    idle, hard = (settings.agent_idle, settings.agent_max) if keeps else (0, 0)
    return UnlockOutcome(way, idle, hard, tuple(warnings))


def _of_use(context: Context, agent: Agent | None) -> Agent | None:
    """The agent, unless it is of another vault or was started before an upgrade (or after): that one is ended, and None."""
    hello = agent.ask("HELLO") if agent is not None else None
    if agent is None or hello is None or (serves(context, hello) and hello.get("version") == __version__):
        return agent
    if agent.ask("SHUTDOWN") is None:
        end(agent)
    agent.receive()  # the end of the connection is the end of the agent, and its place is free
    agent.close()
    return None


class LockOutcome(NamedTuple):
    """What ``lock`` came to: whether an agent had the vault open, and the servers of ``exec --server`` that it ended."""

    was_open: bool
    servers: tuple[str, ...]


def close_by_hand(context: Context) -> LockOutcome:
    """``lock``: from now on only ``unlock`` opens the vault.

    An agent that does not answer is ended: its keys go with it, and so is a server's keeper. Where the lock cannot be noted, all that is open is
    closed nevertheless, and then the error says so.
    """
    unnoted = None
    try:
        manual_lock.mark(context.paths)  # first: what opens the vault meanwhile finds the mark
    except errors.Error as error:
        unnoted = error
    cache_key.forget(context.paths)
    was_open, unended = False, []
    for path, agent in all_agents.each(context.env):
        hello = agent.ask("HELLO")
        was_open |= bool(hello and hello["ok"] and not hello["why"])
        if not agent.ask("LOCK", hold=True):
            was_open = True
            unended += [] if end(agent) else [path]
    ended = running_servers.end_all(context.paths, noted=unnoted is None)
    if unended:
        raise errors.StorageError(
            f"the agent behind {', '.join(unended)} does not answer and could not be ended: it may still hold keys",
            hint=f"end the process whose command line ends in {COMMAND} by hand",
        )
    if ended.left:
        left = ", ".join(map(str, ended.left))
        raise errors.StorageError(
            f"a server of exec --server does not end and could not be ended: it may still hold the key or serve (process {left})",
            hint="end that process by hand, and run lock again",
        )
    if unnoted is not None:
        raise type(unnoted)(
            f"{unnoted.message.removesuffix('; nothing was changed')}; what was open is closed,"
            " but nothing keeps a command from opening the vault again",
            hint=unnoted.hint,
        )
    return LockOutcome(was_open, ended.servers)


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
