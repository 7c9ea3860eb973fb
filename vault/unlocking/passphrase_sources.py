"""Where a passphrase comes from without a person, in security.md 5's order: the first way that gives one counts.

1. AWSVAULT_PASSPHRASE_FD, a descriptor that is read once and closed (never 0: stdin is the caller's)
2. AWSVAULT_PASSPHRASE_FILE, else $CREDENTIALS_DIRECTORY/awsvault.pass where systemd put one
3. AWSVAULT_PASSPHRASE_COMMAND, else passphrase_command of config.toml
4. AWSVAULT_PASSPHRASE, the least good: other processes of the user may read it

A variable that is empty is unset. A way that is named and gives nothing is noted for the message and passed over;
a file that others can read, and a value that can never work, are errors at once.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from vault import limits
from vault.errors import ConfigError, StorageError, UnsafeFile
from vault.secret import Secret
from vault.system.files import OTHERS
from vault.system.passphrase_variables import PASSPHRASE
from vault.system.poll import readable
from vault.system.user_files import read_private_file
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context

SYSTEMD_NAME = "awsvault.pass"
_AT_ONCE = (PASSPHRASE, PASSPHRASE + "_FILE", "CREDENTIALS_DIRECTORY")


class FoundPassphrase(NamedTuple):
    """A passphrase and the name of its source, for messages."""

    secret: Secret
    source: str

    @property
    def at_once(self) -> bool:
        """Whether no other process was waited for to give it."""
        return self.source in _AT_ONCE


class Search(NamedTuple):
    """What came of the search: the passphrase or None, and the ways that were tried in vain, each with its reason."""

    found: FoundPassphrase | None
    tried: tuple[str, ...]


def search(context: Context) -> Search:
    """Try each way that is set. ConfigError where one is set to something impossible, UnsafeFile for an open file."""
    tried: list[str] = []
    for way in (_descriptor, _file, _systemd, _command):
        found = way(context, tried)
        if found is not None:
            return Search(found, tuple(tried))
    if context.passphrase is not None and len(context.passphrase):
        return Search(
            FoundPassphrase(without_line_end(context.passphrase.reveal()), PASSPHRASE), tuple(tried)
        )
    return Search(None, tuple(tried))


def without_line_end(raw: bytes) -> Secret:
    """The passphrase in ``raw``, which was not typed: one line end at its end is dropped (format.md 4)."""
    return Secret(raw.removesuffix(b"\n").removesuffix(b"\r") if raw.endswith(b"\n") else raw)


def _descriptor(context: Context, tried: list[str]) -> FoundPassphrase | None:
    name = PASSPHRASE + "_FD"
    text = context.env.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise ConfigError(f'{name} is "{safe(text, limit=40)}", not a descriptor', hint=f"{name}=3 3<file")
    fd = int(text)
    if fd <= 2:
        raise ConfigError(
            f"{name} is {fd}: descriptors 0 to 2 belong to the calling program",
            hint=f"use another one: {name}=3 3<file",
        )
    try:
        raw = _read_descriptor(fd, context)
    except OSError:  # SDKs close it before they run us; read before, by this process, it is gone too
        tried.append("descriptor (closed)")
        return None
    if raw is None:
        tried.append("descriptor (no data)")
        return None
    return _checked(raw, name, tried)


def _read_descriptor(fd: int, context: Context) -> bytes | None:
    """All that comes, once; the descriptor is closed. None where the deadline came first."""
    deadline = context.new_deadline(limits.PASSPHRASE_COMMAND_TIME)
    raw = b""
    try:
        while len(raw) <= limits.MAX_PASSPHRASE_INPUT:
            if not readable([fd], deadline.remaining()):
                return None
            piece = os.read(fd, limits.MAX_PASSPHRASE_INPUT + 1)
            if not piece:
                break
            raw += piece
    finally:
        os.close(fd)
    return raw


def _file(context: Context, tried: list[str]) -> FoundPassphrase | None:
    name = PASSPHRASE + "_FILE"
    path = context.env.get(name, "")
    return _read_file(path, source=name, tried=tried) if path else None


def _systemd(context: Context, tried: list[str]) -> FoundPassphrase | None:
    folder = context.env.get("CREDENTIALS_DIRECTORY", "")
    if not folder or not os.path.lexists(os.path.join(folder, SYSTEMD_NAME)):
        return None  # systemd sets the variable for other credentials too
    # systemd lets the service's user in by an ACL, whose mask shows as the group's read bit; the folder is its own.
    return _read_file(
        os.path.join(folder, SYSTEMD_NAME),
        source="CREDENTIALS_DIRECTORY",
        tried=tried,
        closed_to=OTHERS & ~0o040,
    )


def _read_file(
    path: str, *, source: str, tried: list[str], closed_to: int = OTHERS
) -> FoundPassphrase | None:
    """The file's passphrase. It must be ours or root's, closed to group and others, a regular file and no link."""
    try:
        raw = read_private_file(path, limit=limits.MAX_PASSPHRASE_INPUT, closed_to=closed_to)
    except FileNotFoundError:
        tried.append(f"file ({safe(path, limit=120)} does not exist)")
        return None
    except StorageError as error:
        tried.append(f"file ({error.message})")
        return None
    except UnsafeFile as error:
        raise UnsafeFile(f"{source}: {error.message}", hint=error.hint) from None
    return _checked(raw, source, tried)


def _command(context: Context, tried: list[str]) -> FoundPassphrase | None:
    from vault.settings import command_words

    name = PASSPHRASE + "_COMMAND"
    text = context.env.get(name, "")
    words: tuple[str, ...] = ()
    if text:
        try:
            words = command_words(text)
        except ValueError as error:
            raise ConfigError(f"{name} must be {error}") from None
    elif context.settings.passphrase_command:
        name, words = "passphrase_command", context.settings.passphrase_command
    if not words:
        return None
    from vault.system.programs import ProgramFailed, output

    env = {key: value for key, value in context.env.items() if not key.startswith("AWSVAULT_")}
    deadline = context.new_deadline(limits.PASSPHRASE_COMMAND_TIME).at_most(limits.PASSPHRASE_COMMAND_TIME)
    try:
        raw = output(words, env=env, limit=limits.MAX_PASSPHRASE_INPUT, deadline=deadline)
    except ProgramFailed as error:
        tried.append(f"command ({error.message})")
        return None
    return _checked(raw, name, tried)


def _checked(raw: bytes, source: str, tried: list[str]) -> FoundPassphrase | None:
    if len(raw) > limits.MAX_PASSPHRASE_INPUT:
        raise ConfigError(
            f"{source} gave more than {limits.MAX_PASSPHRASE_INPUT} bytes, which is not a passphrase"
        )
    secret = without_line_end(raw)
    if not len(secret):
        tried.append(f"{source} (empty)")
        return None
    return FoundPassphrase(secret, source)
