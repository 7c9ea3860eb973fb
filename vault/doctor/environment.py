"""Checks of the environment: variables that beat a profile, a passphrase where others find it, a clock that is off."""

from __future__ import annotations

from vault import limits
from vault.doctor.findings import Finding
from vault.profiles.credential_variables import TOKEN_VARIABLES
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts

_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", *TOKEN_VARIABLES)


def keys_in_environment(s: Facts) -> Iterator[Finding]:
    """Keys in the environment, which tools take before any profile."""
    found = [name for name in _KEYS if s.env.get(name)]
    if found and not s.env.get("AWSVAULT_PROFILE"):  # within `exec` they are meant
        chosen = s.env.get("AWS_PROFILE") or s.env.get("AWS_DEFAULT_PROFILE")
        beaten = (
            f", and beats AWS_PROFILE={safe(chosen)}"
            if chosen
            else ", and beats every profile but --profile's"
        )
        yield Finding(
            level="error" if chosen else "warning",
            where=found[0],
            message=f"it is set{beaten}",
            fix="unset " + " ".join(found),
        )


def two_profile_variables(s: Facts) -> Iterator[Finding]:
    """AWS_PROFILE and AWS_DEFAULT_PROFILE with different names: boto3 and AWS CLI v1 take the second, others the first."""
    one, other = s.env.get("AWS_PROFILE"), s.env.get("AWS_DEFAULT_PROFILE")
    if one and other and one != other:
        yield Finding(
            level="warning",
            where="AWS_DEFAULT_PROFILE",
            message=f"it is {safe(other)}, and AWS_PROFILE is {safe(one)}: boto3 and AWS CLI v1 take {safe(other)}, "
            f"all other tools {safe(one)}",
            fix="unset AWS_DEFAULT_PROFILE",
        )


def unknown_profile(s: Facts) -> Iterator[Finding]:
    """A variable that names a profile which is not there."""
    for variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        name = s.env.get(variable)
        if name and s.config is not None and name not in s.config.profiles:
            yield Finding(
                level="warning",
                where=variable,
                message=f"it names profile {safe(name)}, which is not in {safe(s.locations.config)}",
                fix=s.config.meant(name) or f"unset {variable}",
            )


def passphrase_in_environment(s: Facts) -> Iterator[Finding]:
    """The passphrase in a variable of a person's shell: every program that is started from it can read it."""
    machine = s.env.get("CI") or s.env.get("INVOCATION_ID")  # a build machine, a service of systemd
    if s.passphrase_in_env and not machine:
        yield Finding(
            level="warning",
            where="AWSVAULT_PASSPHRASE",
            message="the passphrase stands in the environment, where every program that you start can read it",
            fix="unset AWSVAULT_PASSPHRASE, and use the agent (awsvault-py unlock) or a keyring slot",
        )


def clock(s: Facts) -> Iterator[Finding]:
    """The clock, by the Date of STS's answer: codes and signatures are valid for a short time only."""
    if s.skew_problem is not None:
        yield Finding(level="warning", where="AWS", message=f"it could not be asked: {s.skew_problem}")
    elif s.skew is not None and abs(s.skew) > limits.CLOCK_SKEW_WARN:
        way = "ahead of" if s.skew > 0 else "behind"
        far = abs(s.skew) > limits.CLOCK_SKEW_MOST
        yield Finding(
            level="error" if far else "warning",
            where="the clock",
            message=f"this machine's clock is {abs(s.skew):.0f} s {way} AWS's"
            + (", so AWS refuses its codes and signatures" if far else ""),
            fix="timedatectl set-ntp true",
        )
