"""A plan and its fallback: the role with its own MFA code or, if no code is available, through the key's MFA session.

Through the key's session a role session lasts at most one hour, so that answer is recorded as shortened.
"""

from __future__ import annotations

from vault import errors, limits
from vault.credentials.fetch import SessionFetcher
from vault.credentials.mfa_code import Codes, NoCode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, TypeVar

    from vault.cache.entries import Cache, Cached
    from vault.context import Context
    from vault.credentials.planned import PlannedChain
    from vault.credentials.request import Request
    from vault.profiles.chain import Link
    from vault.unlocking.keys import Keys

    T = TypeVar("T")


_SHORT = (
    "\0given for an hour"  # not a profile's name: an alias in the cache for each session that was shortened
)


class PlanFetcher:
    """Fetches the session at the end of a plan, or of its fallback. Leaving the ``with`` block closes the connections.

    ``used`` is the fetcher that answered.
    """

    def __init__(
        self, context: Context, request: Request, keys: Keys, planned: PlannedChain, *, cache: Cache
    ) -> None:
        codes = Codes(context, keys, given=request.mfa_code, programs=request.programs)

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
        """Whether the fallback gave the answer."""
        return self.used is not self._first

    def session(self) -> Cached:
        """The session. Errors: those of ``SessionFetcher.session``."""
        session = self._cached()
        if session is None:
            session = self._by_code(lambda fetcher, wait: fetcher.session(code_wait=wait))
        self._note_short(session)
        return session

    def refresh(self) -> Cached | None:
        """A new session before the current one has to be refreshed. None and errors as for ``SessionFetcher.refresh``."""
        session = self._by_code(lambda fetcher, wait: fetcher.refresh(code_wait=wait))
        if session is not None:
            self._note_short(session)
        return session

    def _cached(self) -> Cached | None:
        """The cached session of a plan with a fallback. A session that was shortened for lack of a code is served as it
        is, instead of trying for a code at each export.
        """
        if self._second is None:
            return None
        hit = self._first.cached()
        if hit is None and was_shortened(self._cache, self._first.digests[-1], self._second.digests[-1]):
            hit = self._second.cached()
            self.used = self._second if hit is not None else self._first
        return hit

    def _by_code(self, get: Callable[[SessionFetcher, float], T]) -> T:
        """The result of ``get`` with the plan's fetcher or, if no code is available for it in time, with the fallback's."""
        if self._second is None:
            return get(self._first, limits.CODE_WAIT)
        # If many processes ask at once, the key's session should come first: it serves every role, while the next code
        # serves only one. So a role that needs its own code uses the current code, and waits for another only if the
        # key's session is cached already.
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
        assert self._second is not None  # noqa: S101  # _by_code checked it
        self.used = self._second
        return get(self._second, limits.CODE_WAIT)

    def _note_short(self, session: Cached) -> None:
        if self._second is not None and self.used is self._second:
            own, through = self._first.digests[-1], self._second.digests[-1]
            self._cache.put_alias(_SHORT, own, through, expires=session.expires)


def was_shortened(cache: Cache, own: bytes, through: bytes) -> bool:
    """Whether the session ``through`` the key's stands for ``own`` because no code was available. Other profiles may
    use it too.
    """
    return cache.alias(_SHORT, own) == through
