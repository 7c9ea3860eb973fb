"""Handing keys to the agent, which keeps the vault open from then on. Prints nothing."""

from __future__ import annotations

import os

from vault import limits
from vault.agent.client import Limits
from vault.system.passphrase_variables import PASSPHRASE
from vault.unlocking import seen_generations
from vault.unlocking.agent_link import reach, serves

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.agent.client import Agent
    from vault.context import Context
    from vault.secret import Secret
    from vault.store.vault import Opened

# A passphrase from one of these opens the vault for one run, not for the hours after it.
_NO_AGENT_FOR = (PASSPHRASE, PASSPHRASE + "_FILE", PASSPHRASE + "_FD", "CREDENTIALS_DIRECTORY")


def hand_over(
    context: Context, opened: Opened, *, agent: Agent, person: bool = False, before: Secret | None = None
) -> bool:
    """Give a running agent the keys of the vault just opened. ``person``: by ``unlock``, which ends a lock by hand.
    ``before`` is the main key that the vault had until now, where it has another.

    False where it does not take them, or is of another version or vault, which gets none.
    """
    settings = context.settings
    hello = agent.ask("HELLO")
    if not hello or not serves(context, hello):
        return False
    answer = agent.unlock(
        vault_id=opened.vault_id,
        main=opened.k_main,
        cache=opened.cache_key,
        times=Limits(settings.agent_idle, settings.agent_max, limits.STRICT_TIME, settings.lock_on_suspend),
        person=person,
    )
    if not answer or not answer["ok"]:
        return False
    seen_generations.tell(opened, agent, hello=hello, before=before)
    return True


def offer(context: Context, opened: Opened, *, way: str) -> None:
    """After an unlock for another command: the agent keeps the vault open from here on. Starts one beside this process."""
    agent = reach(context)
    if agent is None:
        start_beside(context, opened, way=way, then=lambda _: None)
        return
    hello = agent.ask("HELLO")
    known = hello["why"] if hello and serves(context, hello) else None
    if known == "locked" and may_stay_open(way):
        hand_over(context, opened, agent=agent)
    elif hello and known == "":
        seen_generations.tell(opened, agent, hello=hello)
    agent.close()


def start_beside(context: Context, opened: Opened, *, way: str, then: Callable[[Agent], None]) -> None:
    """Start an agent and hand the keys over, in a process of its own: nobody waits for it."""
    if "off" in (context.env.get("AWSVAULT_AGENT"), context.settings.agent) or not may_stay_open(way):
        return
    from vault.system.detach import detached

    if not detached():
        return
    try:
        from vault.agent.start import start

        agent = reach(context, answer=limits.AGENT_TALK) if start(context.env) else None
        if agent is not None and hand_over(context, opened, agent=agent):
            then(agent)
    finally:
        os._exit(0)


def may_stay_open(way: str) -> bool:
    """Whether a vault opened this ``way`` may stay open: one passphrase of the environment is for one run."""
    return way not in _NO_AGENT_FOR


def hand_over_strict(
    context: Context,
    key: Secret,
    *,
    vault_id: bytes,
    seconds: int = limits.STRICT_TIME,
    only_open: bool = False,
) -> bool:
    """Let the agent hold the strict seeds open for five minutes; False where it is not open itself.

    ``only_open``: only where it holds them open already.
    """
    agent = reach(context, answer=limits.AGENT_TALK)
    if agent is None:
        return False
    try:
        hello = agent.ask("HELLO")
        if not hello or not serves(context, hello) or (only_open and not hello["strict"]):
            return False
        settings = context.settings
        times = Limits(settings.agent_idle, settings.agent_max, seconds, settings.lock_on_suspend)
        return agent.unlock_strict(vault_id=vault_id, strict=key, times=times)
    finally:
        agent.close()


def close_strict(context: Context, *, vault_id: bytes) -> None:
    """Have an agent that holds the strict seeds open close them: they have another key now."""
    from vault.store.boxes import new_key

    hand_over_strict(context, new_key(), vault_id=vault_id, seconds=0, only_open=True)
