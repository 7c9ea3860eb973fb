"""Credentials for as long as a program runs: the first answer, and the later ones, which ask nobody."""

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
    """As ``obtain``, logged as handed to ``program``. Errors: as there."""
    obtained = obtain(context, request, purpose=_purpose(request), use="serve", program=program)
    obtained.access.keys.close()
    return obtained


def later(request: Request, issued: Issued) -> Request:
    """The request of a refresh. A yes that was given holds for all of them; a code is good once."""
    return request._replace(
        profile=issued.chain.profile, start=False, agreed=True, ask=False, mfa_code=None, refetch=REFRESH
    )


def named(chain: Chain) -> str:
    """A name of the way to a profile's credentials. Its secrets do not count: they print as nothing."""
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
    """The next answer for a ``later`` request. ``main`` opens the vault; without it the agent has to. ``chain`` is the way
    that the first answer came (``named``), which must be the same.

    Errors: as ``obtain``, asking nobody; ConfigError where it is another way.
    """
    fresh = context.with_deadline(limits.DEADLINE)
    fresh.disable_prompts()
    fresh.agent.close()  # a run of its own: an agent may have come or gone
    keys = _keys(fresh, request, main)
    try:
        found = issue(fresh, request, keys, profiles)
        if named(found.chain) != chain:
            raise errors.ConfigError(
                f"profile {safe(request.profile)} has changed since the command was started",
                hint="AWS's files or the vault's entries were changed: start the command again",
            )
        if found.expires is None or found.issued is None:
            raise errors.ConfigError(
                f"profile {safe(request.profile)} now gives a key that never expires, but a server serves sessions",
                hint="start the command again, without --server",
            )
        audit.handed_out(fresh, keys, found, use="serve", program=program)
    finally:
        keys.close()
    return found


def _keys(context: Context, request: Request, main: Secret | None) -> Keys:
    """Keys as the vault holds them now: a rotation may have replaced them."""
    if main is None:
        return key_access(context, purpose=_purpose(request)).keys
    from vault.store import vault
    from vault.unlocking.keys import OpenedKeys

    try:
        opened = vault.open_with_main_key(context.paths, main)
    except vault.KeysChanged:
        # By rekey, passwd or slots remove: the process that unlocked since then has given the agent the new ones.
        return key_access(context, purpose=_purpose(request)).keys
    return OpenedKeys(opened, paths=context.paths, clock=context.clock)


def _purpose(request: Request) -> str:
    return f"to serve {request.profile}"
