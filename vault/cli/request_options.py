"""Parses the options that export, exec and login share into a Request. Never prompts."""

from __future__ import annotations

from vault import limits
from vault.errors import ConfigError, Usage
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.credentials.request import Request
    from vault.profiles.session_policy import SessionPolicy


def request_of(
    profile: str,
    *,
    duration: str | None = None,
    fresh: bool = False,
    fresh_all: bool = False,
    no_session: bool = False,
    mfa_code: str | None = None,
    write: bool = False,
    ask: bool = False,
    start: bool = False,
    policy: str | None = None,
    policy_arn: tuple[str, ...] = (),
    region: str | None = None,
    source: str | None = None,
) -> Request:
    """The Request for the options. Raises Usage, and UnsafeFile or StorageError for the file of a policy."""
    from vault.credentials.request import Refetch, Request

    check_source(profile, source)
    return Request(
        profile,
        duration=seconds(duration),
        refetch=Refetch(last=fresh, all=fresh_all),
        session=not no_session,
        mfa_code=mfa_code,
        write=write,
        ask=ask,
        start=start,
        policy=_policy(policy, policy_arn),
        region=region_name(region),
        source=source,
        options=_words(duration, policy, policy_arn, region_name(region), no_session=no_session, write=write),
    )


def _words(
    duration: str | None,
    policy: str | None,
    policy_arn: tuple[str, ...],
    region: str | None,
    *,
    no_session: bool,
    write: bool,
) -> tuple[str, ...]:
    """The options as a command line has them. Those of a single use, as the MFA code, are not among them."""
    valued = (
        ("--duration", duration),
        ("--policy", policy),
        *(("--policy-arn", arn) for arn in policy_arn),
        ("--region", region),
    )
    words = [word for option, value in valued if value is not None for word in (option, value)]
    return (*words, *(["--no-session"] if no_session else []), *(["--write"] if write else []))


def check_source(profile: str | None, source: str | None) -> None:
    """Usage if --source is given and ``profile`` is not the ARN of a role."""
    from vault.profiles.values import is_role_arn

    if source is None or (profile is not None and is_role_arn(profile)):
        return
    found = "" if profile is None else f", and {safe(profile, limit=80)!r} is not one"
    raise Usage(
        f"--source needs the ARN of a role in place of PROFILE{found}",
        hint="give arn:aws:iam::ACCOUNT:role/NAME, or leave out --source",
    )


def _policy(file: str | None, arns: tuple[str, ...]) -> SessionPolicy | None:
    if file is None and not arns:
        return None
    from vault.profiles.session_policy import checked

    return checked(file, arns, file_at="--policy", arns_at="--policy-arn")


def region_name(text: str | None) -> str | None:
    """``--region`` in lower case. Errors: Usage."""
    if text is None:
        return None
    from vault.profiles.aws_files import Origin, Setting
    from vault.profiles.build_chain import checked_region

    try:
        return checked_region(Setting("region", text, Origin("--region", 0))).value
    except ConfigError:
        raise Usage(
            f"--region {safe(text, limit=80)!r} is not a valid region name",
            hint="a region looks like us-east-1",
        ) from None


def seconds(text: str | None) -> int | None:
    """``--duration`` in seconds: STS allows 900 to 129,600, and less for a role. Raises Usage."""
    if text is None:
        return None
    from vault.cli.time_option import seconds_of

    return seconds_of("--duration", text, least=limits.SESSION_LEAST, most=limits.SESSION_MOST)
