"""Credentials for as long as a program runs: the first answer, and the refreshes, which never prompt."""

from __future__ import annotations

from hashlib import sha256

from vault import errors, limits
from vault.credentials import audit
from vault.credentials.obtain import issue, obtain
from vault.credentials.request import Refetch
from vault.text import safe
from vault.unlocking.key_access import key_access

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.credentials.issued import Issued
    from vault.credentials.obtain import Obtained
    from vault.credentials.planned import LoadedProfiles
    from vault.credentials.request import Request
    from vault.profiles.chain import Chain
    from vault.secret import Secret
    from vault.unlocking.keys import Keys


REFRESH = Refetch(refresh=True)


def first(context: Context, request: Request, *, program: str) -> Obtained:
    """Like ``obtain``, logged as issued to ``program``. Errors: those of ``obtain``."""
    obtained = obtain(context, request, purpose=_purpose(request), use="serve", program=program)
    obtained.access.keys.close()
    return obtained


def later(request: Request, issued: Issued) -> Request:
    """The request of a refresh. One confirmation covers all of them; an MFA code is good for one call only."""
    source = issued.chain.path[1] if request.source is not None else None
    return request._replace(
        source=source,
        profile=issued.chain.profile,
        start=False,
        agreed=True,
        ask=False,
        mfa_code=None,
        refetch=REFRESH,
    )


def digest_of(chain: Chain) -> str:
    """A digest of the chain. Its secrets do not count, because their repr is empty."""
    return sha256(repr(chain).encode("utf-8", "surrogateescape")).hexdigest()


def again(
    context: Context,
    request: Request,
    profiles: LoadedProfiles,
    *,
    main: Secret | None,
    chain: str,
    program: str,
) -> Issued:
    """The next answer for a ``later`` request. ``main`` opens the vault; without it, the agent has to.

    ``chain`` is the digest (``digest_of``) of the chain of the first answer, which must not have changed.

    Errors: those of ``obtain`` without prompts; ConfigError if the chain changed.
    """
    fresh = context.with_deadline(limits.DEADLINE)
    fresh.disable_prompts()
    fresh.agent.close()  # start without the earlier connection: an agent may have started or ended
    keys = _keys(fresh, request, main)
    try:
        found = issue(fresh, request, keys, profiles)
        if digest_of(found.chain) != chain:
            raise errors.ConfigError(
                f"profile {safe(request.profile)} has changed since the command was started",
                hint="AWS's files or the vault's entries were changed: start the command again",
            )
        if found.expires is None or found.issued is None:
            raise errors.ConfigError(
                f"profile {safe(request.profile)} now gives a key that never expires, but a server serves sessions",
                hint="undo the change to AWS's files or the vault's entries, or start the command again with another profile",
            )
        audit.log_issued(fresh, keys, found, use="serve", program=program)
    finally:
        keys.close()
    return found


def _keys(context: Context, request: Request, main: Secret | None) -> Keys:
    """Keys as they are in the vault now: a rotation may have replaced them."""
    if main is None:
        return key_access(context, purpose=_purpose(request)).keys
    from vault.store import vault
    from vault.unlocking.keys import OpenedKeys

    try:
        opened = vault.open_with_main_key(context.paths, main)
    except vault.KeysChanged:
        # By rekey, passwd or slots remove. The process that unlocked the vault since then has given the agent the new
        # keys.
        return key_access(context, purpose=_purpose(request)).keys
    return OpenedKeys(opened, paths=context.paths, clock=context.clock)


def _purpose(request: Request) -> str:
    return f"to serve {request.profile}"
