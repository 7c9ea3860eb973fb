"""Programs that we start: no shell, an environment that the caller names.

Some for their output, up to a limit and a deadline; some to live on beside us, as a browser does.
"""

from __future__ import annotations

import os
import subprocess

from vault import limits
from vault.errors import Error
from vault.system.poll import readable
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vault.system.clock import Deadline


class ProgramFailed(Error):
    """A program that was run for its output gave none. The caller says what it was wanted for."""

    exit_code = 6
    hint = "run the command by hand and see what it says"


def output(words: Sequence[str], *, env: Mapping[str, str], limit: int, deadline: Deadline) -> bytes:
    """What the program writes to stdout, at most ``limit`` bytes. Its stdin is empty and its stderr is dropped.

    ProgramFailed where it cannot be started, ends with another code than 0, writes more, or is not done in time.
    """
    name = safe(words[0], limit=100)
    try:
        process = subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(env),
            bufsize=0,
        )
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else "it holds a NUL"
        raise ProgramFailed(f"{name} could not be started: {reason}") from None
    assert process.stdout is not None  # noqa: S101  # Popen was given PIPE
    try:
        pieces = _read(process, name=name, limit=limit, deadline=deadline)
        try:
            code = process.wait(deadline.remaining())
        except subprocess.TimeoutExpired:
            raise ProgramFailed(f"{name} was not done in time") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
    if code != 0:
        raise ProgramFailed(f"{name} ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}")
    return pieces


def _read(process: subprocess.Popen[bytes], *, name: str, limit: int, deadline: Deadline) -> bytes:
    """All up to the end of its output, or up to its own end: what it leaves running may hold the pipe for hours."""
    assert process.stdout is not None  # noqa: S101  # Popen was given PIPE
    fd, data = process.stdout.fileno(), b""
    while True:
        ended = process.poll() is not None  # before the look: what it wrote until then is in the pipe
        if not readable([fd], 0 if ended else min(deadline.remaining(), limits.PROGRAM_LOOK)):
            if ended:
                return data
            if deadline.expired:
                raise ProgramFailed(f"{name} was not done in time")
            continue
        piece = os.read(fd, 65_536)
        if not piece:
            return data
        data += piece
        if len(data) > limit:
            raise ProgramFailed(f"{name} wrote more than {limit} bytes")


def start_beside(words: Sequence[str], *, env: Mapping[str, str]) -> Callable[[], bool]:
    """Start a program that outlives us, without our terminal and descriptors. ProgramFailed where it cannot be.

    What is given tells whether it has ended with an error since.
    """
    name = safe(words[0], limit=100)
    try:
        process = subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=dict(env),
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else "it holds a NUL"
        raise ProgramFailed(f"{name} could not be started: {reason}") from None
    process.returncode = 0  # it is not ours to wait for: no warning when this value is dropped
    ended: list[int] = []

    def failed() -> bool:
        found, status = (0, 0) if ended else os.waitpid(process.pid, os.WNOHANG)
        ended.extend([status] if found else [])
        return any(ended)

    return failed
