"""The key of the sign-ins: from the agent or the vault, and created by the first sign-in. Prints nothing."""

from __future__ import annotations

from dataclasses import replace

from vault.records import NamedTuple
from vault.secret import CacheKey
from vault.signin.sealed import SignIns
from vault.store import vault
from vault.unlocking.key_access import key_access
from vault.unlocking.key_handover import offer
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.store.vault import Opened, Payload
    from vault.unlocking.keys import Keys


class SignInAccess(NamedTuple):
    """The sign-ins, and the key of the log of the vault that they belong to."""

    sign_ins: SignIns
    log: CacheKey


def stored(context: Context, keys: Keys) -> SignIns | None:
    """The sign-ins of an unlocked vault. None if the user has never signed in."""
    key = keys.sso_key()
    return None if key is None else SignIns.open(context.paths, key=key, vault_id=keys.vault_id)


def to_sign_in(context: Context, *, purpose: str, opened: Opened | None = None) -> SignInAccess:
    """The sign-ins of the vault, with its key created if there is none. ``opened``: the vault, if it is open already.

    Errors: those of ``unlock`` and of a write.
    """
    if opened is None:
        access = key_access(context, purpose=purpose)
        if access.opened is not None:
            offer(context, access.opened, way=access.way)
        try:
            key, log = access.keys.sso_key(), CacheKey(access.keys.cache_key, access.keys.vault_id)
        finally:
            access.keys.close()
        if key is not None:
            return SignInAccess(SignIns.open(context.paths, key=key, vault_id=log.vault_id, create=True), log)
        opened = access.opened or unlock(context, purpose=purpose).opened
    fresh = vault.new_key()

    def change(payload: Payload) -> Payload:
        return payload if payload.sso_key is not None else replace(payload, sso_key=fresh)

    after = vault.edit(
        context.paths, opened.k_main, change, clock=context.clock, deadline=context.new_deadline()
    )
    key = after.payload.sso_key
    if key is None:
        raise AssertionError("the vault was written without the key of the sign-ins")
    sign_ins = SignIns.open(context.paths, key=key, vault_id=after.vault_id, create=True)
    return SignInAccess(sign_ins, CacheKey(after.cache_key, after.vault_id))
