"""Credentials for as long as a program runs: the first answer, and the next ones, which ask nobody."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple

from vault import errors, limits
from vault.credentials import access, audit, obtain
from vault.credentials.fetch import Refetch
from vault.text import safe
from vault.unlocking.agent_link import let_go

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.credentials.access import KeysAccess
    from vault.credentials.obtain import Issued, LoadedProfiles, Request
    from vault.profiles.chain import Chain
    from vault.secret import Secret
    from vault.unlocking.keys import Keys


RENEW = Refetch(renew=True)


class First(NamedTuple):
    """The first answer, how its keys came, and AWS's files as they were."""

    got: Issued
    way: KeysAccess
    ready: LoadedProfiles


def first(context: Context, request: Request, *, program: str) -> First:
    """As ``access.credentials``, logged as handed to ``program``. Errors: as there."""
    ready = obtain.prepare(context)
    got, way = access.with_keys(
        context,
        request.profile,
        ready,
        purpose=_purpose(request),
        start=request.start,
        work=lambda keys: obtain.obtain(context, request, keys, ready),
    )
    audit.handed_out(context, way.keys, got, use="serve", program=program)
    let_go(way.keys)
    return First(got, way, ready)


def later(request: Request, got: Issued) -> Request:
    """The wish of a renewal. A yes that was given holds for all of them; a code is good once."""
    return request._replace(
        profile=got.chain.profile, start=False, agreed=True, ask=False, mfa_code=None, refetch=RENEW
    )


def named(chain: Chain) -> str:
    """A name of the way to a profile's credentials. Its secrets do not count: they print as nothing."""
    return sha256(repr(chain).encode("utf-8", "surrogateescape")).hexdigest()


def again(
    context: Context,
    request: Request,
    ready: LoadedProfiles,
    *,
    main: Secret | None,
    chain: str,
    program: str,
) -> Issued:
    """The next answer for a ``later`` request. ``main`` opens the vault; without it the agent has to. ``chain``: the way that
    the first answer came (``named``), which is to be the same.

    Errors: as ``access.credentials``, asking nobody; ConfigError where it is another way.
    """
    fresh = context.lasting(limits.DEADLINE)
    fresh.ask_nobody()
    keys = _keys(fresh, request, main)
    try:
        found = obtain.obtain(fresh, request, keys, ready)
        if named(found.chain) != chain:
            raise errors.ConfigError(
                f"profile {safe(request.profile)} is another one than when the command was started",
                hint="AWS's files or the vault's entries were changed meanwhile: start the command again",
            )
        if found.expires is None or found.issued is None:
            raise errors.ConfigError(
                f"profile {safe(request.profile)} gives a key that does not end by now, and a server serves sessions",
                hint="start the command again, without --server",
            )
        audit.handed_out(fresh, keys, found, use="serve", program=program)
    finally:
        let_go(keys)
    return found


def _keys(context: Context, request: Request, main: Secret | None) -> Keys:
    """Keys as the vault holds them now: a rotation may have replaced them."""
    if main is None:
        return access.open_way(context, purpose=_purpose(request)).keys
    from vault.store import vault
    from vault.unlocking.keys import OpenedKeys

    try:
        opened = vault.open_with_main_key(context.paths, main)
    except (
        vault.KeysChanged
    ):  # by rekey, passwd or slots remove: who unlocked since has given the agent the new ones
        return access.open_way(context, purpose=_purpose(request)).keys
    return OpenedKeys(opened, paths=context.paths, clock=context.clock)


def _purpose(request: Request) -> str:
    return f"to serve {request.profile}"
