"""The way to Keys for a command: from the agent that holds the vault open, else by unlocking it here. Prints nothing."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from vault import errors, limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.store.vault import Opened
    from vault.unlocking.keys import Keys

T = TypeVar("T")


class KeysAccess(NamedTuple):
    """Keys, and how they were had: the vault where this process opened it, and what opened it ("agent", "keyring", …)."""

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
    """The keys of a vault that this process opened; the agent may keep it open from here on."""
    if access.opened is not None:
        from vault.unlocking.key_handover import offer

        offer(context, access.opened, way=access.way)
    return access.keys


def key_access(context: Context, *, purpose: str, ask_agent: bool = True) -> KeysAccess:
    """The first way to keys: the agent's, else the vault opened here. Errors: those of ``unlock``."""
    from vault.system import hardening
    from vault.unlocking.agent_keys import held_keys

    hardening.before_keys()  # for the agent's keys too: the source key comes here to sign with
    held = held_keys(context) if ask_agent else None
    if held is not None:
        from vault.aws import transport

        transport.preload()  # a call will likely be due; meanwhile the agent's fork opens the vault
        return KeysAccess(held, None, "agent")
    from vault.unlocking import cache_key
    from vault.unlocking.keys import OpenedKeys
    from vault.unlocking.unlock import unlock_unless

    came: list[Keys] = []

    def meanwhile() -> bool:
        """Whether the one who was asked first has answered, and the agent has the keys."""
        found = held_keys(context, again=True) if ask_agent else None
        came.extend([] if found is None else [found])
        return bool(came)

    try:
        unlocked = unlock_unless(context, purpose=purpose, meanwhile=meanwhile)
    except errors.Locked:  # nothing else opens it, so an agent that was slow to answer is given time
        held = held_keys(context, again=True, answer=limits.AGENT_TALK) if ask_agent else None
        if held is None:
            raise
        return KeysAccess(held, None, "agent")
    if unlocked is None:
        return KeysAccess(came[-1], None, "agent")
    opened, way = unlocked
    cache_key.keep(context, opened)
    return KeysAccess(OpenedKeys(opened, paths=context.paths, clock=context.clock), opened, way)


def with_keys(context: Context, work: Callable[[Keys], T], *, purpose: str) -> tuple[T, KeysAccess]:
    """What ``work`` gives, and the access it had: the agent's keys, or this process's own where that goes meanwhile.

    ``work`` is done again, once, with the keys of now: where AWS does not know the source key, which a rotation may have
    replaced since the vault was read.
    """
    from vault.unlocking.agent_keys import AgentGone

    access = key_access(context, purpose=purpose)
    try:
        return work(access.keys), access
    except AgentGone:
        access = key_access(context, purpose=purpose, ask_agent=False)
        return work(access.keys), access
    except errors.Refused as error:
        if error.code != "InvalidClientTokenId":
            raise
        access = _reread(context, access, purpose=purpose)
        if not error.key_id or error.key_id in _key_ids(access):
            raise  # the same key again would cost a code and be refused as well
        return work(access.keys), access


def _reread(context: Context, access: KeysAccess, *, purpose: str) -> KeysAccess:
    """The same way to the vault as it is now, without a question."""
    if access.opened is None:
        return key_access(context, purpose=purpose)
    from vault.store import vault
    from vault.unlocking.keys import OpenedKeys

    opened = vault.open_with_main_key(context.paths, access.opened.k_main)
    return KeysAccess(OpenedKeys(opened, paths=context.paths, clock=context.clock), opened, access.way)


def _key_ids(access: KeysAccess) -> list[str]:
    return [entry.access_key_id for entry in access.keys.contents().entries]
