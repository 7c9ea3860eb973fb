"""Where a passphrase comes from without a prompt, in the order of security.md 5. The first source that gives one
counts.

1. AWSVAULT_PASSPHRASE_FD, a descriptor that is read once and closed (never 0: stdin is the caller's)
2. AWSVAULT_PASSPHRASE_FILE, otherwise systemd's $CREDENTIALS_DIRECTORY/awsvault.pass if it exists
3. AWSVAULT_PASSPHRASE_COMMAND, otherwise passphrase_command in config.toml
4. AWSVAULT_PASSPHRASE, the least secure: other processes of the user may read it

An empty variable counts as unset. A source that is set but gives nothing is skipped, and the error lists it. A file
that others can read, and a value that can never work, are errors at once.
"""

from __future__ import annotations

import os

from vault import limits
from vault.errors import ConfigError, StorageError, UnsafeFile
from vault.records import NamedTuple
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
        """Whether the passphrase came without waiting for another process."""
        return self.source in _AT_ONCE


class Search(NamedTuple):
    """The result of the search: the passphrase or None, and the sources that gave none, each with its reason."""

    found: FoundPassphrase | None
    tried: tuple[str, ...]


def search(context: Context) -> Search:
    """Try each source that is set. ConfigError if a value is impossible, UnsafeFile if others can access the file."""
    tried: list[str] = []
    for source in (_descriptor, _file, _systemd, _command):
        found = source(context, tried)
        if found is not None:
            return Search(found, tuple(tried))
    if context.passphrase is not None and len(context.passphrase):
        return Search(
            FoundPassphrase(without_line_end(context.passphrase.reveal()), PASSPHRASE), tuple(tried)
        )
    return Search(None, tuple(tried))


def without_line_end(raw: bytes) -> Secret:
    """The passphrase in ``raw``, which was not typed: one line end at its end is removed (format.md 4)."""
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
    except (
        OSError
    ):  # SDKs close it before they run awsvault-py; if this process read it before, it is closed too
        tried.append("descriptor (closed)")
        return None
    if raw is None:
        tried.append("descriptor (no data)")
        return None
    return _checked(raw, name, tried)


def _read_descriptor(fd: int, context: Context) -> bytes | None:
    """All data from the descriptor, which is then closed. None if the deadline passed first."""
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
    # systemd gives the service's user access by an ACL, whose mask appears as the group's read bit. The folder belongs
    # to the service.
    return _read_file(
        os.path.join(folder, SYSTEMD_NAME),
        source="CREDENTIALS_DIRECTORY",
        tried=tried,
        closed_to=OTHERS & ~0o040,
    )


def _read_file(
    path: str, *, source: str, tried: list[str], closed_to: int = OTHERS
) -> FoundPassphrase | None:
    """The passphrase in the file: a regular file, no link, owned by the user or root, closed to group and others."""
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
