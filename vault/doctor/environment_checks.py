"""Checks of the environment: variables that override a profile, a passphrase that other programs can read, the clock."""

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


def keys_in_environment(facts: Facts) -> Iterator[Finding]:
    """Keys in the environment, which tools use before any profile."""
    found = [name for name in _KEYS if facts.env.get(name)]
    if found and not facts.env.get("AWSVAULT_PROFILE"):  # exec sets them on purpose
        chosen = facts.env.get("AWS_PROFILE") or facts.env.get("AWS_DEFAULT_PROFILE")
        unused = f"AWS_PROFILE={safe(chosen)}" if chosen else "any profile except that of --profile"
        yield Finding(
            level="error" if chosen else "warning",
            where=found[0],
            message=f"it is set, so tools use it instead of {unused}",
            hint="unset " + " ".join(found),
        )


def two_profile_variables(facts: Facts) -> Iterator[Finding]:
    """AWS_PROFILE and AWS_DEFAULT_PROFILE name different profiles. boto3 and AWS CLI v1 use the second, others the first."""
    one, other = facts.env.get("AWS_PROFILE"), facts.env.get("AWS_DEFAULT_PROFILE")
    if one and other and one != other:
        yield Finding(
            level="warning",
            where="AWS_DEFAULT_PROFILE",
            message=f"it is {safe(other)}, but AWS_PROFILE is {safe(one)}: boto3 and AWS CLI v1 use {safe(other)}, "
            f"all other tools use {safe(one)}",
            hint="unset AWS_DEFAULT_PROFILE",
        )


def unknown_profile(facts: Facts) -> Iterator[Finding]:
    """A variable names a profile that does not exist."""
    for variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        name = facts.env.get(variable)
        if name and facts.config is not None and name not in facts.config.profiles:
            yield Finding(
                level="warning",
                where=variable,
                message=f"it names profile {safe(name)}, which is not in {safe(facts.locations.config)}",
                hint=facts.config.suggestion(name) or f"unset {variable}",
            )


def passphrase_in_environment(facts: Facts) -> Iterator[Finding]:
    """The passphrase is in a variable of your shell. In CI and in a systemd service, doctor accepts this."""
    machine = facts.env.get("CI") or facts.env.get("INVOCATION_ID")  # a CI job or a systemd service
    if facts.passphrase_in_env and not machine:
        yield Finding(
            level="warning",
            where="AWSVAULT_PASSPHRASE",
            message="it contains the passphrase",
            hint="unset AWSVAULT_PASSPHRASE; use the agent (awsvault-py unlock) or a keyring slot instead",
        )


def clock(facts: Facts) -> Iterator[Finding]:
    """The clock is wrong, compared with the Date of an answer from STS."""
    if facts.skew_problem is not None:
        yield Finding(level="warning", where="AWS", message=f"cannot check the clock: {facts.skew_problem}")
    elif facts.skew is not None and abs(facts.skew) > limits.CLOCK_SKEW_WARN:
        direction = "ahead of" if facts.skew > 0 else "behind"
        far = abs(facts.skew) > limits.CLOCK_SKEW_MOST
        yield Finding(
            level="error" if far else "warning",
            where="the clock",
            message=f"this machine's clock is {abs(facts.skew):.0f} s {direction} AWS's"
            + (", so AWS refuses its codes and signatures" if far else ""),
            hint="timedatectl set-ntp true",
        )
