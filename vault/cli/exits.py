"""Errors to exits: two lines on stderr and a number. The one place that does so; imports no click.

SDKs capture an export's lines and may log them, so they are ASCII and hold no secret; names in those of other commands
are shown as they are; a traceback is given only for --debug, and then as
places in the code: no local variable, and no text of an exception that is not awsvault-py's own.
"""

from __future__ import annotations

import sys

from vault.errors import Error, StorageError, no_handles
from vault.text import ascii_safe, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

PROGRAM = "awsvault-py"
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
BROKEN_PIPE = 141  # 128 + SIGPIPE: the reader went away, which is no error worth a word
INTERNAL = 70  # EX_SOFTWARE


def two_lines(message: str, hint: str, *, captured: bool = True) -> str:
    """The text of a failure: ``error:`` says what was found, ``hint:`` what to do. ``captured``: in ASCII, for an SDK."""
    shown = ascii_safe if captured else safe
    return f"{PROGRAM}: error: {shown(message)}\n{PROGRAM}: hint: {shown(hint)}\n"


def report(error: BaseException, *, captured: bool = True, debug: bool = False) -> int:
    """Say on stderr what went wrong and return the exit code. ``debug`` adds the places in the code, nothing more.

    ``captured`` is False for commands that no SDK runs. What stderr cannot encode is escaped by it.
    """
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    if debug:
        _write(places(error))
    if not isinstance(error, StorageError):  # it says itself what could not be opened
        error = no_handles(error) or error
    if isinstance(error, Error):
        _write(two_lines(error.message, error.hint, captured=captured))
        return error.exit_code
    _write(two_lines(f"unexpected {type(error).__name__}", Error.hint))
    return INTERNAL


def places(error: BaseException) -> str:
    """A traceback without values: each frame's file, line and function, each exception's type; our own messages too.

    The text of a foreign exception is left out, since it may quote what was being parsed.
    """
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    lines: list[str] = []
    for link in reversed(chain):
        lines += ["traceback, outermost first:", *_frames(link.__traceback__)]
        lines.append(
            f"  {type(link).__name__}" + (f": {ascii_safe(link.message)}" if isinstance(link, Error) else "")
        )
    return "".join(f"{PROGRAM}: debug: {line}\n" for line in lines)


def _frames(trace: TracebackType | None) -> list[str]:
    found = []
    while trace is not None:
        code = trace.tb_frame.f_code
        found.append(f"  {ascii_safe(code.co_filename)}:{trace.tb_lineno} in {ascii_safe(code.co_name)}")
        trace = trace.tb_next
    return found


def _write(text: str) -> None:
    if sys.stderr is None:  # started with descriptor 2 closed
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody can be told; the exit code still tells
        return
