"""The programs that run with a profile's credentials: their environment, and taking our place. Prints nothing.

``vault/run/supervise`` runs one beside us.
"""

from __future__ import annotations

import os

from vault import errors
from vault.profiles.credential_variables import TOKEN_VARIABLES
from vault.system.paths import OUTER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn

    from vault.credentials.profile_metadata import ProfileMetadata
    from vault.profiles.aws_files import Config

# A profile would be looked at before, or beside, the credentials; older credentials would be mixed with these.
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


# What makes an SDK find credentials in a profile.
_BRINGS = (
    "aws_access_key_id", "role_arn", "credential_process", "web_identity_token_file", "sso_session", "sso_start_url",
    "login_session",
)  # fmt: skip
FILES = ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")


class CannotRun(errors.Error):
    """The command is there and cannot be run (126, as shells have it)."""

    exit_code = 126
    hint = "check that it is a program, and executable"


class NoSuchCommand(errors.Error):
    """There is no such command (127, as shells have it)."""

    exit_code = 127
    hint = "check its name and PATH"


def environment(env: Mapping[str, str], found: Mapping[str, str], terms: ProfileMetadata) -> dict[str, str]:
    """``env`` with the credentials ``found`` (the fields of an answer's line), and nothing of other credentials or profiles."""
    merged = _bare(env, terms)
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
    terms: ProfileMetadata,
    *,
    url: str,
    token: str,
    token_file: str,
    hidden: tuple[str, str] | None,
) -> dict[str, str]:
    """``env`` with the address of an endpoint and its token, and nothing that an SDK would look at before it.

    In the place of AWS's files that are to be ``hidden`` SDKs see an empty one; ours is told by OUTER where they are.
    """
    merged = _bare(env, terms)
    merged["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url
    merged["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = token
    merged["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = token_file
    for variable, path in zip(FILES, hidden or (), strict=False):
        merged[OUTER + variable] = path
        merged[variable] = os.devnull
    return merged


def hidden(config: Config) -> tuple[str, str] | None:
    """AWS's files where they are to be hidden from a program that is served: [default] brings credentials of its own.

    SDKs look there before they ask an endpoint, and a common form of the config has it so.
    """
    default = config.profile("default")
    if default is None or all(default.plain(key) is None for key in _BRINGS):
        return None
    return default.paths


def _bare(env: Mapping[str, str], terms: ProfileMetadata) -> dict[str, str]:
    """``env`` without credentials and profiles, with the region and with who we are."""
    merged = {name: value for name, value in env.items() if name not in _UNSET}
    merged["AWS_REGION"] = merged["AWS_DEFAULT_REGION"] = terms.region
    if terms.regions_own:  # a profile in a nested exec goes by its own
        merged[OUTER + "REGION"] = terms.region
    merged["AWSVAULT_PROFILE"] = merged["AWS_VAULT"] = terms.profile  # shell prompts look for the latter
    return merged


def shell(env: Mapping[str, str]) -> tuple[str, ...]:
    """The user's shell, to be run without a command."""
    named = env.get("SHELL", "")
    if os.path.isabs(named):
        return (named,)
    import pwd

    try:
        return (pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh",)
    except KeyError:
        return ("/bin/sh",)


def replace_us(command: Sequence[str], *, env: Mapping[str, str]) -> NoReturn:
    """Run ``command`` in this process's place. Errors: NoSuchCommand, CannotRun."""
    import _signal  # type: ignore[import-not-found]  # always there, while signal takes as long as all the rest

    # Python ignores these two, and what is ignored stays so over exec: `yes | head` would not end.
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(number, _signal.SIG_DFL)
    try:
        os.execvpe(command[0], list(command), dict(env))  # noqa: S606  # no shell is the point
    except (OSError, ValueError) as error:
        from vault.text import safe

        raise cannot_run(safe(command[0]), error) from None


def cannot_run(name: str, error: OSError | ValueError) -> errors.Error:
    """Why ``name`` could not be run, as an error of ours."""
    import errno

    from vault.text import safe

    if isinstance(error, FileNotFoundError):
        return NoSuchCommand(f"there is no command {name!r}")
    if isinstance(error, OSError) and error.errno == errno.E2BIG:
        return CannotRun(f"the arguments and environment of {name!r} are too long for this system")
    return CannotRun(f"{name!r} cannot be run: {safe(getattr(error, 'strerror', None) or str(error))}")
