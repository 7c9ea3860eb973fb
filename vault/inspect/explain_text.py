"""Describes a chain for ``explain``: titles, and values with their places. Pure."""

from __future__ import annotations

from vault.profiles.chain import Login, NamedSource, Process, Sso, StaticKeys, VaultKey, WebIdentity
from vault.records import NamedTuple, assert_never
from vault.text import command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vault.profiles.aws_files import Origin
    from vault.profiles.chain import AssumeRole, Chain, SessionToken
    from vault.profiles.endpoints import Endpoint
    from vault.profiles.session_policy import SessionPolicy

NAMED_SOURCES = {
    "Environment": "the environment's key (AWS_ACCESS_KEY_ID)",
    "Ec2InstanceMetadata": "the role of this EC2 instance",
    "EcsContainer": "the role of this container",
}

UNKNOWN_DEVICE = "unknown while the vault is locked, because a device may be stored with the key"
_SEED_FIRST = "the seed in the vault, which is used before mfa_process"
_PARTITION_DEFAULT = "default of the partition"


class Fact(NamedTuple):
    """A value with its name and its place: a file and line, a variable, or an empty text."""

    name: str
    value: str
    place: str


class Stored(NamedTuple):
    """The MFA device stored with the chain's key. ``known`` is False if the vault is locked.

    ``seed``: the vault is known to have a seed of the device that the chain uses.
    """

    serial: str | None
    known: bool
    seed: bool = False


def shown(origin: Origin | None, home: str) -> str:
    """A place as text, with ``~`` for the home folder."""
    if origin is None:
        return ""
    text = str(origin)
    return "~" + text[len(home) :] if home and text.startswith(home + "/") else text


def fact(name: str, value: str, origin: Origin | None, *, home: str, default: str = "") -> Fact:
    """A fact with its place. ``default`` is shown as the place if ``origin`` is None."""
    return Fact(name, value, shown(origin, home) or default)


def span(seconds: float) -> str:
    """Seconds as text: ``1h``, ``1h 30m``, ``15m``, ``40s``."""
    left = int(seconds)
    hours, minutes = left // 3600, left % 3600 // 60
    parts = ([f"{hours}h"] if hours else []) + ([f"{minutes}m"] if minutes else [])
    return " ".join(parts) or f"{left}s"


def region(chain: Chain, *, home: str) -> Fact:
    """The region of the profile."""
    return fact("region", chain.region, chain.region_origin, home=home, default=_PARTITION_DEFAULT)


def cached(text: str) -> Fact:
    """Whether a session is cached for a link, as a fact."""
    return Fact("session", text, "")


def source(chain: Chain, *, home: str, vault: bool) -> tuple[str, tuple[Fact, ...]]:
    """The title and the facts of the chain's source. ``vault``: whether there is a vault."""
    found = chain.source
    facts = [Fact("profile", chain.source_profile, shown(found.origin, home))]
    match found:
        case VaultKey():
            title = f"key {found.entry!r} in the vault"
            if found.assumed:
                why = "explain assumes that the vault has this key, because the vault is locked"
                missing = f"there is no vault yet; to create it: {command('add', found.entry)}"
                facts.append(Fact("assumed", why if vault else missing, ""))
        case StaticKeys():
            title = f"plaintext key {found.access_key_id} in a file"
        case Process():
            title = "credentials printed by a program (credential_process)"
            facts.append(Fact("command", found.command.replace("\n", " "), ""))
        case WebIdentity():
            title = f"role {found.role_arn} with a web identity token"
            facts.append(Fact("token", found.token_file or f"output of {found.token_process}", ""))
            if found.role_session_name:
                facts.append(Fact("session name", found.role_session_name, ""))
            facts.extend(endpoint(found.endpoint, home=home))
        case Sso():
            role, account = found.role_name or "(not named)", found.account_id or "(not named)"
            title = f"role {role} in account {account}, from IAM Identity Center"
            facts.append(Fact("sign-in", found.session or found.start_url, ""))
            facts.append(fact("portal", found.portal, found.portal_origin, home=home))
        case Login():
            title = "session of aws login"
        case NamedSource():
            title = NAMED_SOURCES[found.name]
        case _:
            assert_never(found)
    return title, tuple(facts)


def endpoint(at: Endpoint, *, home: str) -> list[Fact]:
    """The region and the endpoint of a call, with the places that set them."""
    return [
        fact("region", at.region, at.region_origin, home=home, default=_PARTITION_DEFAULT),
        fact("endpoint", at.address, at.url_origin, home=home),
    ]


def session(
    chain: Chain, link: SessionToken, *, stored: Stored, home: str, state: str
) -> tuple[str, tuple[Fact, ...]]:
    """The title and the facts of the MFA session of the key. ``state`` says whether it is cached."""
    facts = [Fact("lasts", f"{span(link.duration)}: {link.why}", "")]
    if link.mfa_serial is None:
        title = "session of the key"
        none = "none: neither the key nor its profile names a device"
        facts.append(Fact("MFA", none if stored.known else UNKNOWN_DEVICE, ""))
    else:
        title = "MFA session of the key"
        origin, default = chain.mfa_origin, ""
        if origin is None and stored.serial is not None:
            default = "stored with the key"
        elif origin is None:
            origin = chain.hops[0].origin("mfa_serial")
        facts.append(fact("device", link.mfa_serial, origin, home=home, default=default))
        if not stored.known:
            facts.append(Fact("stored", UNKNOWN_DEVICE, ""))
        facts.append(Fact("code", "one code for this session, which all roles of the key share", ""))
    if link.mfa_process and (link.mfa_serial is not None or not stored.known):
        facts.append(Fact("code from", _SEED_FIRST if stored.seed else link.mfa_process, ""))
    return title, (*facts, *endpoint(link.endpoint, home=home), cached(state))


def role(
    chain: Chain, link: AssumeRole, *, unknown: bool, fallback: bool, home: str, state: str
) -> tuple[str, tuple[Fact, ...]]:
    """The title and the facts of a role. ``state`` says whether its session is cached.

    ``unknown``: this is the first call, and only the locked vault knows whether the key has a device. ``fallback``: if no
    code is available in time, the role is assumed with the MFA session of the key.
    """
    hop = link.hop
    facts = [
        Fact("profile", hop.profile, shown(hop.origin("role_arn"), home)),
        fact("lasts", f"{span(link.duration)}: {link.why}", hop.origin("duration_seconds"), home=home),
    ]
    if link.with_code is not None:
        why = "one code for this role"
        if fallback:
            why += "; if none is available in time, the MFA session of the key gives one hour"
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
    if link.policy is not None:
        facts.extend(_policy(link.policy))
    return f"role {hop.role_arn}", (*facts, *endpoint(hop.endpoint, home=home), cached(state))


def _policy(policy: SessionPolicy) -> Iterator[Fact]:
    """What a session policy allows or denies, one fact for each statement and each managed policy."""
    for statement in policy.statements:
        effect = "deny" if statement["Effect"] == "Deny" else "allow"
        actions, resources = (_words(statement, name) for name in ("Action", "Resource"))
        condition = ", on a condition" if statement.get("Condition") else ""
        yield Fact("policy", f"{effect} {actions} on {resources}{condition}", "")
    for arn in policy.arns:
        yield Fact("policy", arn, "")


def _words(statement: dict[str, Any], name: str) -> str:
    found, but = statement.get(name), ""
    if found is None:
        found, but = statement.get(f"Not{name}", "*"), "all but "
    return but + ", ".join(map(str, found if isinstance(found, list) else [found]))
