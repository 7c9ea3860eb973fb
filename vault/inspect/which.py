"""Finds the profiles for an account, a role or a user. Reads only AWS's files: no vault, no network."""

from __future__ import annotations

from vault import errors
from vault.profiles.aws_files import load
from vault.profiles.chain import Sso, StaticKeys, VaultKey, WebIdentity
from vault.profiles.resolve import resolve
from vault.profiles.values import account_of, is_account
from vault.records import NamedTuple
from vault.text import nearest, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context
    from vault.profiles.chain import Chain


class MatchingProfile(NamedTuple):
    """A profile with its account (12 digits) and its role or user."""

    profile: str
    account: str | None
    identity: str | None


def matching_profiles(context: Context, wanted: str) -> list[MatchingProfile]:
    """The profiles for ``wanted``: an account (12 digits), an ARN, or a role's name.

    Profiles that do not resolve are left out. Raises NotFound if no profile matches.
    """
    config = load(context.env, home=context.paths.home)
    found, known = [], set()
    for name in config.profiles:
        try:
            one = end_of(resolve(config, name, env=context.env))
        except errors.Error:
            continue
        known |= {text for text in (one.account, one.identity, _role(one)) if text}
        if leads(one, wanted):
            found.append(one)
    if found:
        return sorted(found)
    near = nearest(wanted, sorted(known))
    raise errors.NotFound(
        f"there is no profile for {safe(wanted)}",
        hint=f"did you mean {safe(near)}?" if near is not None else "run: awsvault-py list",
    )


def leads(one: MatchingProfile, wanted: str) -> bool:
    """Whether a profile is for an account, an ARN (of a role or of a session of it) or a role's name."""
    if is_account(wanted):
        return one.account == wanted
    if wanted.startswith("arn:"):
        if one.identity is not None and not one.identity.startswith("arn:"):
            return _permission_set(wanted) == (one.account, one.identity)
        return one.identity is not None and _without_path(one.identity) == _without_path(wanted)
    return bool(wanted) and _role(one) == wanted


def _without_path(arn: str) -> tuple[str, str, str]:
    """Partition, account and role of the ARN of a role or of its session (arn:P:sts::A:assumed-role/NAME/SESSION)."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return arn, "", ""
    name = parts[5]
    if name.startswith("assumed-role/"):
        name = "role/" + name.split("/")[1]
    elif name.startswith("role/"):
        name = "role/" + name.rpartition("/")[2]  # the ARN of a session has no path
    return parts[1], parts[4], name


def _permission_set(arn: str) -> tuple[str | None, str | None]:
    """Account and role of Identity Center in the ARN of the role that it creates: its name is AWSReservedSSO_ROLE_16DIGITS."""
    _, account, name = _without_path(arn)
    role, _, digits = name.removeprefix("role/AWSReservedSSO_").rpartition("_")
    known = name.startswith("role/AWSReservedSSO_") and len(digits) == 16
    return (account, role) if known else (None, None)


def _role(one: MatchingProfile) -> str | None:
    return one.identity.rpartition("/")[2] if one.identity is not None else None


def end_of(chain: Chain) -> MatchingProfile:
    """The account and the role or user of a chain, as far as the files say."""
    if chain.hops:
        arn = chain.hops[-1].role_arn
        return MatchingProfile(chain.profile, account_of(arn), arn)
    source = chain.source
    match source:
        case WebIdentity():
            return MatchingProfile(chain.profile, account_of(source.role_arn), source.role_arn)
        case Sso():
            return MatchingProfile(chain.profile, source.account_id, source.role_name)
        case StaticKeys():
            return MatchingProfile(
                chain.profile, source.account_id or account_of(chain.mfa_serial or ""), None
            )
        case VaultKey():
            serial = chain.mfa_serial
            user = serial.replace(":mfa/", ":user/") if serial is not None and ":mfa/" in serial else None
            return MatchingProfile(chain.profile, account_of(serial or ""), user)
        case _:
            return MatchingProfile(chain.profile, account_of(chain.mfa_serial or ""), None)
