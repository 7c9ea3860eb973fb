"""Checks of profiles: what keeps a tool from calling us, a command that will not run, a chain that leads nowhere."""

from __future__ import annotations

from vault import limits
from vault.aws.ip_addresses import is_loopback
from vault.doctor.findings import Finding, Rewrite, split_place
from vault.errors import ConfigError, Error
from vault.mfa.serials import meant
from vault.migrate import plaintext_keys, setup
from vault.profiles.chain import Sso, VaultKey
from vault.profiles.endpoints import configured_url
from vault.profiles.identity_center import lacking, mark_of
from vault.profiles.resolve import check, resolve
from vault.profiles.sdk_precedence import before_process
from vault.profiles.source_lookup import has_static, own_export
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vault.doctor.facts import Facts
    from vault.profiles.aws_files import Profile, Setting
    from vault.profiles.chain import Chain
    from vault.profiles.edit import Document, Edit

_SERVICES = ("sts", "iam", "sso")  # those that we call
_RAILS = ("confirm", "max_duration", "read_only")
_OTHER_WAYS = (
    "role_arn",
    "web_identity_token_file",
    "credential_process",
    "sso_account_id",
    "aws_access_key_id",
)


def each(s: Facts) -> Iterator[Profile]:
    """The profiles whose own lines can be read."""
    if s.config is None:
        return
    for name in s.config.profiles:
        try:
            profile = s.config.profile(name)
        except ConfigError:
            continue
        if profile is not None:
            yield profile


def chains(s: Facts) -> Iterator[Chain]:
    """The chains of all profiles that have a sound one."""
    if s.config is None:
        return
    for profile in each(s):
        try:
            yield resolve(
                s.config, profile.name, env=s.env, has_entry=s.has_entry if s.opened is not None else None
            )
        except Error:
            continue


def documents(s: Facts) -> tuple[tuple[str, Document], ...]:
    return (("config", s.files.config), ("credentials", s.files.credentials)) if s.files is not None else ()


def keys_before_process(s: Facts) -> Iterator[Finding]:
    """Static keys that tools take before they call us: those of the credentials file, and to some SDKs the config file's."""
    for profile in each(s):
        found = before_process(s.config, profile.name) if s.config is not None else None
        if found is not None and own_export(profile) is not None:
            place, who = str(found[0].origin), found[1]
            reason = plaintext_keys.unmovable(s.config, profile.name, place) if s.config is not None else None
            yield Finding(
                level="error",
                where=place,
                message=f"profile {safe(profile.name)}: {who} take this key and never call its credential_process",
                fix=f"awsvault-py import {safe(profile.name)}"
                if reason is None
                else f"remove it: the key {reason}",
            )


def role_before_process(s: Facts) -> Iterator[Finding]:
    """role_arn and the like without our prefix, beside our credential_process: tools assume the role by themselves."""
    for profile in each(s):
        call = own_export(profile)
        if call is None:
            continue
        plain = [profile.plain(key) for key in ("role_arn", "web_identity_token_file", "login_session")]
        plain += [
            profile.plain(key)
            for section in (profile.config, profile.credentials)
            for key in (section.properties if section is not None else ())
            if key.startswith("sso_")
        ]
        first: Setting | None = next((setting for setting in plain if setting is not None), None)
        if first is None:
            continue
        mends = []
        for kind, document in documents(s) if call.profile == profile.name else ():
            edits: list[Edit] = []
            for line in document.keys(profile.name):
                if setup.comes_before_process(line.key):
                    ours = document.places(profile.name, "awsvault_" + line.key)
                    edits.append(
                        document.remove(line) if ours else document.rename(line, "awsvault_" + line.key)
                    )
            mends += [Rewrite(kind, tuple(edits))] if edits else []
        yield Finding(
            level="error",
            where=str(first.origin),
            message=f"profile {safe(profile.name)}: {first.name} is asked before its credential_process, so no tool calls us",
            fix=f"awsvault-py setup {safe(profile.name)}",
            mends=tuple(mends),
        )


def rails_passed_by(s: Facts) -> Iterator[Finding]:
    """A guard rail on a profile whose credentials tools get without us: they know nothing of it."""
    for profile in each(s):
        if own_export(profile) is not None:
            continue
        rail = next((found for key in _RAILS if (found := profile.prefixed(key)) is not None), None)
        way = next((found for key in _OTHER_WAYS if (found := profile.plain(key)) is not None), None)
        if rail is not None and way is not None:
            yield Finding(
                level="warning",
                where=str(rail.origin),
                message=f"profile {safe(profile.name)}: tools get its credentials by {way.name} and know no {rail.name}",
                fix=f"awsvault-py setup {safe(profile.name)}",
            )


def broken_chain(s: Facts) -> Iterator[Finding]:
    """A chain that leads nowhere: a missing source, a loop, an unknown credential_source, a value AWS would refuse."""
    config = s.config
    seen = set()
    for name in config.profiles if config is not None else ():
        try:
            profile = config.profile(name) if config is not None else None
            if config is None or profile is None or not _has_chain(profile):
                continue
            chain = resolve(config, name, env=s.env, has_entry=s.has_entry if s.opened is not None else None)
            if not _for_tokens(chain):
                check(chain)
        except Error as error:
            place, text = split_place(error.message)
            if error.message in seen or (
                text.startswith("awsvault_") and "is no key" in text
            ):  # unknown-key tells of it
                continue
            seen.add(error.message)
            hint = error.hint if error.hint != ConfigError.hint else "correct the profile"
            yield Finding(
                level="error", where=place or safe(name), message=f"profile {safe(name)}: {text}", fix=hint
            )


def _has_chain(profile: Profile) -> bool:
    """Whether anybody means to get credentials by the profile: many hold a region or an output format only."""
    return (
        profile.get("role_arn") is not None
        or own_export(profile) is not None
        or profile.get("web_identity_token_file") is not None
        or mark_of(profile.get) is not None
        or has_static(profile)
    )


def _for_tokens(chain: Chain) -> bool:
    """A sign-in of Identity Center without account and role: services that take tokens need no more."""
    source = chain.source
    return isinstance(source, Sso) and not chain.hops and len(lacking(source)) > 1


def mfa_of_user(s: Facts) -> Iterator[Finding]:
    """The ARN of the user where the device's belongs."""
    for profile in each(s):
        setting = profile.get("mfa_serial")
        if setting is not None and ":user/" in setting.value and setting.origin.path in profile.paths:
            yield Finding(
                level="error",
                where=str(setting.origin),
                message=f"profile {safe(profile.name)}: mfa_serial is {safe(setting.value)}, the ARN of a user, not "
                "of a device",
                fix="the device's ARN holds :mfa/ and stands in the IAM console beside the device",
            )


def device_without_seed(s: Facts) -> Iterator[Finding]:
    """An MFA device whose seed is not in the vault: a person is asked for each session's code."""
    if s.opened is None:
        return
    seeds, told = s.opened.payload.seeds, set()
    for chain in chains(s):
        if not isinstance(chain.source, VaultKey):
            continue
        entry = s.opened.payload.entries.get(chain.source.entry)
        serial = chain.mfa_serial or (entry.mfa_serial if entry is not None else None)
        serial = serial or (chain.hops[0].mfa_serial if chain.hops else None)
        if serial is None or serial in seeds or serial in told or chain.mfa_process:
            continue
        if ":u2f/" in serial:  # broken-chain tells of it
            continue
        told.add(serial)
        near = meant(serial, {*seeds, *s.opened.payload.strict_serials})
        other = f"but one of {safe(near)} is" if near is not None else "so a person is asked for its codes"
        yield Finding(
            level="note" if near is None else "warning",
            where=str(chain.device_origin(serial) or safe(chain.source.entry)),
            message=f"no seed of {safe(serial)} is in the vault, {other}",
            fix=f"awsvault-py mfa add {safe(chain.source.entry)}"
            if near is None
            else f"if that device is meant: mfa_serial = {safe(near)}",
        )


def seed_without_device(s: Facts) -> Iterator[Finding]:
    """A stored seed that no entry and no profile names: nobody asks it for a code."""
    if s.opened is None:
        return
    named = {entry.mfa_serial for entry in s.opened.payload.entries.values()}
    for profile in each(s):
        setting = profile.get("mfa_serial")
        named.add(setting.value if setting is not None else None)
    for serial in s.opened.payload.seeds:
        if serial not in named:
            yield Finding(
                level="warning",
                where="the vault",
                message=f"the seed of {safe(serial)} is stored, and no key or profile names that device",
                fix=f"mfa_serial = {safe(serial)} in the key's profile, or: awsvault-py mfa remove {safe(serial)}",
            )


def long_chained_roles(s: Facts) -> Iterator[Finding]:
    """A duration over an hour for a role that is assumed by a role or a session: AWS gives an hour, or refuses."""
    told = set()
    for chain in chains(s):
        by_tools = _through_our_session(s, chain)
        for number, hop in enumerate(chain.hops):
            seconds = hop.duration_seconds
            if hop.profile in told or seconds is None or seconds <= limits.ROLE_DURATION:
                continue
            if number == 0 and not by_tools:
                continue  # assumed by us, straight from the key
            told.add(hop.profile)
            mends = []
            for kind, document in documents(s):
                for key in ("duration_seconds", "awsvault_duration_seconds"):
                    lines = document.places(hop.profile, key)
                    edits = tuple(document.set_value(line, str(limits.ROLE_DURATION)) for line in lines)
                    mends += [Rewrite(kind, edits)] if edits else []
            whose = f"that AWS's tools assume through the session of {safe(chain.source_profile)}"
            fix = f"duration_seconds = {limits.ROLE_DURATION}"
            yield Finding(
                level="warning",
                where=str(hop.origin("duration_seconds") or safe(hop.profile)),
                message=f"profile {safe(hop.profile)}: duration_seconds is {seconds}, and a role "
                f"{'assumed by a role' if number else whose} lasts {limits.ROLE_DURATION} s at most",
                fix=fix if number else f"{fix}, or for longer ones: awsvault-py setup {safe(hop.profile)}",
                mends=tuple(mends),
            )


def _through_our_session(s: Facts, chain: Chain) -> bool:
    """Whether AWS's tools assume the chain's first role by themselves, with the session that we give its source."""
    if s.config is None or not chain.hops or not chain.session:
        return False
    first, source = s.config.profile(chain.hops[0].profile), s.config.profile(chain.source_profile)
    call = own_export(source) if source is not None else None
    return first is not None and own_export(first) is None and call is not None and call.session


def custom_endpoints(s: Facts) -> Iterator[Finding]:
    """An endpoint that is not AWS's own: whoever runs it sees key ids and codes; over plain http, anybody on the way."""
    if s.config is None:
        return
    told = set()
    ways: list[Callable[[str], Setting | None]] = [profile.get for profile in each(s)]
    ways = ways or [lambda _: None]
    for get, service in ((get, service) for get in ways for service in _SERVICES):
        try:
            url = configured_url(s.config, get, env=s.env, service=service)
        except ConfigError:
            continue  # broken-chain tells of it
        if url is not None and url.origin not in told:
            told.add(url.origin)
            yield _endpoint(s, str(url.origin), url.value)


def _endpoint(s: Facts, where: str, url: str) -> Finding:
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    allowed = s.settings.allow_http if s.settings is not None else ()
    clear = scheme.lower() == "http" and not is_loopback(name.strip("[]"))
    refused = clear and host.lower() not in allowed and name.lower() not in allowed
    return Finding(
        level="error" if refused else "warning" if clear else "note",
        where=where,
        message=f"AWS is asked at {safe(url)}"
        + (", in clear over the network" if clear else ", not at its own address"),
        fix="remove it, unless it is your own" if not clear else "use https",
    )
