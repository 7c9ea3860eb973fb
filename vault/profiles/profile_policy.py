"""The session policy that a profile sets: awsvault_policy_file and awsvault_policy_arns. Reads the file."""

from __future__ import annotations

import os

from vault.errors import ConfigError, Usage
from vault.profiles.aws_files import expand
from vault.profiles.session_policy import checked
from vault.profiles.values import items
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.profiles.aws_files import Setting
    from vault.profiles.session_policy import SessionPolicy


def policy_of(file: Setting | None, arns: Setting | None, *, env: Mapping[str, str]) -> SessionPolicy | None:
    """The policy that a profile sets. ConfigError with the line for an invalid one, UnsafeFile, StorageError."""
    file = file if file is not None and file.value else None
    found = items(arns)
    path = None
    if file is not None:
        path = expand(file.value, env=env, home=env.get("HOME") or os.path.expanduser("~"))
        if not os.path.isabs(path):
            raise ConfigError(
                f"{file.origin}: {file.name} {safe(file.value)!r} is not an absolute path",
                hint="write the whole path, or begin it with ~/",
            )
    try:
        return checked(
            path,
            found,
            file_at=f"{file.origin}: {file.name}" if file is not None else "",
            arns_at=f"{arns.origin}: {arns.name}" if arns is not None else "",
        )
    except Usage as error:
        raise ConfigError(error.message, hint=error.hint) from None
