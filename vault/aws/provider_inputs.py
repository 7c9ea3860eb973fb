"""What providers read: the context of a fetch, and the files and commands that a profile names."""

from __future__ import annotations

from vault import errors, limits
from vault.records import NamedTuple, Protocol
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vault.profiles.aws_files import Origin, Setting
    from vault.profiles.chain import Sso
    from vault.secret import Secret
    from vault.system.clock import Deadline

# How many awsvault-py processes are above this one: a wrapper can hide that a command is awsvault-py.
DEPTH = "AWSVAULT_DEPTH"


class AccessTokens(Protocol):
    """The sign-ins to IAM Identity Center that awsvault-py stores."""

    def current(self, source: Sso) -> Secret | None:
        """A valid access token. None if awsvault-py has no sign-in for this place. Errors: Refused if it is over."""

    def of_newer_sign_in(self, source: Sso) -> Secret | None:
        """A token of the sign-in that the user has made since ``current``, perhaps as another user. None if there is none."""

    def after(self, source: Sso, refused: Secret) -> Secret | None:
        """Another token, once the portal has refused this one. None if there cannot be one."""


class ProviderContext(NamedTuple):
    """What a fetch may use.

    ``env`` is the environment, ``child_env`` the one for a child process, ``home`` the home folder. ``allow_http`` and
    ``trusted_hosts`` are the settings, ``ca_bundle`` is the selected profile's. ``session_name`` is for a role whose
    profile sets none. ``access_tokens`` has awsvault-py's own sign-ins to Identity Center.
    """

    env: Mapping[str, str]
    child_env: Mapping[str, str]
    home: str
    deadline: Deadline
    allow_http: Collection[str]
    session_name: str
    ca_bundle: Setting | None = None
    trusted_hosts: Collection[str] = ()
    access_tokens: AccessTokens | None = None


def run_command(command: str, *, key: str, origin: Origin, context: ProviderContext) -> bytes:
    """The output of a command from AWS's files: split as a shell splits it, run without a shell. ConfigError.

    ``key`` is the command's key, ``origin`` its place.
    """
    from vault.profiles.command_words import Unbalanced, split
    from vault.system.programs import ProgramFailed, output

    depth = context.env.get(DEPTH, "")
    level = int(depth) if depth.isascii() and depth.isdigit() and len(depth) <= 2 else 0
    if level >= limits.MAX_DEPTH:
        raise errors.ConfigError(
            f"{origin}: {key} loop: the command runs awsvault-py through another program, again and again",
            hint="write the command as awsvault-py export PROFILE, which awsvault-py recognizes",
        )
    try:
        words = split(command)
    except Unbalanced as error:
        raise errors.ConfigError(f"{origin}: {key} is not a valid command line: {error}") from None
    env = {**context.child_env, DEPTH: str(level + 1)}
    try:
        return output(words, env=env, limit=limits.MAX_PROCESS_OUTPUT, deadline=context.deadline)
    except ProgramFailed as failed:
        raise errors.ConfigError(f"{origin}: {key}: {failed.message}", hint=failed.hint) from None


def read_token_file(path: str, *, key: str, origin: Origin) -> bytes:
    """The token in the file that ``key`` names. ConfigError if the file is missing; UnsafeFile if others could have
    written it.
    """
    from vault.system.user_files import read_users_file

    found = read_users_file(path, limit=limits.MAX_TOKEN_FILE)
    if found is None:
        raise errors.ConfigError(f"{origin}: {key} names {safe(path)}, which does not exist")
    return found
