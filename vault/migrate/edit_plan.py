"""Reads AWS's files and collects the edits planned for them. Writes nothing."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from vault import errors, limits
from vault.migrate.undo import Change
from vault.profiles import aws_files
from vault.profiles.edit import Document, Edit
from vault.records import NamedTuple
from vault.system.user_files import read_users_file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG, CREDENTIALS = "config", "credentials"


class Files(NamedTuple):
    """Both of AWS's files as they were read. ``raw`` is None for a file that does not exist."""

    config: Document
    credentials: Document
    raw: tuple[bytes | None, bytes | None]

    @property
    def merged(self) -> aws_files.Config:
        """The profiles of both files."""
        return aws_files.merge(self.config.sections, self.credentials.sections)


def read(env: Mapping[str, str], *, home: str) -> Files:
    """Read AWS's files from the paths that the environment sets. Raises ConfigError, UnsafeFile, StorageError."""
    # The record of an undo has the paths, and the next command may run in another folder.
    paths = [os.path.abspath(path) for path in aws_files.locations(env, home=home)]
    raw = tuple(read_users_file(path, limit=limits.MAX_CONFIG_FILE) for path in paths)
    documents = [
        Document(data or b"", path=path, kind=kind)
        for data, path, kind in zip(raw, paths, (CONFIG, CREDENTIALS), strict=True)
    ]
    return Files(documents[0], documents[1], (raw[0], raw[1]))


class Skipped(NamedTuple):
    """A profile that is not changed, or a key that is not moved, and the reason."""

    profile: str
    reason: str


@dataclass(slots=True)
class EditPlan:
    """The edits of both files, the profiles that they set up, the profiles that are skipped, and warnings for the user."""

    config: list[Edit] = field(default_factory=list)
    credentials: list[Edit] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def edits(self, kind: str) -> list[Edit]:
        """The list of edits of the file of this kind, to read or to extend."""
        return self.config if kind == CONFIG else self.credentials

    def changes(self, files: Files) -> list[Change]:
        """The edits as changes of files. A file that would not change is left out.

        Raises ConfigError if a file would be too large to be read again.
        """
        made = []
        for document, raw, kind in zip(
            (files.config, files.credentials), files.raw, (CONFIG, CREDENTIALS), strict=True
        ):
            edits = self.edits(kind)
            after = document.apply(edits)
            if edits and after != document.data:
                if len(after) > limits.MAX_CONFIG_FILE:
                    raise errors.ConfigError(
                        f"{safe(document.path)} would have {len(after)} bytes; the limit is {limits.MAX_CONFIG_FILE}",
                        hint="change fewer profiles; setup --sso chooses them by --account and --role",
                    )
                hunks = document.hunks(edits)
                made.append(Change(path=document.path, kind=kind, before=raw, after=after, hunks=hunks))
        return made
