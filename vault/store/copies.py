"""The automatic backups beside a vault that is damaged or gone: which of them helps, and what is not done meanwhile."""

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
    """AlreadyExists where backups lie in a new vault's place: its writes would push them out one by one."""
    try:
        with file.open_folder(paths) as folder:
            names = [name for name, _ in file.backups(folder)]
    except file.NoVault:
        return
    if names:
        raise errors.AlreadyExists(
            f"there is no vault at {safe(paths.vault)}, but its backups {', '.join(names)} lie there",
            hint="to put one back: awsvault-py restore; to begin anew, move them to another folder first",
        )


def missed(error: file.NoVault, folder: Folder) -> file.NoVault:
    """The error with a hint at the backups, where there are any."""
    if any(file.backups(folder)):
        error.hint = "its automatic backups are still there: run: awsvault-py restore"
    return error


def naming(error: errors.Damaged, folder: Folder, fits: Callable[[VaultFile], bool] | None) -> errors.Damaged:
    """The error with a hint at the newest automatic backup that opens, or that can be read where no key is at hand."""
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
    error.hint = "no automatic backup opens: run awsvault-py restore FILE with a backup that you made"
    return error
