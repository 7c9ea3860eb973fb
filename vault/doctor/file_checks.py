"""Checks of files and folders: plaintext secrets, modes, lines that some tools cannot read or read differently."""

from __future__ import annotations

import os
import stat

from vault.doctor.findings import Chmod, Finding, removable, sessions, split_place
from vault.migrate import plaintext_keys
from vault.profiles.aws_files import Origin
from vault.profiles.unread_keys import unread
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts
    from vault.doctor.findings import Level


def keys_in_plaintext(facts: Facts) -> Iterator[Finding]:
    """Access keys in plaintext in AWS's files."""
    if facts.files is None:
        return
    found, skipped = plaintext_keys.find(facts.files)
    for key in found:
        message = f"the access key of profile {safe(key.profile)} is in plaintext"
        reason = plaintext_keys.unmovable(facts.files.merged, key.profile, key.origin)
        yield Finding(
            level="warning",
            where=key.origin,
            message=f"{message}, and {reason}" if reason is not None else message,
            hint="remove it when nothing needs it anymore" if reason is not None else "awsvault-py import",
        )
    for one in skipped:
        place, text = split_place(one.reason)
        kind = "profile " if one.profile in facts.files.merged.profiles else ""
        temporary = text == plaintext_keys.TEMPORARY
        hint = "remove it, unless a program refreshes it" if temporary else "edit the file"
        yield Finding(level="warning", where=place, message=f"{kind}{safe(one.profile)}: {text}", hint=hint)


def _has_keys(facts: Facts, path: str) -> bool:
    """Whether the file contains a key, even one that import cannot move."""
    found, skipped = plaintext_keys.find(facts.files) if facts.files is not None else ([], [])
    places = [key.origin for key in found] + [split_place(one.reason)[0] for one in skipped]
    return any(place.rpartition(":")[0] == safe(path) for place in places)


def cli_cache(facts: Facts) -> Iterator[Finding]:
    """Sessions in plaintext in the AWS CLI's cache."""
    if facts.cli_cache:
        message = f"the AWS CLI stores {sessions(facts.cli_cache)} in plaintext here"
        hint = "remove them. To keep the AWS CLI from storing new ones: awsvault-py setup"
        yield removable("warning", facts.cli_cache, message, hint)


def aws_files_open(facts: Facts) -> Iterator[Finding]:
    """Other users of this machine can change ~/.aws or its files, or read a file with keys."""
    at = facts.locations
    wanted = {
        at.credentials: 0o077,
        at.config: 0o077 if _has_keys(facts, at.config) else 0o022,
        os.path.dirname(at.config): 0o022,
        os.path.dirname(at.credentials): 0o022,
    }
    for path, forbidden in wanted.items():
        mode = stat.S_IMODE(facts.modes.get(path, 0))
        if mode & forbidden:
            able = "change" if mode & 0o022 else "read"
            hint, fixes = _closed(
                path, mode, forbidden, set_="AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE"
            )
            yield Finding(
                level="error" if mode & 0o002 else "warning",
                where=safe(path),
                message=f"other users can {able} it (mode {mode:04o})",
                hint=hint,
                fixes=fixes,
            )


def vault_files_open(facts: Facts) -> Iterator[Finding]:
    """Other users of this machine can open awsvault-py's folders or files."""
    paths = facts.paths
    wanted = (paths.vault_folder, paths.vault, paths.state, paths.sessions, paths.run, paths.log)
    for path in dict.fromkeys(wanted):
        mode = stat.S_IMODE(facts.modes.get(path, 0))
        if mode & 0o077:
            hint, fixes = _closed(path, mode, 0o077, set_="AWSVAULT_HOME")
            yield Finding(
                level="error",
                where=safe(path),
                message=f"it is open to other users (mode {mode:04o}), so awsvault-py refuses to use it",
                hint=hint,
                fixes=fixes,
            )


def _closed(path: str, mode: int, forbidden: int, *, set_: str) -> tuple[str, tuple[Chmod, ...]]:
    """The hint and the fix that close ``path``. A folder that all users share, such as /tmp, stays open."""
    if mode & stat.S_ISVTX:
        return f"all users share this folder: set {set_} to a folder of your own", ()
    closed = stat.S_IMODE(mode & 0o777 & ~forbidden)
    return f"chmod {closed:o} {safe(path)}", (Chmod(path, closed),)


def git_trees(facts: Facts) -> Iterator[Finding]:
    """Keys or configuration in a git work tree that does not ignore them."""
    for path, tree in facts.unignored:
        harmless = path == facts.locations.config and not _has_keys(facts, path)
        yield Finding(
            level="note" if harmless else "warning",
            where=safe(path),
            message=f"the git work tree {safe(tree)} does not ignore it"
            + (" (the file has account IDs, but no key)" if harmless else ""),
            hint=f"add it to {safe(tree)}/.gitignore"
            + (
                ""
                if harmless
                else "; if it was ever committed, also rotate the keys, because git keeps the history"
            ),
        )


def broken_files(facts: Facts) -> Iterator[Finding]:
    """One of AWS's files cannot be read."""
    if facts.files_error is not None:
        place, text = split_place(facts.files_error)
        unfit = next((safe(path) for path in facts.locations if text.startswith(safe(path) + " ")), None)
        if unfit is not None:  # the whole file, not a line of it
            place, text = unfit, "it" + text.removeprefix(unfit)
        fixes = tuple(
            Chmod(path, stat.S_IMODE(facts.modes[path]) & ~0o022)
            for path in facts.locations
            if facts.modes.get(path, 0) & stat.S_IWOTH
        )
        yield Finding(
            level="error",
            where=place or safe(facts.locations.config),
            message=text,
            hint="correct the file",
            fixes=fixes,
        )


def broken_settings(facts: Facts) -> Iterator[Finding]:
    """A setting in config.toml or in a variable has a wrong value."""
    if facts.settings_error is not None:
        place, text = split_place(facts.settings_error)
        where = place or safe(facts.paths.config_toml)
        yield Finding(level="error", where=where, message=text, hint="correct the setting")


def read_differently(facts: Facts) -> Iterator[Finding]:
    """Lines of AWS's files that AWS's tools read differently."""
    for note in facts.config.notes if facts.config is not None else ():
        yield Finding(
            level="warning" if note.fatal else "note",
            where=f"{safe(note.path)}:{note.line}",
            message=note.message,
            hint="write the line so that all tools read it the same way",
        )


def unknown_keys(facts: Facts) -> Iterator[Finding]:
    """A line that no tool reads as you intended: an unknown key with the prefix awsvault_, a misspelled or indented key, or a
    key of another program.
    """
    config = facts.config
    if config is None:
        return
    reported = {Origin(note.path, note.line) for note in config.notes}  # by read-differently
    for profile in facts.profiles():
        for one in unread(config, profile):
            if one.origin not in reported:
                reported.add(one.origin)
                level: Level = "error" if one.certain else "warning" if one.grave else "note"
                yield Finding(level=level, where=str(one.origin), message=one.what, hint=one.fix)
