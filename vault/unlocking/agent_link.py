"""The agent as commands see it: reach it, and tell whether it is of use. Prints nothing.

An agent that is missing, locked, slow or gone is never an error by itself: the vault is opened without it.
"""

from __future__ import annotations

import os

from vault import limits
from vault.agent.client import Agent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.context import Context
    from vault.system.paths import Paths

HAS_IT_OPEN = "agent (has the vault open, without its main key for us)"


def reach(context: Context, *, answer: float = limits.AGENT_ANSWER) -> Agent | None:
    """A connection to a running agent; None where there is none, or AWSVAULT_AGENT=off."""
    if context.env.get("AWSVAULT_AGENT") == "off":
        return None
    return Agent.reach(context.paths.socket, answer=answer)


def obstacle(context: Context) -> str:
    """Why the agent, which is asked before anything else, did not help: for the list of what was tried."""
    if context.settings.agent == "off":
        return "agent (switched off)"
    found = reach(context) if os.path.lexists(context.paths.socket) else None
    if found is None:
        return "agent (none runs)"
    hello = found.ask("HELLO")
    found.close()
    if hello is None:
        return "agent (did not answer)"
    if not serves(context, hello):
        return f"agent (of {_another(hello)})"
    return "agent (locked)" if hello["why"] or not hello["main"] else HAS_IT_OPEN


def serves(context: Context, hello: dict[str, Any]) -> bool:
    """Whether the agent that said this is of use: it speaks as we do, and opens the vault that this process opens.

    It may have been started before an upgrade, or after; or with other places, behind the same runtime folder.
    """
    from vault.agent.protocol import VERSION

    return bool(hello.get("v") == VERSION and hello.get("file") == name_of(context.paths))


def name_of(paths: Paths) -> str:
    """The vault's file as HELLO names it: homes with a vault each may share one runtime folder."""
    return os.fsencode(os.path.realpath(paths.vault)).hex()


def _another(hello: dict[str, Any]) -> str:
    from vault.agent.protocol import VERSION

    return "another vault" if hello.get("v") == VERSION and hello.get("file") else "another version"


def have_log_written(context: Context) -> None:
    """Have the agent write down what it has answered up to now; it does so a moment later by itself."""
    agent = reach(context, answer=limits.AGENT_TALK)
    if agent is not None:
        agent.ask("LOG")
        agent.close()
