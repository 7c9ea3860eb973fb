"""Checks of files and folders: what lies in clear, what others may read, what cannot be read or is read differently."""

from __future__ import annotations

import os
import stat

from vault.doctor.findings import Chmod, Finding, Remove, split_place
from vault.errors import ConfigError
from vault.migrate import plaintext_keys
from vault.profiles.aws_files import Origin
from vault.profiles.unread_keys import unread
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.doctor.facts import Facts
    from vault.doctor.findings import Level


def keys_in_plaintext(s: Facts) -> Iterator[Finding]:
    """Access keys in clear in AWS's files."""
    if s.files is None:
        return
    found, left = plaintext_keys.find(s.files)
    for source in found:
        message = f"the access key of profile {safe(source.profile)} stands in plaintext"
        reason = plaintext_keys.unmovable(s.files.merged, source.profile, source.origin)
        yield Finding(
            level="warning",
            where=source.origin,
            message=f"{message}, and {reason}" if reason is not None else message,
            fix="remove it once nothing needs it" if reason is not None else "awsvault-py import",
        )
    for one in left:
        place, text = split_place(one.reason)
        kind = "profile " if one.profile in s.files.merged.profiles else ""
        fix = "remove it where no program renews it" if text == plaintext_keys.TEMPORARY else "edit the file"
        yield Finding(level="warning", where=place, message=f"{kind}{safe(one.profile)}: {text}", fix=fix)


def _holds_keys(s: Facts, path: str) -> bool:
    """Whether a key stands in the file, one that could be moved or not."""
    found, left = plaintext_keys.find(s.files) if s.files is not None else ([], [])
    places = [source.origin for source in found] + [split_place(one.reason)[0] for one in left]
    return any(place.rpartition(":")[0] == safe(path) for place in places)


def cli_cache(s: Facts) -> Iterator[Finding]:
    """Sessions in clear in AWS CLI's cache."""
    if s.cli_cache:
        yield Finding(
            level="warning",
            where=safe(os.path.dirname(s.cli_cache[0])),
            message=f"AWS CLI keeps {len(s.cli_cache)} sessions in clear here",
            fix="remove them; a profile set up by awsvault-py setup leaves none",
            mends=tuple(Remove(path) for path in s.cli_cache),
        )


def aws_files_open(s: Facts) -> Iterator[Finding]:
    """~/.aws and its files, open to other users of the machine: to write, or to read where keys are."""
    at = s.locations
    wanted = {
        at.credentials: 0o077,
        at.config: 0o077 if _holds_keys(s, at.config) else 0o022,
        os.path.dirname(at.config): 0o022,
        os.path.dirname(at.credentials): 0o022,
    }
    for path, forbidden in wanted.items():
        mode = stat.S_IMODE(s.modes.get(path, 0))
        if mode & forbidden:
            able = "changed" if mode & 0o022 else "read"
            yield Finding(
                level="error" if mode & 0o002 else "warning",
                where=safe(path),
                message=f"it can be {able} by other users (mode {mode:04o})",
                fix=f"chmod {mode & ~forbidden:o} {safe(path)}",
                mends=(Chmod(path, mode & ~forbidden),),
            )


def our_files_open(s: Facts) -> Iterator[Finding]:
    """Our own folders and files, open to other users of the machine."""
    ours = (s.paths.vault_folder, s.paths.vault, s.paths.state, s.paths.sessions, s.paths.run, s.paths.log)
    for path in dict.fromkeys(ours):
        mode = stat.S_IMODE(s.modes.get(path, 0))
        if mode & 0o077:
            yield Finding(
                level="error",
                where=safe(path),
                message=f"it is open to other users (mode {mode:04o}), and awsvault-py refuses to use it so",
                fix=f"chmod {mode & 0o700:o} {safe(path)}",
                mends=(Chmod(path, mode & 0o700),),
            )


def git_trees(s: Facts) -> Iterator[Finding]:
    """Keys or configuration within a git work tree that would take them up."""
    for path, tree in s.bare_trees:
        harmless = path == s.locations.config and not _holds_keys(s, path)
        yield Finding(
            level="note" if harmless else "warning",
            where=safe(path),
            message=f"it lies in the git work tree {safe(tree)}, which does not ignore it"
            + (", and holds account ids and no key" if harmless else ""),
            fix=f"name it in {safe(tree)}/.gitignore"
            + ("" if harmless else "; if it was ever committed, git keeps it: rotate the keys"),
        )


def broken_files(s: Facts) -> Iterator[Finding]:
    """A file of AWS's that cannot be read: every tool fails, or takes another file's word."""
    if s.files_error is not None:
        place, text = split_place(s.files_error)
        unfit = next((safe(path) for path in s.locations if text.startswith(safe(path) + " ")), None)
        if unfit is not None:  # the whole file, not a line of it
            place, text = unfit, "it" + text.removeprefix(unfit)
        mends = tuple(
            Chmod(path, stat.S_IMODE(s.modes[path]) & ~0o022)
            for path in s.locations
            if s.modes.get(path, 0) & stat.S_IWOTH
        )
        yield Finding(
            level="error",
            where=place or safe(s.locations.config),
            message=text,
            fix="correct the file",
            mends=mends,
        )


def broken_settings(s: Facts) -> Iterator[Finding]:
    """A config.toml of ours, or a variable of ours, with a wrong value."""
    if s.settings_error is not None:
        place, text = split_place(s.settings_error)
        yield Finding(
            level="error", where=place or safe(s.paths.config_toml), message=text, fix="correct the setting"
        )


def read_differently(s: Facts) -> Iterator[Finding]:
    """Places of AWS's files that its tools do not read alike."""
    for note in s.config.notes if s.config is not None else ():
        fatal = "refuse" in note.message or "cannot read" in note.message
        yield Finding(
            level="warning" if fatal else "note",
            where=f"{safe(note.path)}:{note.line}",
            message=note.message,
            fix="write it as all tools read it",
        )


def unknown_keys(s: Facts) -> Iterator[Finding]:
    """A line that nobody reads as it is meant: a key with our prefix that means nothing, a misspelt or an indented one,
    one of another program.
    """
    config = s.config
    if config is None:
        return
    told = {Origin(note.path, note.line) for note in config.notes}  # read-differently tells of these
    for name in config.profiles:
        try:
            profile = config.profile(name)
        except ConfigError:
            continue
        for one in unread(config, profile) if profile is not None else ():
            if one.origin not in told:
                told.add(one.origin)
                level: Level = "error" if one.prefixed else "warning" if one.grave else "note"
                yield Finding(level=level, where=str(one.origin), message=one.what, fix=one.fix)
