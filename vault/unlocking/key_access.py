"""How a command gets Keys: from the agent if it is unlocked, otherwise by unlocking the vault here. Prints nothing."""

from __future__ import annotations

from vault import errors, limits
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from vault.context import Context
    from vault.store.vault import Opened
    from vault.unlocking.keys import Keys

    T = TypeVar("T")


class KeysAccess(NamedTuple):
    """Keys, the opened vault if this process opened it, and what opened it ("agent", "keyring", …)."""

    keys: Keys
    opened: Opened | None
    way: str


def open_keys(context: Context, *, purpose: str) -> Keys:
    """Keys of the vault. ``purpose`` tells the user what the passphrase is for. Errors: those of ``unlock``."""
    from vault.unlocking.resilient_keys import ResilientKeys

    access = key_access(context, purpose=purpose)
    if access.opened is None:
        return ResilientKeys(access.keys, otherwise=lambda: _opened_here(context, purpose=purpose))
    return _offered(context, access)


def _opened_here(context: Context, *, purpose: str) -> Keys:
    return _offered(context, key_access(context, purpose=purpose, ask_agent=False))


def _offered(context: Context, access: KeysAccess) -> Keys:
    """The keys of a vault that this process opened, which the agent may keep unlocked from now on."""
    if access.opened is not None:
        from vault.unlocking.key_handover import offer

        offer(context, access.opened, way=access.way)
    return access.keys


def begin(context: Context) -> Keys | None:
    """Keys from the agent, if it is unlocked: its worker begins to open the vault while the caller does other work. The keys are
    for ``with_keys``.
    """
    from vault.system import hardening
    from vault.unlocking.agent_keys import keys_from_agent

    hardening.before_keys()
    return keys_from_agent(context)


def key_access(context: Context, *, purpose: str, ask_agent: bool = True) -> KeysAccess:
    """Keys from the agent or, if it has none, from the vault opened here. Errors: those of ``unlock``."""
    from vault.system import hardening
    from vault.unlocking.agent_keys import keys_from_agent

    hardening.before_keys()  # for the agent's keys too: this process gets the source key to sign with
    from_agent = keys_from_agent(context) if ask_agent else None
    if from_agent is not None:
        return KeysAccess(from_agent, None, "agent")
    from vault.unlocking import cache_key
    from vault.unlocking.keys import OpenedKeys
    from vault.unlocking.unlock import unlock_unless

    meanwhile_from_agent: list[Keys] = []

    def meanwhile() -> bool:
        """Whether another process has prompted the user meanwhile, and the agent has the keys."""
        found = keys_from_agent(context, again=True) if ask_agent else None
        meanwhile_from_agent.extend([] if found is None else [found])
        return bool(meanwhile_from_agent)

    try:
        unlocked = unlock_unless(context, purpose=purpose, meanwhile=meanwhile)
    except errors.Locked:  # nothing else opens it, so give a slow agent more time
        from_agent = keys_from_agent(context, again=True, answer=limits.AGENT_TALK) if ask_agent else None
        if from_agent is None:
            raise
        return KeysAccess(from_agent, None, "agent")
    if unlocked is None:
        return KeysAccess(meanwhile_from_agent[-1], None, "agent")
    opened, way = unlocked
    cache_key.keep(context, opened)
    return KeysAccess(OpenedKeys(opened, paths=context.paths, clock=context.clock), opened, way)


def with_keys(
    context: Context, work: Callable[[Keys], T], *, purpose: str, begun: Keys | None = None
) -> tuple[T, KeysAccess]:
    """The result of ``work``, and the keys it used: the agent's or, if the agent goes away meanwhile, this process's
    own. ``begun``: the keys from ``begin``.

    If AWS does not know the source key, ``work`` is repeated once with the current keys: a rotation may have replaced
    the key since the vault was read, here or on another machine.
    """
    from vault.unlocking.agent_keys import AgentGone

    access = key_access(context, purpose=purpose) if begun is None else KeysAccess(begun, None, "agent")
    if access.way == "agent":
        from vault.aws import transport

        transport.preload(
            context.env
        )  # a call to AWS will likely follow; meanwhile the agent's worker opens the vault
    try:
        return work(access.keys), access
    except AgentGone:
        access = key_access(context, purpose=purpose, ask_agent=False)
        return work(access.keys), access
    except errors.Refused as error:
        if error.code != "InvalidClientTokenId":
            raise
        access = _reread(context, access, purpose=purpose)
        if error.key_id and _has(access, error.key_id) and _found_elsewhere(context, access, error):
            access = _reread(context, access, purpose=purpose)
        if not error.key_id or _has(access, error.key_id):
            raise  # the same key would be refused again, and cost another code
        return work(access.keys), access


def _found_elsewhere(context: Context, access: KeysAccess, error: errors.Refused) -> bool:
    """Whether the vault may have another key now, from another machine. Otherwise the hint of ``error`` may say more."""
    return context.newer_key is not None and context.newer_key(context, access.opened, error)


def _reread(context: Context, access: KeysAccess, *, purpose: str) -> KeysAccess:
    """Access to the vault as it is now, the same way as before and without a prompt."""
    if access.opened is None:
        return key_access(context, purpose=purpose)
    from vault.store import vault
    from vault.unlocking.keys import OpenedKeys

    opened = vault.open_with_main_key(context.paths, access.opened.k_main)
    return KeysAccess(OpenedKeys(opened, paths=context.paths, clock=context.clock), opened, access.way)


def _has(access: KeysAccess, key_id: str) -> bool:
    return any(entry.access_key_id == key_id for entry in access.keys.contents().entries)
