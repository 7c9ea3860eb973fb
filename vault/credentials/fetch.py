"""From a chain's links to their sessions: from the cache if possible, otherwise by one call to AWS for all processes.

For each link: a fresh session is served without a lock. If one is due for a refresh, one process refreshes it while the
others serve it. If one is missing, one process fetches it while the others wait. A link needs the session of the link
before it, which is obtained the same way. Prints nothing and reads no configuration.
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws import credential_json
from vault.cache.entries import Failure
from vault.cache.freshness import Freshness
from vault.credentials.link_calls import LinkCaller
from vault.profiles.chain import FetchSource
from vault.system.locks import Busy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.credentials import Credentials
    from vault.cache.entries import Cache, Cached
    from vault.context import Context
    from vault.credentials.mfa_code import Codes
    from vault.credentials.planned import PlannedChain
    from vault.credentials.request import Refetch
    from vault.profiles.chain import Link
    from vault.system.locks import Lock

_STALE = ("ExpiredToken", "InvalidClientTokenId")  # AWS no longer accepts the session that signs
_SERVED_AT_ONCE = (Freshness.FRESH, Freshness.REFRESH_AHEAD)  # without waiting for a refresh


class SessionFetcher:
    """The sessions of one plan's links, each named by its digest. ``called``: whether AWS was called."""

    def __init__(
        self,
        context: Context,
        planned: PlannedChain,
        links: tuple[Link, ...],
        *,
        cache: Cache,
        codes: Codes,
        refetch: Refetch,
    ) -> None:
        self.called = False
        self.digests = planned.digests(links)
        self._context = context
        self._links = links
        self._cache = cache
        self._key = planned.key
        self._codes = codes
        self._caller = LinkCaller(context, planned, links, codes=codes)
        self._last = len(links) - 1
        self._refetch = {at for at in range(len(links)) if refetch.all or (refetch.last and at == self._last)}
        self._refreshed = self._last if refetch.refresh else None
        self._refused: set[str] = set()  # access key IDs of cached sessions that AWS no longer accepts

    def close(self) -> None:
        """Close the connections to AWS."""
        self._caller.close()

    def cached(self) -> Cached | None:
        """The last link's session if the cache has one that needs no refresh. Calls nothing."""
        hit = self._hit(self._last)
        return hit if self._freshness(hit) in _SERVED_AT_ONCE else None

    def has_cached(self, at: int) -> bool:
        """Whether the cache has an unexpired session of link ``at``."""
        return self._freshness(self._hit(at)) is not Freshness.EXPIRED

    def session(self, *, code_wait: float = limits.CODE_WAIT) -> Cached:
        """The last link's session. ``code_wait``: how many seconds to wait for a free MFA code.

        Errors: Refused, Unreachable, and those of the code and the key.
        """
        self._caller.code_wait = code_wait
        return self._session(self._last)

    def refresh(self, *, code_wait: float = limits.CODE_WAIT) -> Cached | None:
        """A new session for the last link before it is due, by one process. None if another process is fetching it, or
        failed.

        ``code_wait`` and errors as for ``session``.
        """
        self._caller.code_wait = code_wait
        at = self._last
        lock = self._cache.try_lock(self.digests[at])
        if lock is None:
            return None
        with lock:
            hit = self._cache.get(self.digests[at])
            if self._freshness(hit) is Freshness.FRESH:
                return hit
            if self._cache.failure(self.digests[at], now=self._now()) is not None:
                return None
            return self._fetch(at)

    # ── the cache ───────────────────────────────────────────────────────────────────────────

    def _now(self) -> float:
        return self._context.clock.time()

    def _freshness(self, session: Cached | None) -> Freshness:
        return session.freshness(self._now()) if session is not None else Freshness.EXPIRED

    def _hit(self, at: int) -> Cached | None:
        if at in self._refetch:
            return None
        hit = self._cache.get(self.digests[at])
        if at == self._refreshed and self._freshness(hit) is not Freshness.FRESH:
            return None
        if hit is None or not self._refused:
            return hit
        return None if credential_json.credentials_of(hit.body).access_key_id in self._refused else hit

    def _session(self, at: int) -> Cached:
        link = self._links[at]
        if isinstance(link, FetchSource) and not link.cached:
            return self._caller.source(link)
        hit = self._hit(at)
        freshness = self._freshness(hit)
        if hit is None or freshness is Freshness.EXPIRED:
            return self._missing(at)
        return self._due(at, hit) if freshness is Freshness.REFRESH_DUE else hit

    def _due(self, at: int, hit: Cached) -> Cached:
        """One process refreshes the session. The others serve the current one, as does a process whose refresh fails."""
        lock = self._cache.try_lock(self.digests[at])
        if lock is None:
            return hit
        with lock:
            newer = self._hit(at)
            if newer is not None and self._freshness(newer) in _SERVED_AT_ONCE:
                return newer
            if self._cache.failure(self.digests[at], now=self._now()) is not None:
                return hit
            try:
                return self._fetch(at)
            except errors.Error:
                return hit

    def _missing(self, at: int) -> Cached:
        lock = self._lock(at)
        if lock is None:
            return self._missing_alone(at)
        with lock:
            return self._missing_alone(at)

    def _missing_alone(self, at: int) -> Cached:
        hit = self._hit(at)  # another process may have been faster
        if hit is not None and self._freshness(hit) in _SERVED_AT_ONCE:
            return hit
        # With a code from the command line, the answer may differ from that of a moment ago.
        if at not in self._refetch and not self._codes.typed:
            self._raise_recent(at)
        return self._fetch(at)

    def _lock(self, at: int) -> Lock | None:
        try:
            return self._cache.lock(self.digests[at], deadline=self._context.deadline)
        except Busy:
            raise errors.Unreachable(
                f"{self._caller.subject(at)}: another process is still asking AWS for it",
                hint="run the command again; if this continues, look for a hanging awsvault-py process",
            ) from None

    def _raise_recent(self, at: int) -> None:
        """Raise the failure of the last seconds, which is the answer for every process, so that a failing STS is spared."""
        failure = self._cache.failure(self.digests[at], now=self._now())
        if failure is not None:
            kind = errors.Refused if failure.exit_code == errors.Refused.exit_code else errors.Unreachable
            error = kind(failure.message, hint=failure.hint, code=failure.code)
            self._note_key(error)
            raise error

    # ── AWS ─────────────────────────────────────────────────────────────────────────────────

    def _fetch(self, at: int) -> Cached:
        """Ask AWS for the link's session and cache it. The caller holds the link's lock."""
        self._refetch.discard(at)
        self.called = True
        try:
            session = self._ask(at)
        except errors.Error as error:
            self._caller.say_likely_cause(at, error)
            if self._would_fail_again(error):
                failure = Failure(error.exit_code, error.message, error.hint, getattr(error, "code", ""))
                self._cache.put_failure(self.digests[at], failure, now=self._now())
            self._note_key(error)
            raise
        if not never_expires(session):
            self._cache.put(self.digests[at], session)
        self._cache.forget_failure(self.digests[at])
        return session

    def _would_fail_again(self, error: errors.Error) -> bool:
        """Whether the same call would fail again a moment later, so that no other process needs to make it."""
        from vault.aws import service_errors

        code = getattr(error, "code", "")
        if code == service_errors.MFA_CODE and self._codes.by_user:
            return False  # a user who mistyped it, or typed it too late, gives another
        if code == "SignedOut":
            return False  # the user signs in the next moment; and it took no call that others would repeat
        return type(error) in (errors.Refused, errors.Unreachable) and code != ""

    def _note_key(self, error: errors.Error) -> None:
        """Record in a refusal which key the chain starts with: a rotation may have replaced it meanwhile."""
        if isinstance(error, errors.Refused) and self._key is not None:
            error.key_id = self._key.access_key_id

    def _ask(self, at: int) -> Cached:
        link = self._links[at]
        if isinstance(link, FetchSource):
            return self._caller.source(link)
        if at == 0 or (at - 1 not in self._refetch and self._cache.has_file(self.digests[at - 1])):
            self._caller.open_ahead(at)  # meanwhile the session that signs is decrypted, and the call written
        signer = self._signer(
            at
        )  # outside the try: if AWS refuses the previous link, that does not mean that this signer is stale
        try:
            return self._caller.session(at, signer)
        except errors.Refused as error:
            if at == 0 or getattr(error, "code", "") not in _STALE:
                raise
        # The previous link's session was revoked or is older than the cache assumes. Try once more with another, which
        # a process that was refused too may have cached by now.
        self._refused.add(signer.access_key_id)
        return self._caller.session(at, self._signer(at))

    def _signer(self, at: int) -> Credentials:
        if at > 0:
            return credential_json.credentials_of(self._session(at - 1).body)
        if self._key is None:
            raise errors.Internal(f"{self._caller.subject(at)}: no key to sign with")
        return self._key


def never_expires(session: Cached) -> bool:
    """Whether these credentials never expire, such as a key from a process or the environment."""
    return b'"Expiration"' not in session.body
