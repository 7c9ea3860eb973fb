"""The user's agents, wherever they listen: a login, cron and a service see different runtime folders. Prints nothing.

One agent answers a command. But what one forgets all must forget, and what one may hold again all may.
"""

from __future__ import annotations

import sys

from vault import __version__, errors, limits, warm
from vault.agent.link import AgentLink
from vault.system.ownership import user_id
from vault.system.paths import from_env, without_runtime
from vault.text import safe
from vault.unlocking.key_handover import hand_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vault.agent.client import Agent
    from vault.agent.link import Hello
    from vault.context import Context
    from vault.secret import Secret
    from vault.store.vault import Opened


def sockets(env: Mapping[str, str]) -> list[str]:
    """Where an agent of this user may listen; the one that a command asks comes first."""
    paths = from_env(env)
    found = [paths.socket]
    if sys.platform == "linux" and not env.get("AWSVAULT_HOME"):
        login = from_env({**env, "XDG_RUNTIME_DIR": f"{warm.RUNTIMES}/{user_id()}"}).socket
        found += [path for path in (login, without_runtime(paths.state)) if path not in found]
    return found


def each(context: Context, *, again: bool = False) -> Iterator[tuple[str, Agent, Hello | None]]:
    """A connection to each that listens, by its socket, with its HELLO, None where it does not answer.

    The one that this run asks is asked over the run's own link; ``again``: what it says now. The others are closed before
    the next.
    """
    for path in sockets(context.env):
        own = path == context.paths.socket
        link = context.agent.even_off() if own else AgentLink(context.paths, socket=path)
        yield from _asked(context, path, link, again=again)


def _asked(
    context: Context, path: str, link: AgentLink, *, again: bool = False
) -> Iterator[tuple[str, Agent, Hello | None]]:
    agent = link.agent(answer=limits.AGENT_TALK, again=True, mute=True)
    if agent is None:
        return
    try:
        hello = None if agent.stopped() else link.hello(answer=limits.AGENT_TALK, again=again)
        yield path, link.agent(answer=limits.AGENT_TALK) or agent, hello  # it may have been dialled again
    finally:
        if link is not context.agent:
            link.close()


def others(context: Context) -> Iterator[tuple[str, Agent, Hello | None]]:
    """Those of this vault that this command does not ask, and those that do not answer; each with its HELLO."""
    for path in sockets(context.env):
        if path != context.paths.socket:
            for _, agent, hello in _asked(context, path, AgentLink(context.paths, socket=path)):
                if hello is None or hello.of_vault(context.paths):
                    yield path, agent, hello


def open_others(context: Context, opened: Opened) -> tuple[str, ...]:
    """``unlock``: the others of this vault get its keys, too, or end where they are of another version. What to warn of."""
    warnings = []
    for path, agent, hello in others(context):
        if hello is None:
            warnings.append(mute(path, agent))
        elif hello.serves(context.paths) and hello.version == __version__:
            hand_over(context, opened, agent=agent, hello=hello, person=True)
        else:
            agent.ask("SHUTDOWN")
    return tuple(warnings)


def replace_keys(context: Context, opened: Opened, *, before: Secret | None = None) -> None:
    """Agents that hold the vault open go on with the keys that it has now; ``before`` as in ``hand_over``."""
    if context.env.get("AWSVAULT_AGENT") == "off":
        return
    for _, agent, hello in each(context, again=True):
        if hello is not None and not hello.why:
            hand_over(context, opened, agent=agent, hello=hello, before=before)


def drop_sessions(context: Context, profile: str) -> int:
    """Have each agent of this vault forget the sessions of ``profile``, or all where it is empty; how many there were."""
    count = 0
    for _, agent, hello in each(context):
        if hello is not None and hello.of_vault(context.paths):
            answer = agent.ask("DROP_SESSIONS", profile=profile)
            count += int(answer.get("dropped", 0)) if answer and answer["ok"] else 0
    return count


def insist(context: Context) -> None:
    """After all else was forgotten: StorageError where an agent does not answer, and so may go on with what it holds."""
    silent = [_mute(path, agent) for path, agent, hello in each(context, again=True) if hello is None]
    if silent:
        raise errors.StorageError(
            f"{silent[0]}, so it may still issue sessions; the sessions on disk were deleted",
            hint="run: awsvault-py lock, which stops it",
        )


def mute(path: str, agent: Agent) -> str:
    """What to say of an agent that does not answer."""
    return f"{_mute(path, agent)}: awsvault-py lock ends it"


def _mute(path: str, agent: Agent) -> str:
    return f"the agent behind {safe(path)} (process {agent.pid}) does not answer"
