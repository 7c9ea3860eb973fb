"""The user's agents, wherever they listen: a login, cron and a service see different runtime folders. Prints nothing.

One agent answers a command. But what one forgets all must forget, and what one may hold again all may.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from vault import __version__, errors, limits, warm
from vault.agent.client import Agent
from vault.system.paths import from_env, without_runtime
from vault.text import safe
from vault.unlocking.agent_link import name_of, serves
from vault.unlocking.key_handover import hand_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.vault import Opened


def sockets(env: Mapping[str, str]) -> list[str]:
    """Where an agent of this user may listen; the one that a command asks comes first."""
    paths = from_env(env)
    found = [paths.socket]
    if sys.platform == "linux" and not env.get("AWSVAULT_HOME"):
        login = from_env({**env, "XDG_RUNTIME_DIR": f"{warm.RUNTIMES}/{os.geteuid()}"}).socket
        found += [path for path in (login, without_runtime(paths.state)) if path not in found]
    return found


def each(env: Mapping[str, str], *, answer: float = limits.AGENT_TALK) -> Iterator[tuple[str, Agent]]:
    """A connection to each that listens, by its socket; it is closed before the next."""
    for path in sockets(env):
        agent = Agent.reach(path, answer=answer)
        if agent is not None:
            try:
                yield path, agent
            finally:
                agent.close()


def of_this_vault(context: Context, hello: dict[str, Any] | None) -> bool:
    """Whether the agent that said this opens the vault that this process opens, whatever its version."""
    return bool(hello and hello.get("file") == name_of(context.paths))


def others(context: Context) -> Iterator[tuple[str, Agent, dict[str, Any] | None]]:
    """Those of this vault that this command does not ask, and those that do not answer; each with its HELLO."""
    for path, agent in each(context.env):
        if path != context.paths.socket:
            hello = agent.ask("HELLO") if not agent.stopped() else None
            if hello is None or of_this_vault(context, hello):
                yield path, agent, hello


def open_others(context: Context, opened: Opened) -> tuple[str, ...]:
    """``unlock``: the others of this vault get its keys, too, or end where they are of another version. What to warn of."""
    warnings = []
    for path, agent, hello in others(context):
        if hello is None:
            warnings.append(mute(path, agent))
        elif serves(context, hello) and hello.get("version") == __version__:
            hand_over(context, opened, agent=agent, person=True)
        else:
            agent.ask("SHUTDOWN")
    return tuple(warnings)


def replace_keys(context: Context, opened: Opened, *, before: Secret | None = None) -> None:
    """Agents that hold the vault open go on with the keys that it has now; ``before`` as in ``hand_over``."""
    if context.env.get("AWSVAULT_AGENT") == "off":
        return
    for _, agent in each(context.env):
        hello = agent.ask("HELLO")
        if hello and hello["ok"] and not hello.get("why"):
            hand_over(context, opened, agent=agent, before=before)


def drop_sessions(context: Context, profile: str) -> int:
    """Have each agent of this vault forget the sessions of ``profile``, or all where it is empty; how many there were."""
    count = 0
    for _, agent in each(context.env):
        answer = (
            agent.ask("DROP_SESSIONS", profile=profile)
            if of_this_vault(context, agent.ask("HELLO"))
            else None
        )
        count += int(answer.get("dropped", 0)) if answer and answer["ok"] else 0
    return count


def insist(context: Context) -> None:
    """After all else was forgotten: StorageError where an agent does not answer, and so may go on with what it holds."""
    silent = [_mute(path, agent) for path, agent in each(context.env) if agent.ask("HELLO") is None]
    if silent:
        raise errors.StorageError(
            f"{silent[0]}, so it may go on handing out sessions; those on disk are forgotten",
            hint="run: awsvault-py lock, which ends it",
        )


def mute(path: str, agent: Agent) -> str:
    """What to say of an agent that does not answer."""
    return f"{_mute(path, agent)}: awsvault-py lock ends it"


def _mute(path: str, agent: Agent) -> str:
    return f"the agent behind {safe(path)} (process {agent.pid}) does not answer"
