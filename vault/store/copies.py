"""The automatic backups beside a vault that is damaged or missing: which of them helps, and what has to wait."""

from __future__ import annotations

import time

from vault import errors
from vault.errors import NotThisSlot
from vault.store import file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.store.format import VaultFile
    from vault.system.files import Folder
    from vault.system.paths import Paths


def refuse_beside(paths: Paths) -> None:
    """AlreadyExists if there are backups where a new vault is to be created: its writes would replace them one by one."""
    try:
        with file.open_folder(paths) as folder:
            names = [name for name, _ in file.backups(folder)]
    except file.NoVault:
        return
    if names:
        raise errors.AlreadyExists(
            f"there is no vault at {safe(paths.vault)}, but its backups {', '.join(names)} are there",
            hint="to restore one: awsvault-py restore; to start with an empty vault, first move them to another folder",
        )


def missed(error: file.NoVault, folder: Folder) -> file.NoVault:
    """The error, with a hint about the backups if there are any."""
    if any(file.backups(folder)):
        error.hint = "to restore an automatic backup, run: awsvault-py restore"
    return error


def naming(error: errors.Damaged, folder: Folder, fits: Callable[[VaultFile], bool] | None) -> errors.Damaged:
    """The error, with a hint about the newest automatic backup that opens, or that can be read if there is no key."""
    for name, backup in file.backups(folder):
        try:
            if fits is not None:
                fits(backup)
        except (errors.Error, NotThisSlot):
            continue
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(backup.header.time))
        opens = "opens" if fits is not None else "can be read"
        error.hint = (
            f"run: awsvault-py restore; the newest backup that {opens} is {safe(folder.path_of(name))} "
            f"(generation {backup.header.gen}, {when})"
        )
        return error
    error.hint = "no automatic backup opens; restore a backup that you made: awsvault-py restore FILE"
    return error
