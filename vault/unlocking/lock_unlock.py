"""What `unlock` and `lock` do: unlock and lock the agents. Prints nothing."""

from __future__ import annotations

from vault import __version__, errors, limits
from vault.agent import agent_socket
from vault.agent.start import COMMAND, kill_agent, start
from vault.records import NamedTuple
from vault.store import vault
from vault.unlocking import all_agents, cache_key, manual_lock, running_servers
from vault.unlocking.key_handover import hand_to_agent
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context


class UnlockOutcome(NamedTuple):
    """What ``unlock`` did: how many seconds the vault stays unlocked without use and at most, and warnings."""

    way: str
    idle: int
    hard: int
    warnings: tuple[str, ...]


def unlock_vault(context: Context) -> UnlockOutcome:
    """``unlock``: open the vault, give its keys to the agent (started if necessary), and end a lock made by ``lock``.

    If nothing keeps the vault unlocked, only the lock ends, and ``hard`` is 0. Errors: those of ``unlock``; ConfigError
    if the agent is switched off and there is no lock to end; StorageError if no agent can be started.
    """
    settings = context.settings
    keeps = settings.agent != "off" or settings.kernel_keyring
    if not keeps and not manual_lock.manually_locked(context.paths):
        raise errors.ConfigError(
            "the agent is switched off, but only the agent can keep the vault unlocked",
            hint="set agent to auto (config.toml, AWSVAULT_AGENT)",
        )
    opened, way = unlock(context, purpose="to unlock it", ends_lock=True)
    manual_lock.unmark(context.paths)  # even if no agent can be started: nothing else could end the lock
    warnings: list[str] = []
    if settings.agent != "off":
        _stop_if_unusable(context)
        agent_socket.check_length(context.paths.socket)
        if context.agent.agent(answer=limits.AGENT_TALK) is None:
            start(context.env)
            context.agent.agent(answer=limits.AGENT_TALK, again=True)
        agent = hand_to_agent(context, opened, person=True, answer=limits.AGENT_TALK)
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


def _stop_if_unusable(context: Context) -> None:
    """Stop an agent of another vault or of another version, such as one that was started before an upgrade."""
    hello = context.agent.hello(answer=limits.AGENT_TALK)
    agent = context.agent.agent(answer=limits.AGENT_TALK)
    if agent is None or hello is None or (hello.serves(context.paths) and hello.version == __version__):
        return
    if agent.ask("SHUTDOWN") is None:
        kill_agent(agent)
    agent.receive()  # the agent ends with the connection; then its socket is free
    context.agent.close()


class LockOutcome(NamedTuple):
    """What ``lock`` did: whether an agent was unlocked, and which credentials servers it ended.

    ``nothing``: there is no vault and nothing was unlocked, so the lock is not recorded.
    """

    was_open: bool
    servers: tuple[running_servers.Running, ...]
    nothing: bool = False


def lock_vault(context: Context) -> LockOutcome:
    """``lock``: from now on only ``unlock`` opens the vault.

    Kills an agent that does not answer, which removes its keys, and likewise a server's keeper. If the lock cannot be
    recorded, everything is closed all the same, and the error says so.
    """
    unrecorded, servers = None, running_servers.running(context.paths)
    before = manual_lock.manually_locked(context.paths)
    try:
        manual_lock.mark(
            context.paths
        )  # first, so that a process that opens the vault meanwhile finds the mark
    except errors.Error as error:
        unrecorded = error
    cache_key.forget(context.paths)
    was_open, unended = False, []
    for path, agent, hello in all_agents.each(context, again=True):
        was_open |= hello is not None and not hello.why
        if not agent.ask("LOCK", hold=True):
            was_open = True
            unended += [] if kill_agent(agent) else [path]
    ended = running_servers.end_all(context.paths, recorded=unrecorded is None)
    if unended:
        raise errors.StorageError(
            f"the agent at {', '.join(unended)} does not answer and could not be stopped: it may still have keys",
            hint=f"stop the process whose command line ends in {COMMAND}",
        )
    if ended.left:
        left = ", ".join(map(str, ended.left))
        raise errors.StorageError(
            f"a credentials server could not be stopped: it may still have the key or serve credentials (process {left})",
            hint="stop that process, then run awsvault-py lock again",
        )
    if unrecorded is not None:
        raise type(unrecorded)(
            f"{unrecorded.message.removesuffix('; nothing was changed')}; the keys were removed"
            " from memory, but the lock could not be recorded: the next command can unlock the vault again",
            hint=unrecorded.hint,
        )
    closed = tuple(dict.fromkeys((*servers, *ended.servers)))
    nothing = not (was_open or closed or before or vault.exists(context.paths))
    if nothing:  # otherwise the vault that the user creates next would be locked
        manual_lock.unmark(context.paths)
    return LockOutcome(was_open, closed, nothing)
