"""Credentials for as long as this process lives: the first answer, and a way to the next ones that asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vault import errors, limits
from vault.flows import access, audit, sessions
from vault.flows.agent import let_go
from vault.flows.byhand import locked_by_hand
from vault.flows.flight import Anew

if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.profiles import Config
    from vault.flows.access import Way
    from vault.flows.context import Context
    from vault.flows.keys import Keys
    from vault.flows.sessions import Got, Wish


class Lasting(NamedTuple):
    """The first answer, the way to the next, and AWS's files as they were: a change of them is for the next command."""

    first: Got
    again: Callable[[], Got]
    config: Config


def lasting(context: Context, wish: Wish, *, purpose: str, program: str) -> Lasting:
    """As ``access.credentials``, and on. A yes that was given holds for all of it, and each session is logged as
    handed to ``program``. Errors: as there.
    """
    ready = sessions.prepare(context)
    got, way = access.with_keys(
        context,
        wish.profile,
        ready,
        purpose=purpose,
        start=wish.start,
        work=lambda keys: sessions.obtain(context, wish, keys, ready),
    )
    audit.handed_out(context, way.keys, got, use="serve", program=program)
    let_go(way.keys)
    later = wish._replace(profile=got.chain.profile, start=False, agreed=True, ask=False, mfa_code=None)

    def again() -> Got:
        fresh = context.lasting(limits.DEADLINE)
        fresh.ask_nobody()
        keys = _keys(fresh, way, purpose=purpose)
        try:
            found = sessions.obtain(fresh, later._replace(anew=Anew(renew=True)), keys, ready)
            audit.handed_out(fresh, keys, found, use="serve", program=program)
        finally:
            let_go(keys)
        return found

    return Lasting(got, again, ready.config)


def _keys(context: Context, way: Way, *, purpose: str) -> Keys:
    """Keys as the vault holds them now: a rotation may have replaced them. Locked after a lock by hand."""
    if locked_by_hand(context.paths):
        raise errors.Locked("the vault was locked by hand, so nothing is renewed")
    if way.opened is None:
        return access.open_way(context, purpose=purpose).keys
    from vault.flows.keys import OpenedKeys
    from vault.store import vault

    try:
        opened = vault.open_with_main_key(context.paths, way.opened.k_main)
    except (
        vault.KeysChanged
    ):  # by rekey, passwd or slots remove: who unlocked since has given the agent the new ones
        return access.open_way(context, purpose=purpose).keys
    return OpenedKeys(opened, paths=context.paths, clock=context.clock)
