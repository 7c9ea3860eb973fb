"""Gives keys to the agent, which keeps the vault unlocked from then on. Prints nothing."""

from __future__ import annotations

import os

from vault import limits
from vault.agent.client import Limits
from vault.system.passphrase_variables import PASSPHRASE
from vault.unlocking import seen_generations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.agent.client import Agent
    from vault.agent.link import Hello
    from vault.context import Context
    from vault.secret import Secret
    from vault.store.vault import Opened

# A passphrase from one of these opens the vault for one run, not for the following hours. A TPM opens it as fast as an agent.
_NO_AGENT_FOR = (PASSPHRASE, PASSPHRASE + "_FILE", PASSPHRASE + "_FD", "CREDENTIALS_DIRECTORY", "tpm")


def hand_over(
    context: Context,
    opened: Opened,
    *,
    agent: Agent,
    hello: Hello | None,
    person: bool = False,
    before: Secret | None = None,
) -> bool:
    """Give a running agent the keys of the vault that was just opened. ``hello`` is the agent's HELLO.

    ``person``: the user ran ``unlock``, which ends a lock by ``lock``. ``before`` is the vault's previous main key, if
    it has just got a new one. Returns False if the agent does not accept the keys. An agent of another version or vault
    gets none.
    """
    settings = context.settings
    if hello is None or not hello.serves(context.paths):
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


def hand_to_agent(
    context: Context, opened: Opened, *, person: bool = False, answer: float | None = None
) -> Agent | None:
    """``hand_over`` to this run's agent; returns the agent if it accepted the keys. ``answer`` as in vault/agent/link."""
    hello = context.agent.hello(answer=answer)
    agent = context.agent.agent(answer=answer)
    if agent is None or not hand_over(context, opened, agent=agent, hello=hello, person=person):
        return None
    context.agent.changed()
    return agent


def offer(context: Context, opened: Opened, *, way: str) -> None:
    """After an unlock for another command: let the agent keep the vault unlocked. Starts one in the background if needed."""
    hello = context.agent.hello()
    agent = context.agent.agent()
    if agent is None:
        start_in_background(context, opened, way=way, then=lambda _: None)
        return
    if hello is None or not hello.serves(context.paths):
        return
    if hello.why == "locked" and may_stay_open(way):
        hand_to_agent(context, opened)
    elif not hello.why:
        seen_generations.tell(opened, agent, hello=hello)


def start_in_background(context: Context, opened: Opened, *, way: str, then: Callable[[Agent], None]) -> None:
    """Start an agent and give it the keys, in a background process that nothing waits for."""
    if context.agent.hangs:
        return  # it occupies the socket of a new one
    if "off" in (context.env.get("AWSVAULT_AGENT"), context.settings.agent) or not may_stay_open(way):
        return
    from vault.system.detach import detached

    if not detached():
        return
    try:
        from vault.agent.start import start

        if start(context.env) and context.agent.agent(answer=limits.AGENT_TALK, again=True) is not None:
            agent = hand_to_agent(context, opened, answer=limits.AGENT_TALK)
            if agent is not None:
                then(agent)
    finally:
        os._exit(0)


def may_stay_open(way: str) -> bool:
    """Whether a vault opened in this ``way`` may stay unlocked: a passphrase from the environment and a TPM are for one run."""
    return way not in _NO_AGENT_FOR


def hand_over_strict(
    context: Context,
    key: Secret,
    *,
    vault_id: bytes,
    seconds: int = limits.STRICT_TIME,
    only_open: bool = False,
) -> bool:
    """Let the agent keep the strict seeds open for five minutes. False if the agent is locked.

    ``only_open``: only if it has them open already.
    """
    hello = context.agent.hello(again=True, answer=limits.AGENT_TALK)
    agent = context.agent.serving(answer=limits.AGENT_TALK)
    if agent is None or hello is None or (only_open and not hello.strict):
        return False
    settings = context.settings
    times = Limits(settings.agent_idle, settings.agent_max, seconds, settings.lock_on_suspend)
    return agent.unlock_strict(vault_id=vault_id, strict=key, times=times)


def close_strict(context: Context, *, vault_id: bytes) -> None:
    """Make an agent close the strict seeds if it has them open: their box has a new key."""
    from vault.store.boxes import new_key

    hand_over_strict(context, new_key(), vault_id=vault_id, seconds=0, only_open=True)
