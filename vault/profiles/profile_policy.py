"""The session policy that a profile sets: in awsvault_policy_file and awsvault_policy_arns, and by the options of the
awsvault-py export that its credential_process runs. Reads the files.
"""

from __future__ import annotations

import os

from vault.errors import ConfigError, Usage
from vault.profiles.aws_files import PREFIX, Setting, expand
from vault.profiles.source_lookup import own_export
from vault.profiles.values import items, one_line
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.profiles.aws_files import Profile
    from vault.profiles.session_policy import SessionPolicy

_FILE, _ARNS = PREFIX + "policy_file", PREFIX + "policy_arns"


def policy_of(profile: Profile, *, env: Mapping[str, str]) -> SessionPolicy | None:
    """The policy that allows no more than each of the profile's own. ConfigError with the line, UnsafeFile, StorageError.

    A file and ARNs in one profile belong together, and AWS adds up what they allow. Those of an included profile must not be
    widened in this way.
    """
    found = [_of_keys(file, arns, env=env) for file, arns in _pairs(profile)]
    every = [policy for policy in (*found, _of_process(profile)) if policy is not None]
    if not every:
        return None
    from vault.profiles.session_policy import combined

    return combined(every)


def _pairs(profile: Profile) -> list[tuple[Setting | None, Setting | None]]:
    """The file and the ARNs that count, together if one profile sets both."""
    every = (profile, *profile.included)
    file_at = next((at for at, each in enumerate(every) if each.own(_FILE) is not None), None)
    arns_at = next((at for at, each in enumerate(every) if each.own(_ARNS) is not None), None)
    file = one_line(every[file_at].own(_FILE)) if file_at is not None else None
    arns = one_line(every[arns_at].own(_ARNS)) if arns_at is not None else None
    return [(file, arns)] if file_at == arns_at else [(file, None), (None, arns)]


def _of_keys(file: Setting | None, arns: Setting | None, *, env: Mapping[str, str]) -> SessionPolicy | None:
    for setting in (file, arns):
        if setting is not None and not items(
            setting
        ):  # an empty guard rail would be one that is silently off
            raise ConfigError(
                f"{setting.origin}: {setting.name} is empty", hint="set a policy, or remove the line"
            )
    home = env.get("HOME") or os.path.expanduser("~")
    path = file._replace(value=expand(file.value, env=env, home=home)) if file is not None else None
    return _checked(path, items(arns), file=file, arns_at=arns)


def _of_process(profile: Profile) -> SessionPolicy | None:
    """The policy of ``credential_process = awsvault-py export PROFILE --policy FILE --policy-arn ARN``."""
    called, command = own_export(profile), profile.get("credential_process")
    if called is None or command is None:
        return None
    file = None
    if called.policy is not None:  # what ~ and $ mean there depends on the tool that runs the line
        file = Setting("credential_process --policy", called.policy, command.origin)
    arns = command._replace(name="credential_process --policy-arn")
    return _checked(file, called.policy_arns, file=file, arns_at=arns)


def _checked(
    path: Setting | None, arns: Sequence[str], *, file: Setting | None, arns_at: Setting | None
) -> SessionPolicy | None:
    """``path`` is ``file`` with its variables replaced; the messages quote ``file``."""
    if path is not None and file is not None and not os.path.isabs(path.value):
        more = ", or begin it with ~/" if file.name == _FILE else ""
        raise ConfigError(
            f"{file.origin}: {file.name} {safe(file.value)!r} is not an absolute path",
            hint=f"write the whole path{more}",
        )
    if path is None and not arns:
        return None
    from vault.profiles.session_policy import checked

    try:
        return checked(
            path.value if path is not None else None,
            arns,
            file_at=f"{file.origin}: {file.name}" if file is not None else "",
            arns_at=f"{arns_at.origin}: {arns_at.name}" if arns_at is not None else "",
        )
    except Usage as error:
        raise ConfigError(error.message, hint=error.hint) from None
