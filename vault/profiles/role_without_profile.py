"""A role without a profile, given as its ARN and the profile that assumes it: an ordinary Chain, and nothing else. Pure.

The chain is that of a profile which no file has. The guard rails of every profile with the same role apply to it, with those
of the profiles through which that one gets its credentials, besides those of the profile that assumes it: an ARN must not
lead around them.
"""

from __future__ import annotations

from vault.profiles.aws_files import PREFIX, Profile
from vault.profiles.ini import Property, Section
from vault.profiles.resolve import chain_from

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Chain

_ROLE = (PREFIX + "role_arn", "role_arn")
# What decides how AWS is reached is that of the profile that assumes the role. Nothing else of it belongs to the role.
_INHERITED = (
    "region", "ca_bundle", "endpoint_url", "services", "ignore_configured_endpoint_urls", "sts_regional_endpoints",
    "use_fips_endpoint", "use_dualstack_endpoint", "ec2_metadata_service_endpoint", "ec2_metadata_service_endpoint_mode",
)  # fmt: skip


def chain_of_role(
    config: Config,
    arn: str,
    *,
    source: str,
    env: Mapping[str, str],
    has_entry: Callable[[str], bool] | None = None,
) -> Chain:
    """The chain of the role ``arn``, assumed with the credentials of the profile ``source``.

    NotFound if there is no such profile or entry; ConfigError as in ``resolve``, also for a profile with the same role.
    """
    if source not in config.profiles and not (has_entry is not None and has_entry(source)):
        raise config.not_found(source, given="--source: ")
    chain = chain_from(
        config,
        _as_profile(config, arn, source),
        env=env,
        has_entry=has_entry,
        guarding=profiles_with(config, arn),
    )
    return chain._replace(by_arn=True)


def profiles_with(config: Config, arn: str) -> tuple[Profile, ...]:
    """The profiles with the role ``arn``, in either spelling. ConfigError if one profile cannot be read: it may be one of them."""
    wanted = arn.casefold()  # stricter than AWS, which may or may not tell capital letters apart
    found = []
    for name in config.profiles:
        profile = config.profile(name)
        if profile is None:
            continue
        roles = [each.own(key) for each in (profile, *profile.included) for key in _ROLE]
        if any(role is not None and role.value.strip().casefold() == wanted for role in roles):
            found.append(profile)
    return tuple(found)


def _as_profile(config: Config, arn: str, source: str) -> Profile:
    """The profile that would say the same. The lines of what it inherits are those of ``source``."""
    lines = {
        "role_arn": Property("role_arn", arn, 0),
        "source_profile": Property("source_profile", source, 0),
    }
    origin = config.profile(source)
    for key in _INHERITED if origin is not None else ():
        setting = origin.get(key) if origin is not None else None
        if setting is not None:
            line = setting.origin.line if setting.origin.path == config.config_path else 0
            lines[key] = Property(key, setting.value, line)
    return Profile(arn, Section(arn, 0, lines, []), None, (config.config_path, config.credentials_path))
