"""Checks of the profiles' chains: sources, MFA devices, durations and endpoints."""

from __future__ import annotations

from contextlib import suppress

from vault import limits
from vault.credentials.guardrails import applied
from vault.credentials.request import Request
from vault.doctor.findings import Finding, Rewrite, split_place
from vault.errors import ConfigError, Declined, Error
from vault.http.ip_addresses import is_loopback
from vault.mfa.serials import similar_serial
from vault.profiles.chain import Sso, VaultKey
from vault.profiles.endpoints import configured_url
from vault.profiles.identity_center import first_key, missing_role_keys
from vault.profiles.plan import mfa_device
from vault.profiles.resolve import check, resolve
from vault.profiles.source_lookup import has_static, own_export
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vault.doctor.facts import Facts
    from vault.profiles.aws_files import Profile, Setting
    from vault.profiles.chain import Chain

_SERVICES = ("sts", "iam", "sso")  # the services that awsvault-py calls


def broken_chain(facts: Facts) -> Iterator[Finding]:
    """A profile that cannot give credentials: a missing source, a profile loop, an unknown credential_source, a value that
    AWS would refuse, guard rails that would widen each other.
    """
    config = facts.config
    seen = set()
    for name in config.profiles if config is not None else ():
        try:
            profile = config.profile(name) if config is not None else None
            if config is None or profile is None or not _has_chain(profile):
                continue
            chain = resolve(config, name, env=facts.env, has_entry=facts.has_entry)
            if not _for_tokens(chain):
                check(chain)
                # A source may have a guard rail for its roles that it cannot keep itself.
                with suppress(Declined):
                    applied(chain, Request(name))
        except Error as error:
            place, text = split_place(error.message)
            unknown = text.startswith("awsvault_") and "is no key" in text  # unknown-key reports it
            if error.message in seen or unknown:
                continue
            seen.add(error.message)
            yield Finding(
                level="error",
                where=place or safe(name),
                message=text if f"profile {safe(name)} " in text else f"profile {safe(name)}: {text}",
                hint=error.hint if error.hint != ConfigError.hint else "correct the profile",
            )


def _has_chain(profile: Profile) -> bool:
    """Whether the profile is meant to give credentials. Many have only a region or an output format."""
    return (
        profile.get("role_arn") is not None
        or own_export(profile) is not None
        or profile.get("web_identity_token_file") is not None
        or first_key(profile.get) is not None
        or has_static(profile)
    )


def _for_tokens(chain: Chain) -> bool:
    """Whether the chain is an Identity Center sign-in without account and role. Services that take its token need no more."""
    source = chain.source
    return isinstance(source, Sso) and not chain.hops and len(missing_role_keys(source)) > 1


def mfa_of_user(facts: Facts) -> Iterator[Finding]:
    """mfa_serial is the ARN of the user, not of the MFA device."""
    for profile in facts.profiles():
        setting = profile.get("mfa_serial")
        if setting is not None and ":user/" in setting.value and setting.origin.path in profile.paths:
            yield Finding(
                level="error",
                where=str(setting.origin),
                message=f"profile {safe(profile.name)}: mfa_serial is {safe(setting.value)}, the ARN of a user, not "
                "of a device",
                hint="use the device's ARN: it contains :mfa/, and the IAM console shows it with the device",
            )


def device_without_seed(facts: Facts) -> Iterator[Finding]:
    """An MFA device whose seed is not in the vault, so you have to type its codes."""
    if facts.opened is None:
        return
    payload = facts.opened.payload
    reported = set()
    for chain in facts.chains():
        if not isinstance(chain.source, VaultKey):
            continue
        entry = payload.entries.get(chain.source.entry)
        serial = chain.mfa_serial or (entry.mfa_serial if entry is not None else None)
        serial = serial or (chain.hops[0].mfa_serial if chain.hops else None)
        if serial is None or serial in payload.seeds or serial in reported or chain.mfa_process:
            continue
        if ":u2f/" in serial:  # broken-chain reports it
            continue
        reported.add(serial)
        near = similar_serial(serial, {*payload.seeds, *payload.strict_serials})
        other = f"but it has one for {safe(near)}" if near is not None else "so you have to type its codes"
        yield Finding(
            level="note" if near is None else "warning",
            where=str(chain.device_origin(serial) or safe(chain.source.entry)),
            message=f"the vault has no seed for {safe(serial)}, {other}",
            hint=f"awsvault-py mfa add {safe(chain.source.entry)}"
            if near is None
            else f"if you mean that device, write: mfa_serial = {safe(near)}",
        )


def program_without_device(facts: Facts) -> Iterator[Finding]:
    """mfa_process is set for a key that has no MFA device, so awsvault-py never takes a code from it."""
    if facts.opened is None or facts.config is None:
        return
    unused: dict[str, tuple[str, str]] = {}
    used: set[str] = set()
    for chain in facts.chains():
        if not isinstance(chain.source, VaultKey):
            continue
        entry = facts.opened.payload.entries.get(chain.source.entry)
        needed = mfa_device(chain, entry.mfa_serial if entry is not None else None)
        for name in chain.path:
            profile = facts.config.profile(name)
            setting = profile.get("mfa_process") if profile is not None else None
            if setting is None:
                continue
            if needed or any(hop.mfa_serial for hop in chain.hops):
                used.add(str(setting.origin))
            else:
                unused[str(setting.origin)] = (name, chain.source.entry)
    for where, (name, key) in unused.items():
        if where not in used:
            yield Finding(
                level="warning",
                where=where,
                message=f"profile {safe(name)}: mfa_process is set, but neither the key {safe(key)} nor its profiles name an MFA "
                "device, so no code is taken from it",
                hint=f"set mfa_serial in the profile; or run: {command('mfa add', key)}, and leave the seed empty",
            )


def seed_without_device(facts: Facts) -> Iterator[Finding]:
    """A stored seed whose device no entry and no profile names."""
    if facts.opened is None:
        return
    named = {entry.mfa_serial for entry in facts.opened.payload.entries.values()}
    for profile in facts.profiles():
        setting = profile.get("mfa_serial")
        named.add(setting.value if setting is not None else None)
    for serial in facts.opened.payload.seeds:
        if serial not in named:
            yield Finding(
                level="warning",
                where="the vault",
                message=f"it has a seed for {safe(serial)}, but no key or profile names that device",
                hint=f"set mfa_serial = {safe(serial)} in the key's profile, or: awsvault-py mfa remove {safe(serial)}",
            )


def long_chained_roles(facts: Facts) -> Iterator[Finding]:
    """duration_seconds is over an hour for a role that another role assumes, or that tools assume with an MFA session."""
    reported = set()
    for chain in facts.chains():
        by_tools = _by_tools_with_session(facts, chain)
        for number, hop in enumerate(chain.hops):
            seconds = hop.duration_seconds
            if hop.profile in reported or seconds is None or seconds <= limits.ROLE_DURATION:
                continue
            if number == 0 and not by_tools:
                continue  # awsvault-py assumes it directly with the key
            reported.add(hop.profile)
            fixes = []
            for kind, document in facts.documents():
                for key in ("duration_seconds", "awsvault_duration_seconds"):
                    lines = document.places(hop.profile, key)
                    edits = tuple(document.set_value(line, str(limits.ROLE_DURATION)) for line in lines)
                    fixes += [Rewrite(kind, edits)] if edits else []
            role = (
                "that another role assumes"
                if number
                else f"that AWS's tools assume with the session of {safe(chain.source_profile)}"
            )
            hint = f"duration_seconds = {limits.ROLE_DURATION}"
            yield Finding(
                level="warning",
                where=str(hop.origin("duration_seconds") or safe(hop.profile)),
                message=f"profile {safe(hop.profile)}: duration_seconds is {seconds}, but the session of a role {role} lasts "
                f"at most {limits.ROLE_DURATION} s",
                hint=hint
                if number
                else f"{hint}, or for a longer session: awsvault-py setup {safe(hop.profile)}",
                fixes=tuple(fixes),
            )


def _by_tools_with_session(facts: Facts, chain: Chain) -> bool:
    """Whether AWS's tools assume the chain's first role themselves, with the session that awsvault-py issues for its source."""
    if facts.config is None or not chain.hops or not chain.session:
        return False
    first = facts.config.profile(chain.hops[0].profile)
    source = facts.config.profile(chain.source_profile)
    call = own_export(source) if source is not None else None
    return first is not None and own_export(first) is None and call is not None and call.session


def custom_endpoints(facts: Facts) -> Iterator[Finding]:
    """An endpoint that is not AWS's own."""
    if facts.config is None:
        return
    reported = set()
    readers: list[Callable[[str], Setting | None]] = [profile.get for profile in facts.profiles()]
    readers = readers or [lambda _: None]
    for get, service in ((get, service) for get in readers for service in _SERVICES):
        try:
            url = configured_url(facts.config, get, env=facts.env, service=service)
        except ConfigError:
            continue  # broken-chain reports it
        if url is not None and url.origin not in reported:
            reported.add(url.origin)
            yield _endpoint(facts, str(url.origin), url.value)


def _endpoint(facts: Facts, where: str, url: str) -> Finding:
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    allowed = facts.settings.allow_http if facts.settings is not None else ()
    plaintext = scheme.lower() == "http" and not is_loopback(name.strip("[]"))
    refused = plaintext and host.lower() not in allowed and name.lower() not in allowed
    return Finding(
        level="error" if refused else "warning" if plaintext else "note",
        where=where,
        message=f"requests to AWS go to {safe(url)}, "
        + ("in plaintext over the network" if plaintext else "which is not AWS's own endpoint"),
        hint="use https" if plaintext else "remove it unless it is your own",
    )
