"""What an export, an exec or a login asks for: a profile's credentials. Joins configuration, vault, cache and STS.

Prints nothing. Every wait ends with the context's deadline.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from vault import errors, limits
from vault.aws import credential_json
from vault.aws.credentials import Credentials
from vault.cache.entries import Cache, Cached
from vault.cache.freshness import Freshness
from vault.credentials import guardrails
from vault.credentials.fetch import Refetch, SessionFetcher, lasts
from vault.credentials.mfa_code import Codes, NoCode
from vault.profiles import aws_files
from vault.profiles.chain import AssumeRole, NamedSource, SessionToken, StaticKeys, VaultKey
from vault.profiles.plan import plan
from vault.profiles.resolve import check, resolve
from vault.system.settled import to_keep_under
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.profiles.chain import Chain, Link, Plan
    from vault.unlocking.keys import Keys, SourceKey


T = TypeVar("T")
_SHORT = "\0given for an hour"  # no profile's name: an alias of the cache for each session that was given so


class Request(NamedTuple):
    """Whose credentials are asked for, and what differs from the profile's own way. ``duration`` is seconds.

    ``write`` lifts awsvault_read_only. ``ask``: a person ran the command and may be asked to confirm; ``agreed``: they
    were, and said yes. ``start``: the start of the profile's name will do, where no other starts so.
    """

    profile: str
    duration: int | None = None
    refetch: Refetch = Refetch()
    session: bool = True  # False: --no-session
    mfa_code: str | None = None
    write: bool = False
    ask: bool = False
    agreed: bool = False
    start: bool = False

    @property
    def plain(self) -> bool:
        """Whether the answer is the one that the profile alone would give, and so may be remembered for it."""
        return self.duration is None and self.session and not self.write


class Issued(NamedTuple):
    """The credentials of a profile: the line that credential_process prints, and where it came from.

    ``expires`` and ``issued`` are unix seconds, None for a key that does not expire; ``digest`` names the session in
    the cache; ``remember`` is the fingerprint under which the answer may be remembered, or None; ``agreed`` is what a
    person said yes to just now, for the agent to remember (vault/credentials/guardrails), or None; ``asked_aws``: a call was made;
    ``shorter`` says why it lasts less than was asked for, or None.
    """

    line: bytes
    chain: Chain
    issued: int | None = None
    expires: int | None = None
    digest: bytes | None = None
    remember: bytes | None = None
    agreed: str | None = None
    asked_aws: bool = False
    shorter: Shortened | None = None

    def freshness(self, now: float) -> Freshness:
        """The answer's band at unix time ``now``; a key that does not expire stays fresh."""
        if self.issued is None or self.expires is None:
            return Freshness.FRESH
        return Cached(self.issued, self.expires, b"").freshness(now)


class Shortened(NamedTuple):
    """What was asked for and what was given, in seconds, and why."""

    wanted: int
    lasts: int
    why: str


class LoadedProfiles(NamedTuple):
    """AWS's files as they were read, and the fingerprint of all that decides an answer, taken before.

    ``before`` is None where a file had just changed: nothing may be kept under what was taken then.
    """

    config: aws_files.Config
    before: bytes | None


def prepare(context: Context) -> LoadedProfiles:
    """Read AWS's files. ConfigError with file and line."""
    before = to_keep_under(context.env, paths=context.paths, clock=context.clock)
    return LoadedProfiles(aws_files.load(context.env, home=context.paths.home), before)


def obtain(context: Context, request: Request, keys: Keys, ready: LoadedProfiles) -> Issued:
    """The credentials of ``request.profile``.

    Errors: NotFound, ConfigError, Refused, Unreachable, Locked (a code that nobody knows), StorageError.
    """
    if request.start:
        from vault.credentials.prefix_match import chosen

        request = request._replace(profile=chosen(ready.config, request.profile, has_entry=keys.has_entry))
    chain = resolve(ready.config, request.profile, env=context.env, has_entry=keys.has_entry)
    check(chain)
    lifted = request.write and chain.guardrails.read_only
    chain = guardrails.kept(chain, request)
    agreed = guardrails.confirm(context, chain, request, lifted=lifted)
    try:
        got = _by_plan(context, request, keys, chain)._replace(agreed=agreed)
    except (errors.Refused, errors.Unreachable) as error:
        error.message = f"profile {safe(request.profile)}: {error.message}"
        error.hint = _hint(error, chain)
        raise
    except errors.Error as error:  # of the files, or of a program that they name
        ours = error.exit_code != errors.ConfigError.exit_code or isinstance(error, errors.UnsafeFile)
        if not ours and f"profile {safe(request.profile)}" not in error.message:
            error.message = f"profile {safe(request.profile)}: {error.message}"
        raise
    guardrails.outlasts(chain, expires=got.expires, now=context.clock.time())
    if not chain.hops and request.duration is not None:
        got = got._replace(
            shorter=got.shorter or _of_its_own(chain, got, request.duration, now=context.clock.time())
        )
    # A chain from elsewhere may change without any file of the fingerprint changing.
    if got.digest is None or not request.plain or not isinstance(chain.source, VaultKey):
        return got
    if chain.guardrails.confirm != "never":
        return got  # remembered, it would be handed out without the question
    return got._replace(remember=ready.before)


def with_names(hint: str, chain: Chain) -> str:
    """A hint's command with the names that a person would have to look up: it can be copied as it stands."""
    for words in ("explain", "login"):
        hint = hint.replace(f"awsvault-py {words} PROFILE", command(words, chain.profile))
    if isinstance(chain.source, VaultKey):
        for words in ("add", "add --replace", "mfa add"):
            hint = hint.replace(f"awsvault-py {words} NAME", command(words, chain.source.entry))
    return hint


def _hint(error: errors.Refused | errors.Unreachable, chain: Chain) -> str:
    """The error's hint for this chain: a key that is not the vault's is corrected where it is."""
    source, code = chain.source, getattr(error, "code", "")
    if isinstance(source, StaticKeys) and code == "ExpiredToken":
        return f"the credentials at {safe(str(source.origin))} are over: get new ones where those came from"
    if code in ("InvalidClientTokenId", "SignatureDoesNotMatch") and not isinstance(source, VaultKey):
        place = (
            f"at {safe(str(source.origin))}" if not isinstance(source, NamedSource) else "in the environment"
        )
        if isinstance(source, StaticKeys) or (
            isinstance(source, NamedSource) and source.name == "Environment"
        ):
            return (
                f"correct the key {place}: its id and its secret must belong together, and AWS must know it"
            )
    return with_names(error.hint, chain)


def renew(context: Context, profile: str, keys: Keys, ready: LoadedProfiles) -> Issued | None:
    """A new session for the last link of ``profile``; None where another process is at it, or AWS would not now."""
    request = Request(profile)
    chain = resolve(ready.config, profile, env=context.env, has_entry=keys.has_entry)
    check(chain)
    chain = guardrails.kept(chain, request)
    start = _start(context, request, keys, chain)
    if not start.plan.links or not isinstance(chain.source, VaultKey) or chain.guardrails.confirm != "never":
        return None
    with open_cache(context, keys) as cache:
        first, second = _flights(context, request, keys, chain, start, cache=cache)
        try:
            flight, session = _by_code(first, second, lambda one, wait: one.renew(wait=wait))
            if second is not None and flight is second and session is not None:
                _note_short(cache, first, second, session)
        finally:
            _close(first, second)
    if session is None:
        return None
    return Issued(session.body, chain, session.issued, session.expires, flight.digests[-1], ready.before)


def open_cache(context: Context, keys: Keys) -> Cache:
    """The session cache of an unlocked vault."""
    return Cache.open(context.paths.sessions, cache_key=keys.cache_key, vault_id=keys.vault_id)


def remember(cache: Cache, profile: str, got: Issued) -> None:
    """Let the next export of the profile find this answer without reading any configuration."""
    if got.remember is not None and got.digest is not None and got.expires is not None:
        cache.put_alias(profile, got.remember, got.digest, expires=got.expires)


class _Start(NamedTuple):
    """What a profile's links start from: the plan, the key that signs first, and its account where it is known."""

    plan: Plan
    key: Credentials | None
    account: str | None


def _start(context: Context, request: Request, keys: Keys, chain: Chain) -> _Start:
    if request.duration is not None and request.duration > limits.ROLE_MOST and chain.hops:
        raise errors.Usage(
            f"--duration is {request.duration / 3600:.3g} h, and a role lasts {limits.ROLE_MOST // 3600} h at most",
            hint=f"give {limits.ROLE_MOST // 3600}h or less",
        )
    source = _source_key(chain, keys)
    planned = plan(
        chain,
        context.settings,
        entry_mfa_serial=source.mfa_serial if source is not None else None,
        duration=request.duration,
        session=request.session,
    )
    key = source.credentials if source is not None else _static(chain)
    return _Start(planned, key, source.account if source is not None else None)


def _flights(
    context: Context, request: Request, keys: Keys, chain: Chain, start: _Start, *, cache: Cache
) -> tuple[SessionFetcher, SessionFetcher | None]:
    """The plan's links, and those to take where no code can be had for them."""
    codes = Codes(context, keys, given=request.mfa_code)

    def flight(links: tuple[Link, ...]) -> SessionFetcher:
        return SessionFetcher(
            context, chain, links, cache=cache, vault_id=keys.vault_id, key=start.key, account=start.account,
            codes=codes, refetch=request.refetch,
        )  # fmt: skip

    second = start.plan.fallback
    return flight(start.plan.links), flight(second) if second is not None else None


def _by_plan(context: Context, request: Request, keys: Keys, chain: Chain) -> Issued:
    start = _start(context, request, keys, chain)
    if not start.plan.links:
        return _key_itself(request, chain, start)
    with open_cache(context, keys) as cache:
        first, second = _flights(context, request, keys, chain, start, cache=cache)
        try:
            flight, session = _fly(first, second, cache=cache)
            if second is not None and flight is second:
                _note_short(cache, first, second, session)
        finally:
            _close(first, second)
        got = _got(context, chain, flight, session)
        got = got._replace(shorter=_shorter(request, start.plan, for_want_of_code=flight is second))
        if got.digest is not None:
            cache.collect(context.clock.time())
    return got


def _got(context: Context, chain: Chain, flight: SessionFetcher, session: Cached) -> Issued:
    got = Issued(
        session.body, chain, session.issued, session.expires, flight.digests[-1], asked_aws=flight.called
    )
    if lasts(session):
        return got._replace(issued=None, expires=None, digest=None)
    if session.freshness(context.clock.time()) is Freshness.EXPIRED:
        # JavaScript's SDK and PHP's take an expired answer as a failure of their own; say it here instead.
        behind = session.issued - context.clock.time()
        found = f"issued {behind:.0f} s from now" if behind > limits.ISSUED_AHEAD else "over already"
        raise errors.Unreachable(
            f"AWS gave a session that is {found} by this machine's clock",
            hint="set the clock (for example: timedatectl set-ntp true) and run the command again",
        )
    return got


def _shorter(request: Request, planned: Plan, *, for_want_of_code: bool) -> Shortened | None:
    """Why the answer of a plan lasts less than the profile or --duration asks."""
    last = planned.links[-1]
    if not isinstance(last, AssumeRole | SessionToken):
        return None
    if for_want_of_code:
        return Shortened(
            last.duration, limits.ROLE_DURATION, "no MFA code could be had in time; later: --fresh"
        )
    if request.duration is None or last.duration >= request.duration:
        return None
    return Shortened(request.duration, last.duration, last.why)


def given_short(cache: Cache, own: bytes, through: bytes) -> bool:
    """Whether the session ``through`` the key's was given for want of a code for ``own``; it may be another's hour."""
    return cache.alias(_SHORT, own) == through


def _note_short(cache: Cache, first: SessionFetcher, second: SessionFetcher, session: Cached) -> None:
    cache.put_alias(_SHORT, first.digests[-1], second.digests[-1], expires=session.expires)


def _fly(
    first: SessionFetcher, second: SessionFetcher | None, *, cache: Cache
) -> tuple[SessionFetcher, Cached]:
    if second is None:
        return first, first.answer()
    hit = first.cached()
    if hit is not None:
        return first, hit
    shorter = second.cached() if given_short(cache, first.digests[-1], second.digests[-1]) else None
    if shorter is not None:  # because no code could be had: not tried again at each export
        return second, shorter
    return _by_code(first, second, lambda one, wait: one.answer(wait=wait))


def _by_code(
    first: SessionFetcher, second: SessionFetcher | None, get: Callable[[SessionFetcher, float], T]
) -> tuple[SessionFetcher, T]:
    """What ``get`` has of the first flight, or of the second where no code can be had for the first in time."""
    if second is None:
        return first, get(first, limits.CODE_WAIT)
    # The key's session comes first where many ask at once: it serves every role, and the next code serves one. So a
    # role of its own code takes the step at hand, and waits for another only where that session is there already.
    wait = limits.CODE_WAIT if second.holds(0) else 0.0
    try:
        return first, get(first, wait)
    except NoCode as reason:
        try:
            return second, get(second, limits.CODE_WAIT)
        except NoCode:
            raise reason from None
    except errors.Unreachable as error:
        from vault.mfa.ledger import NoCodeInTime

        if not isinstance(error, NoCodeInTime):
            raise
        return second, get(second, limits.CODE_WAIT)


def _close(*flights: SessionFetcher | None) -> None:
    for one in flights:
        if one is not None:
            one.close()


def _source_key(chain: Chain, keys: Keys) -> SourceKey | None:
    if not isinstance(chain.source, VaultKey):
        return None
    found = keys.entry(chain.source.entry)
    if found is None:
        name = safe(chain.source.entry)
        raise errors.ConfigError(
            f"{chain.source.origin}: profile {safe(chain.profile)} needs the key {name!r}, which is not in the vault",
            hint=f"add it: {command('add', chain.source.entry)}",
        )
    return found


def _static(chain: Chain) -> Credentials | None:
    if isinstance(chain.source, StaticKeys):
        return Credentials(chain.source.access_key_id, chain.source.secret, chain.source.token)
    return None


def _of_its_own(chain: Chain, got: Issued, wanted: int, *, now: float) -> Shortened | None:
    """--duration beside credentials that last as long as they do. Usage where that is longer: nobody can shorten those."""
    left = None if got.expires is None else int(got.expires - now)
    if left is None or left > wanted + limits.EXPIRY_SLACK:
        found = "never end" if left is None else f"last another {left} s"
        raise errors.Usage(
            f"profile {safe(chain.profile)}: --duration is {wanted} s, and its source's own credentials {found}",
            hint="leave out --duration, or use a profile with a role, whose session can be held to it",
        )
    short = left < wanted - limits.EXPIRY_SLACK and not isinstance(chain.source, VaultKey)
    return Shortened(wanted, left, "its source gives no more") if short else None


def _key_itself(request: Request, chain: Chain, start: _Start) -> Issued:
    """A plan without a call: the source's own key. One of the vault leaves it only where --no-session says so."""
    key = start.key
    if key is None:
        raise errors.Internal(f"profile {safe(request.profile)}: a plan without links and without a key")
    if isinstance(chain.source, VaultKey) and request.session:
        raise errors.ConfigError(
            f"profile {safe(request.profile)}: {chain.session_origin} says to make no session, "
            "and without one there is only the key itself",
            hint="remove awsvault_session or --no-session there, or, to print the key: "
            + command("export --no-session", request.profile),
        )
    account = chain.source.account_id if isinstance(chain.source, StaticKeys) else start.account
    return Issued(credential_json.encode(key, account_id=account), chain)
