"""Chains in words, for ``explain``: titles, values with their places, warnings. Pure but for what it is handed."""

from __future__ import annotations

from typing import NamedTuple, assert_never

from vault import errors
from vault.profiles import sdk_precedence
from vault.profiles.chain import (
    Login,
    NamedSource,
    Process,
    Sso,
    StaticKeys,
    VaultKey,
    WebIdentity,
)
from vault.profiles.command_words import own_call
from vault.profiles.resolve import resolve
from vault.profiles.unread_keys import unread
from vault.text import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from vault.context import Context
    from vault.profiles.aws_files import Config, Origin
    from vault.profiles.chain import AssumeRole, Chain, Plan, SessionToken, Source
    from vault.profiles.endpoints import Endpoint
    from vault.profiles.unread_keys import Unread

_NAMED = {
    "Environment": "the environment's key (AWS_ACCESS_KEY_ID)",
    "Ec2InstanceMetadata": "the role of this EC2 instance",
    "EcsContainer": "the role of this container",
}

UNKNOWN_DEVICE = "unknown while the vault is locked, which may hold a device with the key"


class Fact(NamedTuple):
    """A value with its name, and where it stands: a file and line, a variable, or nothing."""

    name: str
    value: str
    place: str


class Stored(NamedTuple):
    """The device stored with the chain's key; ``known`` is False where only the locked vault could tell."""

    serial: str | None
    known: bool


def shown(origin: Origin | None, home: str) -> str:
    """A place for a person: the home folder as ``~``."""
    if origin is None:
        return ""
    text = str(origin)
    return "~" + text[len(home) :] if home and text.startswith(home + "/") else text


def fact(name: str, value: str, origin: Origin | None, *, home: str, more: str = "") -> Fact:
    """A fact; ``more`` is said where there is no place."""
    return Fact(name, value, shown(origin, home) or more)


def span(seconds: float) -> str:
    """Seconds as a person says them: ``1 h``, ``12 h``, ``1 h 30 min``, ``15 min``."""
    left = int(seconds)
    hours, minutes = left // 3600, left % 3600 // 60
    parts = ([f"{hours} h"] if hours else []) + ([f"{minutes} min"] if minutes else [])
    return " ".join(parts) or f"{left} s"


def region(chain: Chain, *, home: str) -> list[Fact]:
    """The region that the profile's user works in."""
    return [fact("region", chain.region, chain.region_origin, home=home, more="the partition's own")]


def life(text: str) -> tuple[Fact, ...]:
    """The session held for a link."""
    return (Fact("session", text, ""),)


def source(chain: Chain, *, home: str, vault: bool) -> tuple[str, tuple[Fact, ...]]:
    """The headline and the facts of the chain's source."""
    found = chain.source
    facts = [Fact("profile", chain.source_profile, shown(found.origin, home))]
    match found:
        case VaultKey():
            title = f"key {found.entry!r} of the vault"
            if found.assumed:
                why = "the vault was not opened: a key of this name is taken to be in it"
                missing = f"there is no vault yet: {command('add', found.entry)} makes it"
                facts.append(Fact("assumed", why if vault else missing, ""))
        case StaticKeys():
            title = f"key {found.access_key_id}, in clear in a file"
        case Process():
            title = "what a program prints (credential_process)"
            facts.append(Fact("command", found.command.replace("\n", " "), ""))
        case WebIdentity():
            title = f"role {found.role_arn} for a web identity token"
            facts.append(Fact("token", found.token_file or f"printed by {found.token_process}", ""))
            if found.role_session_name:
                facts.append(Fact("session name", found.role_session_name, ""))
            facts.extend(endpoint(found.endpoint, home=home))
        case Sso():
            role, account = found.role_name or "(not named)", found.account_id or "(not named)"
            title = f"role {role} in account {account}, by IAM Identity Center"
            facts.append(Fact("sign-in", found.session or found.start_url, ""))
            facts.append(fact("portal", found.portal, found.portal_origin, home=home))
        case Login():
            title = "the session that aws login keeps"
        case NamedSource():
            title = _NAMED[found.name]
        case _:
            assert_never(found)
    return title, tuple(facts)


def source_item(found: Source) -> dict[str, object]:
    """The source as an item of --json."""
    match found:
        case VaultKey():
            return {"type": "access-key", "credential": found.entry}
        case StaticKeys():
            return {"type": "access-key", "file": found.origin.path, "access_key_id": found.access_key_id}
        case Process():
            return {"type": "process", "command": found.command}
        case WebIdentity():
            return {
                "type": "web-identity",
                "role_arn": found.role_arn,
                "token_file": found.token_file,
                "role_session_name": found.role_session_name,
            }
        case Sso():
            return {
                "type": "sso",
                "sso_session": found.session,
                "sso_account_id": found.account_id,
                "sso_role_name": found.role_name,
            }
        case Login():
            return {"type": "login", "login_session": found.session}
        case NamedSource():
            return {"type": "named-source", "name": found.name}


def endpoint(at: Endpoint, *, home: str) -> list[Fact]:
    """Where a call goes, and why there."""
    facts = [fact("region", at.region, at.region_origin, home=home, more="the partition's own")]
    facts.append(fact("endpoint", at.address, at.url_origin, home=home))
    return facts


def session(
    chain: Chain, link: SessionToken, *, stored: Stored, home: str, life: str
) -> tuple[str, tuple[Fact, ...]]:
    """The session of the key."""
    facts = [Fact("lasts", f"{span(link.duration)}: {link.why}", "")]
    if link.mfa_serial is None:
        none = "none: neither the key nor its profile names a device"
        facts.append(Fact("MFA", none if stored.known else UNKNOWN_DEVICE, ""))
        title = "session of the key"
    else:
        title = "MFA session of the key"
        origin, more = chain.mfa_origin, ""
        if origin is None and stored.serial is not None:
            more = "stored with the key"
        elif origin is None:
            origin = chain.hops[0].origin("mfa_serial")
        facts.append(fact("device", link.mfa_serial, origin, home=home, more=more))
        if not stored.known:
            facts.append(Fact("key's own", UNKNOWN_DEVICE, ""))
        facts.append(Fact("code", "one, for this session and so for every role that is assumed by it", ""))
    if link.mfa_process:
        facts.append(Fact("code from", link.mfa_process, ""))
    return title, (*facts, *endpoint(link.endpoint, home=home), Fact("session", life, ""))


def role(
    chain: Chain, link: AssumeRole, *, unknown: bool, home: str, life: str
) -> tuple[str, tuple[Fact, ...]]:
    """A role. ``unknown``: it is the first call, and whether a device is stored with the key nobody could tell."""
    hop = link.hop
    facts = [
        Fact("profile", hop.profile, shown(hop.origin("role_arn"), home)),
        fact("lasts", f"{span(link.duration)}: {link.why}", hop.origin("duration_seconds"), home=home),
    ]
    if link.with_code is not None:
        why = "a code of its own"
        if isinstance(chain.source, VaultKey) and "straight from the key" in link.why:
            why = "a code for this role alone; where none can be had in time, one hour through the session"
        facts.append(fact("device", link.with_code, hop.origin("mfa_serial") or chain.mfa_origin, home=home))
        facts.append(Fact("code", why, ""))
    elif unknown:
        facts.append(Fact("MFA", UNKNOWN_DEVICE, ""))
    for name, value in (
        ("role_session_name", hop.role_session_name),
        ("external_id", hop.external_id),
        ("source_identity", hop.source_identity),
        ("session_tags", ", ".join(f"{key}={text}" for key, text in hop.session_tags)),
        ("transitive_session_tags", ", ".join(hop.transitive_tag_keys)),
    ):
        if value:
            facts.append(fact(name, value, hop.origin(name), home=home))
    if link.read_only:
        facts.append(Fact("policy", "read only", ""))
    return f"role {hop.role_arn}", (*facts, *endpoint(hop.endpoint, home=home), Fact("session", life, ""))


# ── what AWS's own tools do ──────────────────────────────────────────────────────────────────


def as_sdk_sees(config: Config, name: str, *, env: Mapping[str, str], home: str) -> tuple[str, bool]:
    """What the AWS CLI and the SDKs do with the profile, in a sentence; and whether that needs a warning."""
    try:
        chain = resolve(config, name, env=env, as_sdk=True)
    except errors.NotFound:
        return "find no profile of this name", True
    except errors.ConfigError as error:
        return f"fail on it: {error.message}", True
    what, warned = _sdk_source(config, chain, home=home)
    if not chain.hops:
        return what, warned
    roles = " and then ".join(hop.role_arn for hop in chain.hops)
    kept = "; the AWS CLI keeps that session in clear under ~/.aws/cli/cache"
    return f"{what}, and with that assume {roles} themselves{kept}", warned


def _others(config: Config, chain: Chain, home: str) -> str:
    """Which SDKs sign with a key of the source profile where the AWS CLI and boto3 do otherwise."""
    if not isinstance(chain.source, Process):
        return ""
    found = sdk_precedence.before_process(config, chain.source_profile)
    if found is None or found[0].key is None:
        return ""
    supply, who = found
    return f"; but {who} use the key {supply.key} in plaintext in {shown(supply.origin, home)}"


def _sdk_source(config: Config, chain: Chain, *, home: str) -> tuple[str, bool]:
    found = chain.source
    place = shown(found.origin, home)
    match found:
        case Process():
            try:
                called = own_call(found.command)
            except ValueError as error:  # as an SDK sees it, it is a program like any other
                return f"run {found.command!r} ({place}), which fails: {error}", True
            others = _others(config, chain, home)
            if called is not None:
                return f"run {command('export', called.profile)}{others}", bool(others)
            return f"run {found.command!r} ({place}){others}", bool(others)
        case StaticKeys():
            profile = config.profile(found.profile)
            ours = profile is not None and profile.plain("credential_process") is not None
            never = ", and never run its credential_process" if ours else ""
            return f"use the key {found.access_key_id} in clear in {place}{never}", True
        case WebIdentity():
            return f"exchange the web identity token for {found.role_arn} ({place})", False
        case Sso():
            return f"ask IAM Identity Center for role {found.role_name} ({place})", False
        case Login():
            return f"use the session of aws login ({place})", False
        case NamedSource():
            return f"take {_NAMED[found.name]} ({place})", False
        case _:
            return "find nothing", True


# ── warnings ─────────────────────────────────────────────────────────────────────────────────


def warnings(
    context: Context, config: Config, chain: Chain, planned: Plan, *, warned: bool, home: str
) -> Iterator[str]:
    """What a person should know: values that AWS will refuse, keys that are misspelt, tools that will differ."""
    for fault in chain.faults:
        yield f"an export will fail: {fault.message}" + (f"; {fault.hint}" if fault.hint else "")
    told = {fault.origin for fault in chain.faults}
    for one in _unread(config, chain):
        if one.origin not in told:
            told.add(one.origin)
            yield f"{shown(one.origin, home)}: {one.what}; {one.fix}"
    yield from _differences(config, chain, told, home=home)
    env = context.env
    if env.get("AWS_ACCESS_KEY_ID") and not isinstance(chain.source, NamedSource):
        yield (
            "AWS_ACCESS_KEY_ID is set here: tools that get the profile by AWS_PROFILE take that key instead, with "
            "--profile they do not"
        )
    both = {env.get("AWS_PROFILE") or "", env.get("AWS_DEFAULT_PROFILE") or ""}
    if len(both - {""}) > 1:
        yield "AWS_PROFILE and AWS_DEFAULT_PROFILE differ: AWS CLI v1 and boto3 take the latter, all others the former"
    if warned:
        yield f"AWS's own tools do not use the vault for this profile (see above); {_remedy(config, chain)}"
    if planned.fallback is not None:
        yield "the first role lasts longer than an hour, so each new session of it takes an MFA code"


def _remedy(config: Config, chain: Chain) -> str:
    """What lets AWS's tools use the vault for the profile, or why nothing can."""
    from vault.migrate import plaintext_keys

    source = chain.source
    if isinstance(source, StaticKeys):
        return plaintext_keys.advice(config, source.profile, str(source.origin))
    in_the_way = plaintext_keys.before_process(config, chain.source_profile)
    return in_the_way or f"{command('setup', chain.profile)} can change that"


def _unread(config: Config, chain: Chain) -> Iterator[Unread]:
    """Lines of the chain's profiles that nobody reads as they are meant."""
    for name in chain.path:
        profile = config.profile(name)
        yield from unread(config, profile) if profile is not None else ()


def _differences(config: Config, chain: Chain, told: Collection[Origin], *, home: str) -> Iterator[str]:
    """The notes of the files that fall into a section of the chain's profiles."""
    starts: dict[str, list[tuple[int, str]]] = {}
    for name, sections in config.profiles.items():
        for section, path in zip(sections, (config.config_path, config.credentials_path), strict=True):
            if section is not None:
                starts.setdefault(path, []).append((section.line, name))
    for opened in starts.values():
        opened.sort()
    for note in config.notes:
        above = [name for line, name in starts.get(note.path, []) if line <= note.line]
        if above and above[-1] in chain.path and _origin(note.path, note.line) not in told:
            yield f"{shown(_origin(note.path, note.line), home)}: {note.message}"


def _origin(path: str, line: int) -> Origin:
    from vault.profiles.aws_files import Origin

    return Origin(path, line)
