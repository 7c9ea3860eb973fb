"""Turns an error into two lines on stderr and an exit code, for every command. Does not import click.

SDKs capture the error lines of an export and may log them, so they are ASCII and contain no secret. Other commands show names
unchanged. Only --debug prints a traceback: places in the code, without local variables or the text of foreign exceptions.
"""

from __future__ import annotations

import os
import sys

from vault.errors import Error, NotFound, StorageError, no_handles
from vault.text import ascii_safe, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import TextIO

PROGRAM = "awsvault-py"
INTERRUPTED = 130  # 128 + SIGINT, as shells report it
BROKEN_PIPE = 141  # 128 + SIGPIPE: the reader closed the pipe, which needs no message
INTERNAL = 70  # EX_SOFTWARE


def two_lines(message: str, hint: str, *, captured: bool = True) -> str:
    """The text of a failure: ``error:`` says what was found, ``hint:`` says what to do. ``captured``: ASCII only, for an SDK."""
    shown = ascii_safe if captured else safe
    return f"{PROGRAM}: error: {shown(message)}\n{PROGRAM}: hint: {shown(hint)}\n"


def report(error: BaseException, *, captured: bool = True, debug: bool = False) -> int:
    """Report an error on stderr and return its exit code. ``debug`` adds a traceback.

    ``captured`` is False for commands that no SDK runs. Characters that stderr cannot encode are escaped.
    """
    try:
        return _reported(error, captured=captured, debug=debug)
    finally:
        _discard_unwritten()


def _reported(error: BaseException, *, captured: bool, debug: bool) -> int:
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    if debug:
        _write(places(error))
    if not isinstance(error, StorageError):  # its message already names what could not be opened
        error = no_handles(error) or error
    if isinstance(error, Error):
        _write(two_lines(error.message, _hint(error), captured=captured))
        return error.exit_code
    _write(two_lines(f"unexpected error: {type(error).__name__}", Error.hint))
    return INTERNAL


def _hint(error: Error) -> str:
    """The error's hint, with the path of config.toml. If there is no vault and no profile needs a key, it is to sign in."""
    if isinstance(error, NotFound):
        from vault.signin import needed
        from vault.system.paths import from_env

        found = needed.without_vault(error, os.environ, home=from_env(os.environ).home)
        if found is not None and found.only:
            return f"run: {found.command}"
    if "config.toml" in error.hint:
        from vault.settings import with_place
        from vault.system.paths import from_env

        return with_place(error.hint, from_env(os.environ).config_toml)
    return error.hint


def places(error: BaseException) -> str:
    """A traceback without values: file, line and function of each frame, and the type of each exception.

    Only awsvault-py's own errors show their messages: a foreign exception may quote the text that was being parsed.
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


def _discard_unwritten() -> None:
    """Point a standard stream that cannot be flushed to /dev/null: the interpreter would try again, and end with code 120."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            _to_nowhere(stream)


def _to_nowhere(stream: TextIO) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    except (OSError, ValueError):  # a stream without a descriptor
        pass
    finally:
        os.close(nowhere)


def _write(text: str) -> None:
    if sys.stderr is None:  # started with descriptor 2 closed
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):  # nobody reads stderr, so only the exit code can be reported
        return
