"""Runs the calls of a profile's chain for ``explain --live``, and finds out which side refuses a link.

Every link is fetched; only the MFA session of the key may come from the cache, so that a check costs no code. No session is
cached, remembered for exports, logged or returned.
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws import credential_json
from vault.cache.freshness import Freshness
from vault.credentials import guardrails, hints
from vault.credentials.cached import open_cache
from vault.credentials.fetch import never_expires
from vault.credentials.link_calls import LinkCaller
from vault.credentials.mfa_code import Codes, NoCode
from vault.credentials.obtain import plan_of
from vault.credentials.planned import load
from vault.credentials.requested_chain import requested_chain
from vault.inspect.refusal_evidence import MOST_READS
from vault.inspect.refused_link import device_of, explained
from vault.mfa.ledger import NoCodeInTime
from vault.profiles.chain import AssumeRole, FetchSource, SessionToken, WebIdentity
from vault.profiles.resolve import check as check_faults
from vault.records import NamedTuple
from vault.text import safe
from vault.unlocking.key_access import with_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.credentials import Credentials
    from vault.cache.entries import Cached
    from vault.context import Context
    from vault.credentials.planned import PlannedChain
    from vault.credentials.request import Request
    from vault.inspect.refused_link import LiveRefusal
    from vault.profiles.chain import Link
    from vault.unlocking.keys import Keys

_STALE = ("ExpiredToken", "InvalidClientTokenId")  # AWS no longer accepts the session that signs


class Cost(NamedTuple):
    """What a check costs: calls to STS and MFA codes if every link passes, and the most that a refusal adds.

    ``cached``: the MFA session comes from the cache; if AWS no longer accepts it, a new one takes ``again_codes`` codes and two
    more calls. ``provider``: the source's credentials come from outside the vault.
    """

    profile: str
    sts: int
    codes: int
    cached: bool
    provider: bool
    more_sts: int = 1
    iam: int = MOST_READS
    again_codes: int = 0


class LinkResult(NamedTuple):
    """A link and what became of it: ``result`` is passed, refused or not-run. ``expires`` is Unix seconds."""

    type: str
    title: str
    role_arn: str | None = None
    result: str = "not-run"
    cached: bool = False
    expires: int | None = None


class LiveReport(NamedTuple):
    """What a check found. ``identity`` is the ARN of a key that no link follows."""

    profile: str
    links: tuple[LinkResult, ...]
    refusal: LiveRefusal | None = None
    identity: str = ""


def check(context: Context, request: Request, *, agree: Callable[[Cost], None]) -> LiveReport:
    """Run the calls of ``request.profile``. ``agree`` is told the cost first, and may raise Declined.

    Errors: those of an export, NotSignedIn too, but for a refusal by AWS, which is in the report.
    """
    profiles = load(context)
    agreed: list[Cost] = []
    confirmed: set[str] = set()

    def once(cost: Cost) -> None:
        if not agreed:  # not again if the agent ends meanwhile
            agreed.append(cost)
            agree(cost)

    def work(keys: Keys) -> LiveReport:
        chain = requested_chain(profiles.config, request, env=context.env, has_entry=keys.has_entry)
        check_faults(chain)
        chain = guardrails.applied(chain, request)
        planned = plan_of(context, request, chain, keys)
        with open_cache(context, keys) as cache:
            hit = (
                _usable(context, cache.get(planned.digests(planned.plan.links)[0]))
                if planned.plan.links
                else None
            )
        once(_cost(planned, cached=hit is not None))
        if guardrails.subject(chain) not in confirmed:
            guardrails.confirm(context, chain, request._replace(ask=True))
            confirmed.add(guardrails.subject(chain))
        later = context.with_deadline(limits.LIVE_MOST)
        try:
            return _report(later, request, planned, keys, hit)
        except errors.Error as error:
            hints.name_profile(error, chain)
            raise

    return with_keys(context, work, purpose=f"to check {request.profile}")[0]


def _usable(context: Context, hit: Cached | None) -> Cached | None:
    """The cached MFA session, unless it is due for a refresh."""
    served = (Freshness.FRESH, Freshness.REFRESH_AHEAD)
    return hit if hit is not None and hit.freshness(context.clock.time()) in served else None


def _cost(planned: PlannedChain, *, cached: bool) -> Cost:
    links = planned.plan.links
    first = links[0] if links else None
    cached = cached and isinstance(first, SessionToken)
    called = (
        links[1:]
        if cached or (isinstance(first, FetchSource) and not isinstance(first.source, WebIdentity))
        else links
    )
    codes = sum(device_of(link) is not None for link in called)
    return Cost(
        planned.chain.profile,
        len(called) or (0 if links else 1),
        codes,
        cached,
        isinstance(first, FetchSource),
        again_codes=int(cached and first is not None and device_of(first) is not None),
    )


def _report(
    context: Context, request: Request, planned: PlannedChain, keys: Keys, hit: Cached | None
) -> LiveReport:
    if not planned.plan.links:
        return _key_itself(context, planned)
    codes = Codes(context, keys, given=request.mfa_code)
    with _Run(context, planned, planned.plan.links, codes, hit) as run:
        try:
            return run.report()
        except (NoCode, NoCodeInTime):
            if planned.plan.fallback is None or run.started:
                raise
    with open_cache(context, keys) as cache:
        hit = _usable(context, cache.get(planned.digests(planned.plan.fallback)[0]))
    with _Run(context, planned, planned.plan.fallback, codes, hit) as run:
        return run.report()


def _key_itself(context: Context, planned: PlannedChain) -> LiveReport:
    """A chain without calls to STS: GetCallerIdentity tells whether AWS accepts the key."""
    from vault.aws import sts
    from vault.keys.service_endpoints import sts_endpoint

    profile = planned.chain.profile
    if planned.key is None:
        raise errors.Internal(f"profile {safe(profile)}: a plan without links and without a key")
    found = sts.get_caller_identity(
        planned.key, endpoint=sts_endpoint(context, profile), deadline=context.new_deadline(), subject=profile
    )
    return LiveReport(profile, (), identity=found.arn)


class _Run:
    """One run over the links. Leaving the ``with`` block closes the connections."""

    def __init__(
        self,
        context: Context,
        planned: PlannedChain,
        links: tuple[Link, ...],
        codes: Codes,
        hit: Cached | None,
    ) -> None:
        self.started = False  # whether a link has passed
        self._context = context
        self._planned = planned
        self._links = links
        self._hit = hit if isinstance(links[0], SessionToken) else None
        self._caller = LinkCaller(context, planned, links, codes=codes)

    def __enter__(self) -> _Run:  # noqa: PYI034  # as in vault/cache/entries
        return self

    def __exit__(self, *_: object) -> None:
        self._caller.close()

    def report(self) -> LiveReport:
        """Run the links in order, up to the first that AWS refuses. Errors: all but Refused."""
        signer, results = self._planned.key, [_not_run(link) for link in self._links]
        refusal = None
        for at in range(len(self._links)):
            cached = at == 0 and self._hit is not None
            try:
                session = self._hit if cached and self._hit is not None else self._fetch(at, signer)
            except errors.NotSignedIn:
                raise  # AWS was not asked, so it has not refused the link
            except errors.Refused as error:
                if at == 1 and self._hit is not None and error.code in _STALE:
                    self._hit = None  # revoked since it was cached: start again without it
                    return self.report()
                results[at] = results[at]._replace(result="refused")
                self._caller.say_likely_cause(at, error)
                error.hint = hints.with_names(error.hint, self._planned.chain)
                refusal = explained(self._context, self._planned, self._links, at, signer=signer, error=error)
                break
            self.started = True
            expires = None if never_expires(session) else session.expires
            results[at] = results[at]._replace(result="passed", cached=cached, expires=expires)
            signer = credential_json.credentials_of(session.body)
        return LiveReport(self._planned.chain.profile, tuple(results), refusal)

    def _fetch(self, at: int, signer: Credentials | None) -> Cached:
        link = self._links[at]
        if isinstance(link, FetchSource):
            return self._caller.source(link)
        if signer is None:
            raise errors.Internal(f"{self._caller.subject(at)}: no key to sign with")
        return self._caller.session(at, signer)


def _not_run(link: Link) -> LinkResult:
    match link:
        case FetchSource():
            return LinkResult("source", "credentials of the source")
        case SessionToken():
            return LinkResult(
                "session-token", "MFA session of the key" if link.mfa_serial else "session of the key"
            )
        case AssumeRole():
            return LinkResult("assume-role", f"role {link.hop.role_arn}", link.hop.role_arn)
