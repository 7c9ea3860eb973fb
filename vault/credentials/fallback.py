"""A plan and its fallback: the role by a code of its own, or through the key's session where no MFA code can be had.

Through the key's session a role lasts an hour at most, so that answer is noted as shortened.
"""

from __future__ import annotations

from typing import TypeVar

from vault import errors, limits
from vault.credentials.fetch import SessionFetcher
from vault.credentials.mfa_code import Codes, NoCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from vault.cache.entries import Cache, Cached
    from vault.context import Context
    from vault.credentials.planned import PlannedChain
    from vault.credentials.request import Request
    from vault.profiles.chain import Link
    from vault.unlocking.keys import Keys

T = TypeVar("T")
_SHORT = "\0given for an hour"  # no profile's name: an alias of the cache for each session that was given so


class PlanFetcher:
    """The session that a plan ends in, by its links or by its fallback's. Leaving the ``with`` block closes connections.

    ``used`` is the fetcher that answered.
    """

    def __init__(
        self, context: Context, request: Request, keys: Keys, planned: PlannedChain, *, cache: Cache
    ) -> None:
        codes = Codes(context, keys, given=request.mfa_code)

        def fetcher(links: tuple[Link, ...]) -> SessionFetcher:
            return SessionFetcher(context, planned, links, cache=cache, codes=codes, refetch=request.refetch)

        second = planned.plan.fallback
        self._cache = cache
        self._first = fetcher(planned.plan.links)
        self._second = fetcher(second) if second is not None else None
        self.used = self._first

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._first, self._second):
            if one is not None:
                one.close()

    @property
    def fell_back(self) -> bool:
        """Whether the answer came by the fallback."""
        return self.used is not self._first

    def session(self) -> Cached:
        """The session. Errors: as ``SessionFetcher.session``."""
        session = self._cached()
        if session is None:
            session = self._by_code(lambda fetcher, wait: fetcher.session(code_wait=wait))
        self._note_short(session)
        return session

    def refresh(self) -> Cached | None:
        """A new session before the old one is due; None as for ``SessionFetcher.refresh``, errors likewise."""
        session = self._by_code(lambda fetcher, wait: fetcher.refresh(code_wait=wait))
        if session is not None:
            self._note_short(session)
        return session

    def _cached(self) -> Cached | None:
        """What the cache has where there are two ways: a short session was given for want of a code, which is not tried
        again at each export.
        """
        if self._second is None:
            return None
        hit = self._first.cached()
        if hit is None and given_short(self._cache, self._first.digests[-1], self._second.digests[-1]):
            hit = self._second.cached()
            self.used = self._second if hit is not None else self._first
        return hit

    def _by_code(self, get: Callable[[SessionFetcher, float], T]) -> T:
        """What ``get`` has of the first fetcher, or of the second where no code can be had for the first in time."""
        if self._second is None:
            return get(self._first, limits.CODE_WAIT)
        # The key's session comes first where many ask at once: it serves every role, and the next code serves one. So a
        # role of its own code takes the step at hand, and waits for another only where that session is cached already.
        wait = limits.CODE_WAIT if self._second.has_cached(0) else 0.0
        try:
            return get(self._first, wait)
        except NoCode as reason:
            try:
                return self._by_second(get)
            except NoCode:
                raise reason from None
        except errors.Unreachable as error:
            from vault.mfa.ledger import NoCodeInTime

            if not isinstance(error, NoCodeInTime):
                raise
            return self._by_second(get)

    def _by_second(self, get: Callable[[SessionFetcher, float], T]) -> T:
        assert self._second is not None  # noqa: S101  # _by_code has looked
        self.used = self._second
        return get(self._second, limits.CODE_WAIT)

    def _note_short(self, session: Cached) -> None:
        if self._second is not None and self.used is self._second:
            own, through = self._first.digests[-1], self._second.digests[-1]
            self._cache.put_alias(_SHORT, own, through, expires=session.expires)


def given_short(cache: Cache, own: bytes, through: bytes) -> bool:
    """Whether the session ``through`` the key's was given for want of a code for ``own``; it may be another's hour."""
    return cache.alias(_SHORT, own) == through
