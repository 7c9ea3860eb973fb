"""What `unlock` and `lock` do: open the agent for the user, and close it. Prints nothing."""

from __future__ import annotations

from typing import NamedTuple

from vault import __version__, errors, limits
from vault.agent import agent_socket
from vault.agent.start import COMMAND, end, start
from vault.unlocking import all_agents, cache_key, manual_lock, running_servers
from vault.unlocking.key_handover import hand_to_own
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


class UnlockOutcome(NamedTuple):
    """What ``unlock`` came to: seconds that the vault stays open unused and at all, and what could not be had."""

    way: str
    idle: int
    hard: int
    warnings: tuple[str, ...]


def open_by_hand(context: Context) -> UnlockOutcome:
    """``unlock``: open the vault, give its keys to the agent (started if need be), and end a lock made by hand.

    Where nothing keeps it open only the lock ends: ``hard`` is 0 then. Errors: those of ``unlock``; ConfigError where
    the agent is switched off and there is no such lock; StorageError where no agent can be started.
    """
    settings = context.settings
    keeps = settings.agent != "off" or settings.kernel_keyring
    if not keeps and not manual_lock.locked_by_hand(context.paths):
        raise errors.ConfigError(
            "the agent is switched off, but only the agent can keep the vault unlocked",
            hint="set agent to auto (config.toml, AWSVAULT_AGENT)",
        )
    opened, way = unlock(context, purpose="to unlock it", ends_lock=True)
    manual_lock.unmark(context.paths)  # whatever comes of the agent: nothing else could end the lock
    warnings: list[str] = []
    if settings.agent != "off":
        _end_unless_of_use(context)
        agent_socket.check_length(context.paths.socket)
        if context.agent.agent(answer=limits.AGENT_TALK) is None:
            start(context.env)
            context.agent.agent(answer=limits.AGENT_TALK, again=True)
        agent = hand_to_own(context, opened, person=True, answer=limits.AGENT_TALK)
        if agent is None:
            raise errors.StorageError(
                f"no agent could be started at {context.paths.socket}",
                hint="check the folder's owner, mode and free space, then run: awsvault-py unlock. Until then, each command"
                " unlocks the vault itself",
            )
        shown = agent.ask("STATUS", first=0)
        warnings = list(shown["warnings"]) if shown is not None else []
        warnings += all_agents.open_others(context, opened)
    cache_key.keep(context, opened)
    idle, hard = (settings.agent_idle, settings.agent_max) if keeps else (0, 0)
    return UnlockOutcome(way, idle, hard, tuple(warnings))


def _end_unless_of_use(context: Context) -> None:
    """End an agent of another vault, and one that was started before an upgrade (or after)."""
    hello = context.agent.hello(answer=limits.AGENT_TALK)
    agent = context.agent.agent(answer=limits.AGENT_TALK)
    if agent is None or hello is None or (hello.serves(context.paths) and hello.version == __version__):
        return
    if agent.ask("SHUTDOWN") is None:
        end(agent)
    agent.receive()  # the end of the connection is the end of the agent, and its place is free
    context.agent.close()


class LockOutcome(NamedTuple):
    """What ``lock`` came to: whether an agent had the vault open, and the servers of ``exec --server`` that it ended."""

    was_open: bool
    servers: tuple[str, ...]


def close_by_hand(context: Context) -> LockOutcome:
    """``lock``: from now on only ``unlock`` opens the vault.

    An agent that does not answer is ended: its keys go with it, and so is a server's keeper. Where the lock cannot be noted, all that is open is
    closed nevertheless, and then the error says so.
    """
    unnoted, servers = None, running_servers.running(context.paths)
    try:
        manual_lock.mark(context.paths)  # first: what opens the vault meanwhile finds the mark
    except errors.Error as error:
        unnoted = error
    cache_key.forget(context.paths)
    was_open, unended = False, []
    for path, agent, hello in all_agents.each(context, again=True):
        was_open |= hello is not None and not hello.why
        if not agent.ask("LOCK", hold=True):
            was_open = True
            unended += [] if end(agent) else [path]
    ended = running_servers.end_all(context.paths, noted=unnoted is None)
    if unended:
        raise errors.StorageError(
            f"the agent behind {', '.join(unended)} does not answer and could not be stopped: it may still have keys",
            hint=f"end the process whose command line ends in {COMMAND} by hand",
        )
    if ended.left:
        left = ", ".join(map(str, ended.left))
        raise errors.StorageError(
            f"a credentials server (exec --server) could not be stopped: it may still have the key or serve credentials (process {left})",
            hint="stop that process, then run awsvault-py lock again",
        )
    if unnoted is not None:
        raise type(unnoted)(
            f"{unnoted.message.removesuffix('; nothing was changed')}; the keys were removed"
            " from memory, but the lock could not be recorded: the next command can unlock the vault again",
            hint=unnoted.hint,
        )
    return LockOutcome(was_open, tuple(dict.fromkeys((*servers, *ended.servers))))
