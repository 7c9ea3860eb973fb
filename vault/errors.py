"""The error tree: the message says what was found, the hint says what to do, and the class sets the exit code.

No imports: every package raises these, and the command line turns them into two lines on stderr and an exit code.
"""

from __future__ import annotations


class Error(Exception):
    """The base of all errors that the program raises on purpose.

    ``message`` names what was found (a file and line, a profile, a value) and never contains a secret.
    ``hint`` says what the user can do next.
    """

    exit_code = 70
    hint = "this is a bug in awsvault-py: run the command again with --debug and report the output"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if hint is not None:
            self.hint = hint


class Internal(Error):
    """A bug in awsvault-py (70)."""


class CheckFailed(Error):
    """A check found a problem; the program itself did not fail (1)."""

    exit_code = 1
    hint = "run: awsvault-py doctor"


class Usage(Error):
    """The command line or the input of --stdin is wrong (2)."""

    exit_code = 2
    hint = "run: awsvault-py --help"


class Locked(Error):
    """The vault is locked, and no prompt is possible (3).

    ``failed_sources`` are the sources of a passphrase that are set and gave none, each with its reason.
    """

    failed_sources: tuple[str, ...] = ()

    exit_code = 3
    hint = "run: awsvault-py unlock"


class StrictClosed(Locked):
    """The seed is in the strict box, which is locked, and no prompt for its passphrase is possible (3)."""

    hint = "run: awsvault-py unlock --strict"


class WrongPassphrase(Error):
    """A passphrase, recovery code or other secret does not open the vault (4)."""

    exit_code = 4
    hint = "try again, or type a recovery code; to see what unlocks the vault: awsvault-py slots list"


class NotFound(Error):
    """A profile, entry or device on the command line does not exist (5)."""

    exit_code = 5
    hint = "run: awsvault-py list"


class ConfigError(Error):
    """One of AWS's or awsvault-py's files has an error (6): a profile loop, a missing source, a bad value, damage."""

    exit_code = 6
    hint = "fix it and run the command again"


class UnsafeFile(ConfigError):
    """A file or folder has the wrong type, owner or mode (6): a link, a FIFO, open to other users."""

    hint = "check who created it before you use it"


class Untrusted(ConfigError):
    """A host that is neither AWS's own nor a trusted host would be relied on, or would receive a session or a token (6)."""


class StorageError(ConfigError):
    """A file cannot be written or opened (6): the disk is full or read-only, too many files are open. Nothing is lost."""

    hint = "free some disk space or make the folder writable, then run the command again"


def no_handles(error: BaseException | None) -> StorageError | None:
    """The error to raise if ``error`` was caused by too many open files in the process (EMFILE) or on the machine (ENFILE).

    None otherwise. Looks through the chain of causes: importing a module opens a file too, and Python reports that failure
    only in an ImportError's text.
    """
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        number = error.errno if isinstance(error, OSError) else None
        if number == 23:  # ENFILE
            return StorageError("too many open files on this machine", hint="close some programs")
        if number == 24 or (isinstance(error, ImportError) and "Too many open files" in str(error)):  # EMFILE
            return StorageError("too many open files in this process", hint="raise the limit: ulimit -n 256")
        seen.append(error)
        error = error.__cause__ or error.__context__
    return None


class Refused(Error):
    """AWS refused the request (7): permissions, MFA, validation.

    ``code`` is AWS's error code, such as ``AccessDenied``. ``said`` is AWS's own message, not escaped. ``date`` is the
    answer's Date in Unix seconds. ``key_id`` is the ID of the source key at the start of the refused chain, if it is known.
    """

    exit_code = 7
    hint = "run: awsvault-py explain PROFILE"

    def __init__(self, message: str, *, hint: str | None = None, code: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.said = ""
        self.date: int | None = None
        self.key_id = ""


class NotSignedIn(Refused):
    """There is no valid sign-in to IAM Identity Center (7).

    ``sign_in`` is the name for `sso login`: a session or a profile. It is empty in an error that came from another process.
    """

    def __init__(self, message: str, *, hint: str, sign_in: str = "") -> None:
        super().__init__(message, hint=hint, code="SignedOut")
        self.sign_in = sign_in


class Unreachable(Error):
    """AWS cannot be reached, or still fails after retries (8).

    ``sent``: the request may have reached AWS, and AWS may have acted on it.
    """

    exit_code = 8
    hint = "check the network, the proxy and the endpoint, then run the command again"

    def __init__(self, message: str, *, hint: str | None = None, code: str = "", sent: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.sent = sent


class Damaged(Error):
    """The vault file is damaged: it is not as awsvault-py wrote it (9)."""

    exit_code = 9
    hint = "run: awsvault-py restore"


class RolledBack(Damaged):
    """The vault is older than the generation that this machine has seen (9)."""

    hint = "if you put an older copy there yourself, run: awsvault-py restore --accept"


class Diverged(Damaged):
    """The vault has the generation that this machine has seen, but different content: two machines wrote it (9)."""

    hint = "to keep this copy, run: awsvault-py restore --accept"


class Declined(Error):
    """The user or a guard rail said no (10)."""

    exit_code = 10
    hint = "to start over, run the command again"


class AlreadyExists(Error):
    """The name, vault or file to be created already exists (10)."""

    exit_code = 10
    hint = "choose another name, or use --replace"


class RotationStopped(Error):
    """A rotation stopped before the new key took over; the old key still works (11)."""

    exit_code = 11
    hint = "run: awsvault-py rotate"


class NotThisSlot(Exception):  # control flow between slots, never shown to the user
    """A slot cannot open the vault now; the caller tries the next one."""
