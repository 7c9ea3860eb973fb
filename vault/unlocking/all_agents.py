"""All of the user's agents, at all their sockets: a login, cron and a service have different runtime folders. Prints
nothing.

One agent answers a command. But what one of them must forget, all must forget; and if one may be unlocked, all may.
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
    """The sockets at which an agent of this user may listen. The socket of this command's own agent comes first."""
    paths = from_env(env)
    found = [paths.socket]
    if sys.platform == "linux" and not env.get("AWSVAULT_HOME"):
        login = from_env({**env, "XDG_RUNTIME_DIR": f"{warm.RUNTIMES}/{user_id()}"}).socket
        found += [path for path in (login, without_runtime(paths.state)) if path not in found]
    return found


def each(context: Context, *, again: bool = False) -> Iterator[tuple[str, Agent, Hello | None]]:
    """For each agent that listens: its socket, a connection, and its HELLO, which is None if the agent does not answer.

    This command's own agent is asked over the existing link; ``again``: ask for its current HELLO. The connections to
    others are closed before the next one is opened.
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
        yield path, link.agent(answer=limits.AGENT_TALK) or agent, hello  # the link may have reconnected
    finally:
        if link is not context.agent:
            link.close()


def others(context: Context) -> Iterator[tuple[str, Agent, Hello | None]]:
    """The other agents of this vault, and those that do not answer, each with its HELLO."""
    for path in sockets(context.env):
        if path != context.paths.socket:
            for _, agent, hello in _asked(context, path, AgentLink(context.paths, socket=path)):
                if hello is None or hello.of_vault(context.paths):
                    yield path, agent, hello


def open_others(context: Context, opened: Opened) -> tuple[str, ...]:
    """For ``unlock``: give the vault's keys to its other agents, or stop those of another version. Returns warnings."""
    warnings = []
    for path, agent, hello in others(context):
        if hello is None:
            warnings.append(unanswered_warning(path, agent))
        elif hello.serves(context.paths) and hello.version == __version__:
            hand_over(context, opened, agent=agent, hello=hello, person=True)
        else:
            agent.ask("SHUTDOWN")
    return tuple(warnings)


def replace_keys(context: Context, opened: Opened, *, before: Secret | None = None) -> None:
    """Give the vault's current keys to the agents that keep it unlocked. ``before`` as in ``hand_over``."""
    if context.env.get("AWSVAULT_AGENT") == "off":
        return
    for _, agent, hello in each(context, again=True):
        if hello is not None and not hello.why:
            hand_over(context, opened, agent=agent, hello=hello, before=before)


def drop_sessions(context: Context, *profiles: str) -> int:
    """Make each agent of this vault forget the sessions of ``profiles``, or all for "". Returns how many there were."""
    count = 0
    for _, agent, hello in each(context):
        if hello is not None and hello.of_vault(context.paths):
            for profile in profiles:
                answer = agent.ask("DROP_SESSIONS", profile=profile)
                count += int(answer.get("dropped", 0)) if answer and answer["ok"] else 0
    return count


def check_all_answered(context: Context) -> None:
    """For after everything else was deleted: StorageError if an agent does not answer, so that it may still have sessions."""
    silent = [
        _does_not_answer(path, agent) for path, agent, hello in each(context, again=True) if hello is None
    ]
    if silent:
        raise errors.StorageError(
            f"{silent[0]}, so it may still issue sessions; the sessions on disk were deleted",
            hint="run: awsvault-py lock, which stops it",
        )


def unanswered_warning(path: str, agent: Agent) -> str:
    """The warning about an agent that does not answer."""
    return f"{_does_not_answer(path, agent)}: awsvault-py lock stops it"


def _does_not_answer(path: str, agent: Agent) -> str:
    return f"the agent at {safe(path)} (process {agent.pid}) does not answer"
