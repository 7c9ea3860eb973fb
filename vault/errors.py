"""The error tree: the message says what was found, the hint what to do, the class which exit code.

No imports: every room raises these, and the command line turns them into two lines on stderr and an exit.
"""

from __future__ import annotations


class Error(Exception):
    """Base of everything the program raises on purpose.

    ``message`` names what was found (a file and line, a profile, a value) and never holds a secret.
    ``hint`` says what a person can do next.
    """

    exit_code = 70
    hint = "this is a bug in awsvault-py: run again with --debug and report what it prints"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint


class Internal(Error):
    """A bug of ours (70)."""


class CheckFailed(Error):
    """A check found something; not a failure of the program (1)."""

    exit_code = 1
    hint = "run: awsvault-py doctor"


class Usage(Error):
    """The command line or its --stdin input is wrong (2)."""

    exit_code = 2
    hint = "run: awsvault-py --help"


class Locked(Error):
    """The vault is locked and nobody can be asked (3)."""

    exit_code = 3
    hint = "run: awsvault-py unlock"


class StrictClosed(Locked):
    """The seed lies in the strict box, which is closed, and nobody can be asked for its passphrase (3)."""

    hint = "run: awsvault-py unlock --strict"


class WrongPassphrase(Error):
    """A passphrase, recovery code or other secret does not open the vault (4)."""

    exit_code = 4
    hint = "try again; a recovery code or another slot opens the vault too"


class NotFound(Error):
    """A profile, entry or device named on the command line is not there (5)."""

    exit_code = 5
    hint = "run: awsvault-py list"


class ConfigError(Error):
    """AWS's files or ours hold something wrong (6): loops, missing sources, bad values, broken files."""

    exit_code = 6
    hint = "correct it and run the command again"


class UnsafeFile(ConfigError):
    """A file or folder of ours has the wrong kind, owner or mode (6): a link, a FIFO, open to others."""

    hint = "check who made it before you use it"


class Untrusted(ConfigError):
    """A host that is not AWS's own would be believed, or get a session or a token, and nobody has named it (6)."""


class StorageError(ConfigError):
    """The machine would not keep a file for us (6): disk full, read-only, out of handles. Nothing was lost."""

    hint = "free some space or make the folder writable, then run the command again"


def no_handles(error: BaseException | None) -> StorageError | None:
    """What to say where it all began with a process (EMFILE) or a machine (ENFILE) that can open nothing more; else None.

    The reason may lie deep: Python's own import of a module needs a handle too, and says so in words alone.
    """
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        number = error.errno if isinstance(error, OSError) else None
        if number == 23:  # ENFILE
            return StorageError(
                "out of handles: this machine may open no more files", hint="close some programs"
            )
        if number == 24 or (isinstance(error, ImportError) and "Too many open files" in str(error)):  # EMFILE
            return StorageError(
                "out of handles: this process may open no more files", hint="raise its limit: ulimit -n 256"
            )
        seen.append(error)
        error = error.__cause__ or error.__context__
    return None


class Refused(Error):
    """AWS answered no (7): permission, MFA, validation.

    ``code`` is AWS's own word for why, such as ``AccessDenied``; ``date`` the answer's Date in Unix seconds;
    ``key_id`` the key of the vault that the refused chain starts with, where that is known.
    """

    exit_code = 7
    hint = "run: awsvault-py explain PROFILE"

    def __init__(self, message: str, *, hint: str | None = None, code: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.date: int | None = None
        self.key_id = ""


class Unreachable(Error):
    """AWS was not reached, or kept failing after retries (8).

    ``sent`` says that the request may have reached AWS all the same: what it asked for may be done.
    """

    exit_code = 8
    hint = "check the network, the proxy and the endpoint, then run the command again"

    def __init__(self, message: str, *, hint: str | None = None, code: str = "", sent: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.sent = sent


class Damaged(Error):
    """The vault file cannot be what we wrote (9)."""

    exit_code = 9
    hint = "run: awsvault-py restore"


class RolledBack(Damaged):
    """The vault is older than the pin says it was last (9)."""

    hint = "if you put an older copy in place yourself, run: awsvault-py restore --accept"


class Diverged(Damaged):
    """The vault has the pin's generation and another header: two machines wrote it (9)."""

    hint = "to keep this copy, run: awsvault-py restore --accept"


class Declined(Error):
    """A person or a guard rail said no (10)."""

    exit_code = 10
    hint = "nothing was changed"


class AlreadyExists(Error):
    """The name, vault or file to be made is there already (10)."""

    exit_code = 10
    hint = "choose another name, or say --replace"


class RotationStopped(Error):
    """A rotation stopped before the new key took over; the old one still works (11)."""

    exit_code = 11
    hint = "run: awsvault-py rotate"


class NotThisSlot(Exception):  # control flow between slots, never shown to a person
    """A slot cannot open the vault here and now: try the next one."""
