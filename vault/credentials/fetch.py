"""A chain's links to their sessions: from the cache where they live, else by one STS call over all processes.

For each link: a fresh session is served without a lock; a due one is renewed by one process while the others serve
it; a missing one is fetched by one process while the others wait. What a session needs from the link before it is
had the same way. Prints nothing and reads no configuration.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import NamedTuple

from vault import errors, limits
from vault.aws import credential_json
from vault.cache.entries import Cached, Failure
from vault.cache.freshness import Freshness
from vault.credentials.mfa_code import MfaDevice
from vault.profiles.chain import AssumeRole, FetchSource, SessionToken
from vault.profiles.digest import digest
from vault.profiles.values import account_of
from vault.system.locks import Busy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.connections import ConnectionPool
    from vault.aws.credentials import Credentials, Session
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.cache.entries import Cache
    from vault.context import Context
    from vault.credentials.mfa_code import Codes
    from vault.profiles.chain import Chain, Link
    from vault.profiles.endpoints import Endpoint
    from vault.system.locks import Lock

_STALE = ("ExpiredToken", "InvalidClientTokenId")  # the session that signs is no longer good at AWS


class Refetch(NamedTuple):
    """Which links are not taken from the cache: the last (--fresh), or all (--fresh-all).

    ``renew``: the last, where its session is not fresh. That is looked up again under the link's lock: of many that renew,
    one asks AWS.
    """

    last: bool = False
    all: bool = False
    renew: bool = False


class SessionFetcher:
    """The links of one plan, each with the digest that names its session."""

    def __init__(
        self,
        context: Context,
        chain: Chain,
        links: tuple[Link, ...],
        *,
        cache: Cache,
        vault_id: bytes,
        key: Credentials | None,
        account: str | None,
        codes: Codes,
        refetch: Refetch = Refetch(),  # noqa: B008  # frozen
    ) -> None:
        self._context = context
        self._chain = chain
        self._links = links
        self._cache = cache
        self._key = key
        self._account = account
        self._codes = codes
        self._pool: ConnectionPool | None = None
        self._wait = limits.CODE_WAIT
        self.called = False  # whether AWS was asked for anything
        self._refetch = {
            at for at in range(len(links)) if refetch.all or (refetch.last and at == len(links) - 1)
        }
        self._renewed = len(links) - 1 if refetch.renew else None
        self._refused: set[str] = set()  # access key ids of sessions of the cache that AWS takes no more
        key_id = key.access_key_id if key is not None else None
        self.digests = [
            digest(chain.source, links[: at + 1], vault_id=vault_id, access_key_id=key_id)
            for at in range(len(links))
        ]

    def close(self) -> None:
        """Close the connections to AWS that its calls left open."""
        if self._pool is not None:
            self._pool.close()

    def cached(self) -> Cached | None:
        """The last link's session where the cache has one that may be served as it is; asks nobody."""
        hit = self._hit(len(self._links) - 1)
        return (
            hit
            if hit is not None and hit.freshness(self._now()) in (Freshness.FRESH, Freshness.REFRESH_AHEAD)
            else None
        )

    def holds(self, at: int) -> bool:
        """Whether link ``at`` is in the cache with a session that may be served."""
        hit = self._hit(at)
        return hit is not None and hit.freshness(self._now()) is not Freshness.EXPIRED

    def answer(self, *, wait: float = limits.CODE_WAIT) -> Cached:
        """The last link's session. ``wait``: seconds that a free code may be away.

        Errors: Refused, Unreachable, and what a code or the key may raise.
        """
        self._wait = wait
        return self._session(len(self._links) - 1)

    def renew(self, *, wait: float = limits.CODE_WAIT) -> Cached | None:
        """A new session for the last link before it is due, by one process; None where another is at it or it failed.

        ``wait`` and errors as for ``answer``.
        """
        self._wait = wait
        at = len(self._links) - 1
        held = self._cache.try_lock(self.digests[at])
        if held is None:
            return None
        with held:
            hit = self._cache.get(self.digests[at])
            if hit is not None and hit.freshness(self._now()) is Freshness.FRESH:
                return hit
            if self._cache.failure(self.digests[at], now=self._now()) is not None:
                return None
            return self._fly(at)

    def _now(self) -> float:
        return self._context.clock.time()

    def _hit(self, at: int) -> Cached | None:
        if at in self._refetch:
            return None
        hit = self._cache.get(self.digests[at])
        if hit is not None and at == self._renewed and hit.freshness(self._now()) is not Freshness.FRESH:
            return None
        if hit is None or not self._refused:
            return hit
        return None if credential_json.credentials_of(hit.body).access_key_id in self._refused else hit

    def _session(self, at: int) -> Cached:
        link = self._links[at]
        if isinstance(link, FetchSource) and not link.cached:
            return self._fetch(link)
        hit = self._hit(at)
        freshness = hit.freshness(self._now()) if hit is not None else Freshness.EXPIRED
        if hit is None or freshness is Freshness.EXPIRED:
            return self._missing(at)
        return self._due(at, hit) if freshness is Freshness.REFRESH_DUE else hit

    def _due(self, at: int, hit: Cached) -> Cached:
        """One process renews; the others, and the one whose renewal fails, serve what still lives."""
        held = self._cache.try_lock(self.digests[at])
        if held is None:
            return hit
        with held:
            newer = self._hit(at)
            if newer is not None and newer.freshness(self._now()) in (
                Freshness.FRESH,
                Freshness.REFRESH_AHEAD,
            ):
                return newer
            if self._cache.failure(self.digests[at], now=self._now()) is not None:
                return hit
            try:
                return self._fly(at)
            except errors.Error:
                return hit

    def _missing(self, at: int) -> Cached:
        with self._lock(at) or nullcontext():
            hit = self._hit(at)  # another process may have been faster
            if hit is not None and hit.freshness(self._now()) in (Freshness.FRESH, Freshness.REFRESH_AHEAD):
                return hit
            if (
                at not in self._refetch and not self._codes.typed
            ):  # with a code of its own the answer may be another
                self._raise_recent(at)
            return self._fly(at)

    def _lock(self, at: int) -> Lock | None:
        try:
            return self._cache.lock(self.digests[at], deadline=self._context.deadline)
        except Busy:
            raise errors.Unreachable(
                f"{self._subject(at)}: another process has been asking AWS for it all the time",
                hint="run the command again; if it goes on, look for a hanging awsvault-py",
            ) from None

    def _raise_recent(self, at: int) -> None:
        """A failure of the last seconds is the answer for everybody, so that a failing STS is not hammered."""
        failure = self._cache.failure(self.digests[at], now=self._now())
        if failure is not None:
            kind = errors.Refused if failure.exit_code == errors.Refused.exit_code else errors.Unreachable
            error = kind(failure.message, hint=failure.hint, code=failure.code)
            self._of_key(error)
            raise error

    def _fly(self, at: int) -> Cached:
        """Call AWS for the link; the caller holds its lock. What was got is kept before it is returned."""
        self._refetch.discard(at)
        self.called = True
        try:
            kept = self._get(at)
        except errors.Error as error:
            self._say_likely_cause(at, error)
            if self._stands(error):
                failure = Failure(error.exit_code, error.message, error.hint, getattr(error, "code", ""))
                self._cache.put_failure(self.digests[at], failure, now=self._now())
            self._of_key(error)
            raise
        if not lasts(kept):
            self._cache.put(self.digests[at], kept)
        self._cache.forget_failure(self.digests[at])
        return kept

    def _stands(self, error: errors.Error) -> bool:
        """Whether the same call would fail again a moment later, so that nobody else need make it."""
        from vault.aws import service_errors

        code = getattr(error, "code", "")
        if code == service_errors.MFA_CODE and self._codes.by_person:
            return False  # who mistyped it, or was too late with it, gives another
        return type(error) in (errors.Refused, errors.Unreachable) and code != ""

    def _of_key(self, error: errors.Error) -> None:
        """Note with a refusal which key the chain starts with: it may have been replaced meanwhile."""
        if isinstance(error, errors.Refused) and self._key is not None:
            error.key_id = self._key.access_key_id

    def _get(self, at: int) -> Cached:
        link = self._links[at]
        if isinstance(link, FetchSource):
            return self._fetch(link)
        session = self._call(link, at)
        return Cached(session.issued, session.expiration, credential_json.of_session(session))

    def _say_likely_cause(self, at: int, error: errors.Error) -> None:
        """AWS denies a role without a reason: of the likely ones only those that can be."""
        from vault.aws import service_errors

        link, before = self._links[at], self._links[at - 1] if at > 0 else None
        if error.hint == service_errors.ROLE_DENIED and isinstance(link, AssumeRole):
            error.hint = service_errors.role_denied(
                asker=before.hop.role_arn if isinstance(before, AssumeRole) else "",
                mfa=link.with_code is not None
                or (isinstance(before, SessionToken) and before.mfa_serial is not None),
                by_role=isinstance(before, AssumeRole),
                external_id=link.hop.external_id is not None,
            )

    def _call(self, link: SessionToken | AssumeRole, at: int) -> Session:
        signer = self._signer(at)  # outside: a refusal of the link before is not one of its session
        try:
            return self._call_with(link, signer, at)
        except errors.Refused as error:
            if at == 0 or getattr(error, "code", "") not in _STALE:
                raise
        # The session before it was revoked, or is older than the cache believes: once more with another, which
        # a process that was refused too may have put there by now.
        self._refused.add(signer.access_key_id)
        return self._call_with(link, self._signer(at), at)

    def _signer(self, at: int) -> Credentials:
        if at > 0:
            return credential_json.credentials_of(self._session(at - 1).body)
        if self._key is None:
            raise errors.Internal(f"{self._subject(at)}: there is no key to sign with")
        return self._key

    def _call_with(self, link: SessionToken | AssumeRole, signer: Credentials, at: int) -> Session:
        from vault.aws import sts

        deadline = self._context.deadline
        address = self._address(link.endpoint if isinstance(link, SessionToken) else link.hop.endpoint)
        match link:
            case SessionToken():

                def session(serial: str | None, code: str | None) -> Session:
                    return sts.get_session_token(
                        signer, duration=link.duration, serial=serial, code=code,
                        endpoint=address, deadline=deadline, subject=self._subject(at),
                    )  # fmt: skip

                made = self._with_code(link.mfa_serial, link.mfa_process, session)
                # GetSessionToken does not tell the account; a device's ARN does, where nobody asked who the key is.
                return made._replace(account_id=self._account or account_of(link.mfa_serial or ""))
            case AssumeRole():
                hop = link.hop

                def role(serial: str | None, code: str | None) -> Session:
                    return sts.assume_role(
                        signer, role_arn=hop.role_arn, session_name=hop.role_session_name or self._session_name(),
                        duration=link.duration if link.fixed else None, external_id=hop.external_id, serial=serial,
                        code=code, source_identity=hop.source_identity, tags=dict(hop.session_tags),
                        transitive_keys=hop.transitive_tag_keys,
                        policy_arns=(_read_only_policy(hop.role_arn),) if link.read_only else (),
                        endpoint=address, deadline=deadline, subject=self._subject(at),
                    )  # fmt: skip

                return self._with_code(link.with_code, hop.mfa_process or self._chain.mfa_process, role)

    def _with_code(
        self, serial: str | None, process: str | None, call: Callable[[str | None, str | None], Session]
    ) -> Session:
        """``call`` with a code of the device, if one is needed."""
        if serial is None:
            return call(None, None)
        place = str(self._chain.device_origin(serial) or "")
        device = MfaDevice(serial, process, self._chain.profile, self._chain.entry, place)
        return self._codes.send(device, lambda code: call(serial, code), most=self._wait)

    def _fetch(self, link: FetchSource) -> Cached:
        """The source's credentials; a key that does not expire comes without Expiration and is never kept."""
        from vault.aws import provider_inputs, providers

        context = self._context
        found = providers.fetch(
            link.source,
            provider_inputs.ProviderContext(
                context.env, context.child_env(), context.paths.home, context.deadline,
                context.settings.allow_http, self._session_name(), self._chain.ca_bundle,
                context.settings.trusted_hosts,
            ),
        )  # fmt: skip
        body = credential_json.encode(
            found.credentials, expires=found.expiration, account_id=found.account_id
        )
        expires = found.expiration if found.expiration is not None else found.issued + limits.MAX_TTL
        # A source that outlives what the cache takes is served as it is and fetched again by the next process.
        return Cached(found.issued, min(expires, found.issued + limits.MAX_TTL), body)

    def _address(self, endpoint: Endpoint) -> ServiceEndpoint:
        """Where a call goes. ConfigError where none can go there, before a code is taken for it."""
        from vault.aws.connections import ConnectionPool
        from vault.aws.service_endpoint import ServiceEndpoint

        url = endpoint.url or f"https://{endpoint.host}"
        if self._pool is None:
            self._pool = ConnectionPool()
        place = str(endpoint.url_origin or "")
        bundle = self._chain.ca_bundle
        address = ServiceEndpoint(
            url, endpoint.region, self._context.settings.allow_http, self._pool, place, bundle
        )
        self._pool.check(address.checked(), ca_bundle=bundle)
        return address

    def _subject(self, at: int) -> str:
        """Which link a message is about, and who asks for it."""
        link = self._links[at]
        match link:
            case SessionToken():
                device = f" with {link.mfa_serial}" if link.mfa_serial else ""
                return f"the key {link.entry!r} of the vault{device}"
            case AssumeRole():
                return f"role {link.hop.role_arn}, asked by {self._asker(at)}"
            case FetchSource():
                return f"the source of profile {self._chain.source_profile!r}"

    def _asker(self, at: int) -> str:
        before = self._links[at - 1] if at > 0 else None
        match before:
            case AssumeRole():
                return f"role {before.hop.role_arn}"
            case SessionToken():
                return f"the session of key {before.entry!r}"
            case _:
                return f"the key of profile {self._chain.source_profile!r}"

    def _session_name(self) -> str:
        """The name CloudTrail shows where the profile sets none: who, and on which machine."""
        import os

        from vault.system.machine import host_name

        env = self._context.env
        who = env.get("USER") or env.get("LOGNAME") or f"uid{os.getuid()}"
        return session_name(who, host_name())


def session_name(user: str, host: str) -> str:
    """``user@host`` in the characters and the length that STS takes; of two long names something of both is left."""
    who, where = (
        "".join(c if c.isascii() and (c.isalnum() or c in "_+=,.@-") else "-" for c in name)
        for name in (user, host)
    )
    room = limits.SESSION_NAME_MOST - len("@")
    where = where[: max(room // 2, room - len(who))]
    return f"{who[: room - len(where)]}@{where}"


def lasts(session: Cached) -> bool:
    """Whether these are credentials that do not expire: a key that a process or the environment gave."""
    return b'"Expiration"' not in session.body


def _read_only_policy(role_arn: str) -> str:
    """AWS's own policy, which each partition has under its own name."""
    return f"arn:{role_arn.split(':')[1]}:{limits.READ_ONLY_POLICY}"
