"""Builds the environment of a program that runs with a profile's credentials. Pure, except for the user's shell.

``vault/system/exec_program`` replaces this process with the program; ``vault/system/supervise`` runs it as a child.
"""

from __future__ import annotations

import os

from vault.profiles.credential_variables import TOKEN_VARIABLES
from vault.system import exec_program
from vault.system.paths import OUTER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.credentials.profile_metadata import ProfileMetadata
    from vault.profiles.aws_files import Config

# With these variables, an SDK would use a profile instead of the credentials, or mix in older credentials.
_UNSET = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_VAULT",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    *TOKEN_VARIABLES,
    "AWS_ACCOUNT_ID",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_SESSION_EXPIRATION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)


# Keys of a profile in which an SDK finds credentials.
_BRINGS = (
    "aws_access_key_id", "role_arn", "credential_process", "web_identity_token_file", "sso_session", "sso_start_url",
    "login_session",
)  # fmt: skip
FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


def environment(
    env: Mapping[str, str], found: Mapping[str, str], metadata: ProfileMetadata
) -> dict[str, str]:
    """``env`` with the credentials ``found`` (the fields of an answer's line), and without other credentials or profiles."""
    merged = _bare(env, metadata)
    merged["AWS_ACCESS_KEY_ID"] = found["AccessKeyId"]
    merged["AWS_SECRET_ACCESS_KEY"] = found["SecretAccessKey"]
    if "SessionToken" in found:
        for name in TOKEN_VARIABLES:
            merged[name] = found["SessionToken"]
    if "Expiration" in found:
        merged["AWS_CREDENTIAL_EXPIRATION"] = merged["AWS_SESSION_EXPIRATION"] = found["Expiration"]
    return merged


def server_environment(
    env: Mapping[str, str],
    metadata: ProfileMetadata,
    *,
    url: str,
    token: str,
    token_file: str,
    hidden: tuple[str, str] | None,
) -> dict[str, str]:
    """``env`` with the URL and the token of a credentials server, and without anything that an SDK would use instead of it.

    ``hidden`` files of AWS are replaced with an empty file. OUTER variables tell an awsvault-py inside where the files are.
    """
    merged = _bare(env, metadata)
    merged["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url
    merged["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token
    merged["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = token_file
    for variable, path in zip(FILES, hidden or (), strict=False):
        merged[OUTER + variable] = path
        merged[variable] = os.devnull
    return merged


def profile_environment(env: Mapping[str, str], profile: str, *, region: str | None) -> dict[str, str]:
    """``env`` with AWS_PROFILE, and without credentials: what --profile-env gives a command. ``region``: that of --region.

    Neither AWSVAULT_PROFILE nor AWS_VAULT is set, since the command can choose another profile itself.
    """
    merged = {name: value for name, value in env.items() if name not in (*_UNSET, "AWSVAULT_PROFILE")}
    merged["AWS_PROFILE"] = profile
    if region is not None:
        merged["AWS_REGION"] = merged["AWS_DEFAULT_REGION"] = merged[OUTER + "REGION"] = region
    return merged


def hidden(config: Config) -> tuple[str, str] | None:
    """AWS's files if they must be hidden from a program that uses the credentials server, otherwise None.

    They must be hidden if [default] has credentials, which is common: SDKs look there before they ask a server.
    """
    default = config.profile("default")
    if default is None or all(default.plain(key) is None for key in _BRINGS):
        return None
    return default.paths


def _bare(env: Mapping[str, str], metadata: ProfileMetadata) -> dict[str, str]:
    """``env`` without credentials and profile variables, but with the region and the name of the profile."""
    merged = {name: value for name, value in env.items() if name not in _UNSET}
    merged["AWS_REGION"] = merged["AWS_DEFAULT_REGION"] = metadata.region
    if metadata.regions_own:  # for a nested exec, whose profile has its own region
        merged[OUTER + "REGION"] = metadata.region
    merged["AWSVAULT_PROFILE"] = merged["AWS_VAULT"] = metadata.profile  # shell prompts read the latter
    return merged


def shell(env: Mapping[str, str]) -> tuple[str, ...]:
    """The user's shell, for an exec without a command."""
    named = env.get("SHELL", "")
    return (named if os.path.isabs(named) else exec_program.login_shell(),)
