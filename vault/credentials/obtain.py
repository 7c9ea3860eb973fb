"""The steps of an export: a profile's credentials, for export, exec, login and whoami. One step a line.

Joins AWS's files, the vault, the cache and STS. Prints nothing. No wait is longer than the context's deadline.
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws import credential_json
from vault.cache.freshness import Freshness
from vault.credentials import guardrails
from vault.credentials.cached import open_cache
from vault.credentials.fallback import PlanFetcher
from vault.credentials.fetch import never_expires
from vault.credentials.issued import Issued, Shortened
from vault.credentials.planned import LoadedProfiles, PlannedChain, chain_of, load, planned
from vault.credentials.requested_chain import check_role_has_source, requested_chain
from vault.profiles.chain import AssumeRole, SessionToken, Sso, VaultKey
from vault.profiles.resolve import check
from vault.records import NamedTuple
from vault.text import command, safe
from vault.unlocking.key_access import KeysAccess, with_keys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.cache.entries import Cached
    from vault.context import Context
    from vault.credentials.request import Request
    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain
    from vault.unlocking.keys import Keys


class Obtained(NamedTuple):
    """The credentials, the access to the vault's keys, and AWS's files as they were read."""

    issued: Issued
    access: KeysAccess
    profiles: LoadedProfiles


def credentials(
    context: Context,
    request: Request,
    *,
    purpose: str,
    use: str = "export",
    program: str = "",
    exchange: Callable[[Issued], Issued] | None = None,
    begun: Keys | None = None,
) -> Issued:
    """Like ``obtain``, but returns only the credentials."""
    return obtain(
        context, request, purpose=purpose, use=use, program=program, exchange=exchange, begun=begun
    ).issued


def obtain(
    context: Context,
    request: Request,
    *,
    purpose: str,
    use: str,
    program: str = "",
    exchange: Callable[[Issued], Issued] | None = None,
    begun: Keys | None = None,
) -> Obtained:
    """The credentials of ``request.profile``. Unlocks the vault if necessary, remembers the answer and logs it.

    ``purpose`` tells the user what the passphrase is for; ``use`` and ``program`` go into the log. ``exchange`` turns
    the answer into the one that is issued and logged; like the rest, it is repeated if AWS does not know the source key. ``begun``: keys that the caller already has from the agent.
    Errors: those of ``issue``, of ``exchange`` and of vault/unlocking/unlock.
    """
    profiles = load(context)  # a broken file is reported before the user is asked for a passphrase
    check_role_has_source(profiles.config, request, use=use)
    confirmed: dict[str, str | None] = {}

    def work(keys: Keys) -> Issued:
        found = issue(context, request, keys, profiles, confirmed=confirmed)
        return found if exchange is None else exchange(found)

    try:
        issued, access = with_keys(
            context,
            work,
            purpose=purpose,
            begun=begun,
        )
    except (errors.Locked, errors.WrongPassphrase):
        _check_profile(profiles.config, request)
        raise
    except errors.NotFound as error:
        _check_sign_in(context, profiles.config, request, error)
        raise
    from vault.credentials import audit, remember  # after the call, which needs neither

    remember.remember(context, access, issued)
    audit.log_issued(context, access.keys, issued, use=use, program=program)
    return Obtained(issued, access, profiles)


def issue(
    context: Context,
    request: Request,
    keys: Keys,
    profiles: LoadedProfiles,
    *,
    confirmed: dict[str, str | None] | None = None,
) -> Issued:
    """The credentials of ``request.profile`` with the given keys: resolve, check the guard rails, plan, fetch.

    ``confirmed`` has what the user confirmed for this request already: it may have to be repeated with other keys.

    Errors: NotFound, ConfigError, Declined, Refused, Unreachable, Locked (no code is available), StorageError.
    """
    chain = requested_chain(profiles.config, request, env=context.env, has_entry=keys.has_entry)
    check(chain)
    lifted = request.write and chain.guardrails.read_only
    chain = guardrails.applied(chain, request)
    confirmed, what = {} if confirmed is None else confirmed, guardrails.subject(chain, lifted=lifted)
    if what not in confirmed:
        confirmed[what] = guardrails.confirm(context, chain, request, lifted=lifted)
    agreed = confirmed[what]
    try:
        plan = plan_of(context, request, chain, keys)
        issued = _fetched(context, request, plan, keys) if plan.plan.links else _key_itself(request, plan)
    except errors.Error as error:
        from vault.credentials import hints

        hints.name_profile(error, chain)
        raise
    if not (
        request.federates and issued.expires is None
    ):  # otherwise the guard rails apply to the session that it is exchanged for
        guardrails.check_expiry(chain, expires=issued.expires, now=context.clock.time())
        issued = _compared_with_duration(context, request, issued)
    fingerprint = profiles.before if _may_be_remembered(request, issued) else None
    return issued._replace(agreed=agreed, remember=fingerprint)


def refresh_ahead(context: Context, profile: str) -> Issued | None:
    """A new session for ``profile`` before it is due; None if another process is fetching it, or AWS refuses it now.

    Does not prompt.
    """
    from vault.credentials.request import Request

    profiles, request = load(context), Request(profile)
    purpose = f"to refresh the session of {profile}"
    issued, access = with_keys(
        context, lambda keys: _refresh_last_link(context, request, keys, profiles), purpose=purpose
    )
    if issued is not None:
        from vault.credentials.remember import remember

        remember(context, access, issued)
    return issued


def _refresh_last_link(
    context: Context, request: Request, keys: Keys, profiles: LoadedProfiles
) -> Issued | None:
    """Like ``issue``, for the last link of a plain request, and only if the answer may be remembered."""
    chain = chain_of(context, profiles.config, request.profile, keys)
    check(chain)
    chain = guardrails.applied(chain, request)
    plan = plan_of(context, request, chain, keys)
    if not plan.plan.links or not _decided_by_files(chain):
        return None
    with (
        open_cache(context, keys) as cache,
        PlanFetcher(context, request, keys, plan, cache=cache) as fetcher,
    ):
        session = fetcher.refresh()
    if session is None:
        return None
    digest = fetcher.used.digests[-1]
    return Issued(session.body, chain, session.issued, session.expires, digest, profiles.before)


# ── the steps ────────────────────────────────────────────────────────────────────────────────


def _check_profile(config: Config, request: Request) -> None:
    """NotFound if no file names the profile, while the locked vault might still hold a key of that name."""
    name = request.profile if request.source is None else request.source
    if name not in config.profiles and not (request.start and config.starting_with(name)):
        raise config.not_found(name) from None


def _check_sign_in(context: Context, config: Config, request: Request, error: errors.NotFound) -> None:
    """NotSignedIn if ``error`` says that there is no vault, and the profile signs in at Identity Center: that creates one."""
    from vault.signin import needed

    if needed.without_vault(error, context.env, home=context.paths.home) is None:
        return
    try:
        chain = requested_chain(config, request, env=context.env, has_entry=lambda _: False)
    except errors.Error:  # not a profile of Identity Center, as far as can be told
        return
    if isinstance(chain.source, Sso):
        from vault.aws import sso_portal

        check(chain)
        sso_portal.cli_token(chain.source, home=context.paths.home, now=context.clock.time())
        error.hint = sso_portal.signed_out(chain.source, "").hint


def plan_of(context: Context, request: Request, chain: Chain, keys: Keys) -> PlannedChain:
    """The calls of ``chain`` for ``request``. Usage for a duration that no role has, ConfigError without its key."""
    if request.duration is not None and request.duration > limits.ROLE_MOST and chain.hops:
        raise errors.Usage(
            f"--duration is {request.duration / 3600:.3g} h, but a role session lasts {limits.ROLE_MOST // 3600} h at most",
            hint=f"give {limits.ROLE_MOST // 3600}h or less",
        )
    plan = planned(context, chain, keys, duration=request.duration, session=request.session)
    if plan.lacks_key and isinstance(chain.source, VaultKey):
        raise errors.ConfigError(
            f"{chain.source.origin}: {chain.subject} needs the key {safe(chain.source.entry)!r}, "
            "which is not in the vault",
            hint=f"add it: {command('add', chain.source.entry)}",
        )
    return plan


def _fetched(context: Context, request: Request, plan: PlannedChain, keys: Keys) -> Issued:
    with open_cache(context, keys) as cache:
        with PlanFetcher(context, request, keys, plan, cache=cache) as fetcher:
            session = fetcher.session()
        if never_expires(session):
            issued = Issued(session.body, plan.chain)
        else:
            _check_clock(context, session)
            issued = Issued(
                session.body, plan.chain, session.issued, session.expires, fetcher.used.digests[-1]
            )
            cache.collect(context.clock.time())
    short = _shortened(request, plan, fell_back=fetcher.fell_back)
    return issued._replace(asked_aws=fetcher.used.called, shorter=short)


def _check_clock(context: Context, session: Cached) -> None:
    """Report a session that has expired by this machine's clock: the SDKs for JavaScript and PHP report it misleadingly."""
    now = context.clock.time()
    if session.freshness(now) is Freshness.EXPIRED:
        ahead = session.issued - now
        found = f"issued {ahead:.0f} s from now" if ahead > limits.ISSUED_AHEAD else "already expired"
        raise errors.Unreachable(
            f"AWS returned a session that is {found} by this machine's clock",
            hint="set the clock (for example: timedatectl set-ntp true) and run the command again",
        )


def _key_itself(request: Request, plan: PlannedChain) -> Issued:
    """A plan without calls: the source's own key. A key of the vault is issued only with --no-session."""
    chain = plan.chain
    if plan.key is None:
        raise errors.Internal(f"profile {safe(chain.profile)}: a plan without links and without a key")
    if isinstance(chain.source, VaultKey) and request.session:
        raise errors.ConfigError(
            f"profile {safe(chain.profile)}: {chain.session_origin} turns off the session, "
            "and without it only the key itself can be issued",
            hint="remove awsvault_session or --no-session there, or, to print the key: "
            + command("export --no-session", chain.profile),
        )
    return Issued(credential_json.encode(plan.key, account_id=plan.account), chain)


# ── the duration, and whether the answer is remembered ──────────────────────────────────────────


def _shortened(request: Request, plan: PlannedChain, *, fell_back: bool) -> Shortened | None:
    """Why the session lasts less than the profile or --duration requests."""
    last = plan.plan.links[-1]
    if not isinstance(last, AssumeRole | SessionToken):
        return None
    if fell_back:
        return Shortened(
            last.duration, limits.ROLE_DURATION, "no MFA code was available in time; to try again: --fresh"
        )
    if request.duration is None or last.duration >= request.duration:
        return None
    return Shortened(request.duration, last.duration, last.why)


def _compared_with_duration(context: Context, request: Request, issued: Issued) -> Issued:
    """Compare --duration with the lifetime of the source's own credentials. Usage if they last longer: nothing can
    shorten them.
    """
    chain, wanted = issued.chain, request.duration
    if chain.hops or wanted is None:
        return issued
    left = None if issued.expires is None else int(issued.expires - context.clock.time())
    if left is None or left > wanted + limits.EXPIRY_SLACK:
        found = "never expire" if left is None else f"expire in {left} s"
        raise errors.Usage(
            f"profile {safe(chain.profile)}: --duration is {wanted} s, but the credentials of its source {found}",
            hint="leave out --duration, or use a profile with a role, whose session can have this duration",
        )
    if left < wanted - limits.EXPIRY_SLACK and not isinstance(chain.source, VaultKey):
        return issued._replace(shorter=issued.shorter or Shortened(wanted, left, "its source allows no more"))
    return issued


def _may_be_remembered(request: Request, issued: Issued) -> bool:
    """Whether the answer may serve the next export."""
    return issued.digest is not None and request.plain and _decided_by_files(issued.chain)


def _decided_by_files(chain: Chain) -> bool:
    """Whether the vault and the files of the fingerprint alone decide the answer.

    Another source outside the vault than a role of Identity Center, and a policy file, may change without them. A profile that
    needs confirmation must not be answered without it.
    """
    policy = chain.guardrails.policy
    return (
        isinstance(chain.source, VaultKey | Sso)
        and chain.guardrails.confirm == "never"
        and (policy is None or policy.document is None)
    )
