"""The key of the sign-ins: from the agent or the vault, and created by the first sign-in. Prints nothing."""

from __future__ import annotations

from vault import errors
from vault.frozen import replace
from vault.secret import CacheKey
from vault.signin.sealed import SignIns
from vault.store import vault
from vault.unlocking.agent_keys import AgentGone
from vault.unlocking.key_access import key_access
from vault.unlocking.key_handover import offer
from vault.unlocking.keys import OpenedKeys
from vault.unlocking.unlock import unlock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from vault.context import Context
    from vault.secret import Secret
    from vault.store.vault import Opened, Payload
    from vault.unlocking.keys import Keys


def stored(context: Context, keys: Keys) -> SignIns | None:
    """The sign-ins of an unlocked vault. None if the user has never signed in."""
    key = keys.sso_key()
    return None if key is None else SignIns.open(context.paths, key=key, vault_id=keys.vault_id)


class SignInAccess:
    """The sign-ins of the vault while the user signs in, as a context manager. The vault may get new keys meanwhile.

    ``sign_ins`` are those under the key as it was found, ``keys`` and ``log`` the vault's keys and that of its log.
    """

    def __init__(self, context: Context, *, purpose: str, opened: Opened | None) -> None:
        self._context = context
        self._purpose = purpose
        self._open(opened)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.sign_ins.__exit__()
        self.keys.close()

    def key_changed(self) -> bool:
        """Whether the vault may have another key by now: every rekey wraps its slots again. NoVault, Damaged."""
        return vault.read_header(self._context.paths).slots != self._slots

    def reopen(self) -> SignIns:
        """The sign-ins under the key that the vault has now. Errors: as of ``to_sign_in``; the message says what is lost."""
        self.__exit__()
        try:
            self._open(None)
        except errors.Error as error:
            error.message = (
                f"the vault got new keys meanwhile, so the sign-in was not stored: {error.message}"
            )
            raise
        return self.sign_ins

    def _open(self, opened: Opened | None) -> None:
        self._slots = vault.read_header(
            self._context.paths
        ).slots  # before the key, which may be replaced at any time
        self.keys, key = _keys_with_key(self._context, purpose=self._purpose, opened=opened)
        self.log = CacheKey(self.keys.cache_key, self.keys.vault_id)
        self.sign_ins = SignIns.open(self._context.paths, key=key, vault_id=self.log.vault_id, create=True)


def to_sign_in(context: Context, *, purpose: str, opened: Opened | None = None) -> SignInAccess:
    """The sign-ins of the vault, with its key created if there is none. ``opened``: the vault, if it is open already.

    Errors: those of ``unlock`` and of a write.
    """
    return SignInAccess(context, purpose=purpose, opened=opened)


def _keys_with_key(context: Context, *, purpose: str, opened: Opened | None) -> tuple[Keys, Secret]:
    """Keys of the vault, and the key of the sign-ins."""
    if opened is None:
        keys, opened = _keys(context, purpose=purpose)
        try:
            key = keys.sso_key()
        except AgentGone:
            keys.close()
            keys, opened = _keys(context, purpose=purpose, ask_agent=False)
            key = keys.sso_key()
        if key is not None:
            return keys, key
        keys.close()
        opened = opened or unlock(context, purpose=purpose).opened
    after = _with_key(context, opened)
    if after.payload.sso_key is None:
        raise AssertionError("the vault was written without the key of the sign-ins")
    return OpenedKeys(after, paths=context.paths, clock=context.clock), after.payload.sso_key


def _keys(context: Context, *, purpose: str, ask_agent: bool = True) -> tuple[Keys, Opened | None]:
    access = key_access(context, purpose=purpose, ask_agent=ask_agent)
    if access.opened is not None:
        offer(context, access.opened, way=access.way)
    return access.keys, access.opened


def _with_key(context: Context, opened: Opened) -> Opened:
    fresh = vault.new_key()

    def change(payload: Payload) -> Payload:
        return payload if payload.sso_key is not None else replace(payload, sso_key=fresh)

    return vault.edit(
        context.paths, opened.k_main, change, clock=context.clock, deadline=context.new_deadline()
    )
