"""The calls that a Chain takes, in order. Pure: no clock, no vault. Each has its reason, for ``explain``."""

from __future__ import annotations

from vault.limits import ROLE_DURATION
from vault.profiles.chain import (
    AssumeRole,
    Chain,
    FetchSource,
    Link,
    NamedSource,
    Plan,
    Process,
    SessionToken,
    StaticKeys,
    VaultKey,
    WebIdentity,
)
from vault.records import Protocol

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.chain import Source


class DefaultDurations(Protocol):
    """How long sessions last if their profiles do not say, in seconds. vault/settings has them from config.toml."""

    @property
    def session_duration(self) -> int:
        """The duration of a key's MFA session."""

    @property
    def role_duration(self) -> int:
        """The duration of a role session."""


def plan(
    chain: Chain,
    defaults: DefaultDurations,
    *,
    entry_mfa_serial: str | None = None,
    duration: int | None = None,
    session: bool = True,
) -> Plan:
    """The links of ``chain``.

    ``defaults`` come from config.toml; a profile's awsvault_session_duration and duration_seconds override them.
    ``entry_mfa_serial`` is the device stored with the vault's key, for a profile that names none. ``duration``
    (seconds) is ``--duration``, for the last link. ``session`` is False for ``--no-session``.
    """
    if not isinstance(chain.source, VaultKey):
        return _provider_plan(chain, defaults, duration)
    serial = mfa_device(chain, entry_mfa_serial)
    keeps = session and chain.session
    first = _session(chain, chain.source, serial, defaults.session_duration, duration)
    if not chain.hops:
        return Plan((first,) if keeps else ())
    rest = _later(chain, defaults, duration, known=serial)
    code = chain.hops[0].mfa_serial or serial
    straight: tuple[AssumeRole, ...] = (_role(chain, 0, defaults, duration, code=code, hour=None), *rest)
    if not keeps:
        return Plan(straight)
    own = chain.hops[0].mfa_serial if chain.hops[0].mfa_serial != serial else None
    through: tuple[Link, ...] = (
        first,
        _role(
            chain,
            0,
            defaults,
            duration,
            code=own,
            hour="a role assumed with a session lasts at most one hour",
        ),
        *rest,
    )
    if straight[0].duration <= ROLE_DURATION:
        return Plan(through)
    why = f"{straight[0].why}; directly with the key, because a role assumed with a session lasts at most one hour"
    return Plan((straight[0]._replace(why=why), *rest), through if code else None)


def mfa_device(chain: Chain, entry_mfa_serial: str | None) -> str | None:
    """The MFA device of the chain's key: that of its profile, otherwise of its entry, otherwise of the first role.

    AWS accepts codes only from a device of the calling user, so the first role's device is the key's.
    """
    return chain.mfa_serial or entry_mfa_serial or (chain.hops[0].mfa_serial if chain.hops else None)


def _session(
    chain: Chain, source: VaultKey, serial: str | None, configured: int, duration: int | None
) -> SessionToken:
    """The key's MFA session. If it is the answer itself, --duration and awsvault_max_duration apply to it."""
    seconds, why = configured, "one session for all roles of the key"
    if chain.session_duration is not None:
        seconds, why = chain.session_duration, "awsvault_session_duration"
    if not chain.hops:
        if duration is not None:
            seconds, why = duration, "--duration"
        most = chain.guardrails.max_duration
        if most is not None and seconds > most:
            seconds, why = most, "awsvault_max_duration"
    process = chain.mfa_process or (chain.hops[0].mfa_process if chain.hops else None)
    return SessionToken(source.entry, serial, process, seconds, chain.source_endpoint, why)


def _role(
    chain: Chain,
    at: int,
    defaults: DefaultDurations,
    duration: int | None,
    *,
    code: str | None,
    hour: str | None,
) -> AssumeRole:
    """The call for hop ``at``. ``hour`` is the reason why it cannot last longer than one hour, None if it can."""
    hop = chain.hops[at]
    asked, why = hop.duration_seconds, "duration_seconds"
    if duration is not None and at == len(chain.hops) - 1:
        asked, why = duration, "--duration"
    default = defaults.role_duration
    if at < len(chain.hops) - 1:  # a longer session is of no use inside a chain, and would need a code
        default = min(default, ROLE_DURATION)
    if asked is None and default != ROLE_DURATION:
        asked, why = default, "role_duration in config.toml"
    seconds = ROLE_DURATION if asked is None else asked
    if asked is None:
        why = "AWS's default"
    most = chain.guardrails.max_duration
    if most is not None and seconds > most:
        asked, seconds, why = most, most, "awsvault_max_duration"
    if hour is not None and seconds > ROLE_DURATION:
        seconds, why = ROLE_DURATION, f"limited to one hour: {hour}"
    # Only the last: with the policy, a role could not assume the next one.
    last = at == len(chain.hops) - 1
    read_only, policy = (chain.guardrails.read_only, chain.guardrails.policy) if last else (False, None)
    if policy is not None and not read_only:
        policy = policy.alone
    return AssumeRole(hop, seconds, code, asked is not None, why, read_only, policy)


def _later(
    chain: Chain, defaults: DefaultDurations, duration: int | None, *, known: str | None
) -> tuple[AssumeRole, ...]:
    """The hops after the first. ``known`` is the device whose code the chain has already used."""
    hour = "a role assumed by a role lasts at most one hour"
    links = []
    for at in range(1, len(chain.hops)):
        serial = chain.hops[at].mfa_serial
        links.append(
            _role(chain, at, defaults, duration, code=serial if serial != known else None, hour=hour)
        )
    return tuple(links)


def _provider_plan(chain: Chain, defaults: DefaultDurations, duration: int | None) -> Plan:
    """The plan for a source that is not a vault key: no key session, and a code for each role with a device, as AWS's tools do."""
    source = chain.source
    hour: str | None = "a role assumed with temporary credentials lasts at most one hour"
    match source:
        case StaticKeys():
            hour = hour if source.token is not None else None
        case NamedSource():
            hour = hour if source.temporary else None
        case Process():
            hour = "a process usually gives temporary credentials"
        case _:
            pass
    links: tuple[Link, ...] = ()
    if not isinstance(source, StaticKeys):
        # Another program's answer may depend on more than its command (the current folder, a variable), so it runs each
        # time.
        links = (
            FetchSource(
                _with_duration(chain, source, defaults), not isinstance(source, NamedSource | Process)
            ),
        )
    if not chain.hops:
        return Plan(links)
    first = _role(chain, 0, defaults, duration, code=chain.hops[0].mfa_serial, hour=hour)
    return Plan((*links, first, *_later(chain, defaults, duration, known=None)))


def _with_duration(chain: Chain, source: Source, defaults: DefaultDurations) -> Source:
    """The source with the duration to request. Of the providers, only a web identity's role has one."""
    if not isinstance(source, WebIdentity):
        return source
    seconds = defaults.role_duration if source.duration_seconds is None else source.duration_seconds
    if chain.guardrails.max_duration is not None:
        seconds = min(seconds, chain.guardrails.max_duration)
    if source.duration_seconds is None and seconds == ROLE_DURATION:
        return source  # AWS's default, so it is not sent
    return source._replace(duration_seconds=seconds)
