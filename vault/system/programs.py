"""Starts programs, without a shell and with an environment that the caller gives.

Some for their output, up to a limit and a deadline; others to run on independently, as a browser does.
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
    """A program that was run for its output gave none. The caller says what the output was for."""

    exit_code = 6
    hint = "run the command yourself to see what is wrong"


def output(words: Sequence[str], *, env: Mapping[str, str], limit: int, deadline: Deadline) -> bytes:
    """What the program writes to stdout, at most ``limit`` bytes. Its stdin is empty and its stderr is discarded.

    ProgramFailed if it cannot be started, ends with a code other than 0, writes more, or takes too long.
    """
    process = _started(words, env, stdout=subprocess.PIPE)
    name = safe(words[0], limit=100)
    assert process.stdout is not None  # noqa: S101  # Popen was given PIPE
    try:
        pieces = _read(process, name=name, limit=limit, deadline=deadline)
        try:
            code = process.wait(deadline.remaining())
        except subprocess.TimeoutExpired:
            raise ProgramFailed(f"{name} did not finish in time") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdout.close()
    if code != 0:
        raise ProgramFailed(f"{name} ended with {f'signal {-code}' if code < 0 else f'exit code {code}'}")
    return pieces


def _read(process: subprocess.Popen[bytes], *, name: str, limit: int, deadline: Deadline) -> bytes:
    """Its output up to the end, or up to the program's own end: a process that it leaves behind may keep the pipe open
    for hours.
    """
    assert process.stdout is not None  # noqa: S101  # Popen was given PIPE
    fd, data = process.stdout.fileno(), b""
    while True:
        ended = process.poll() is not None  # first: what it wrote until then is in the pipe
        if not readable([fd], 0 if ended else min(deadline.remaining(), limits.PROGRAM_LOOK)):
            if ended:
                return data
            if deadline.expired:
                raise ProgramFailed(f"{name} did not finish in time")
            continue
        piece = os.read(fd, 65_536)
        if not piece:
            return data
        data += piece
        if len(data) > limit:
            raise ProgramFailed(f"{name} wrote more than {limit} bytes")


def start_in_background(words: Sequence[str], *, env: Mapping[str, str]) -> Callable[[], bool]:
    """Start a program that outlives this process, without its terminal and descriptors. Errors: ProgramFailed.

    Returns a function that tells whether the program has ended with an error since.
    """
    process = _started(words, env, stdout=subprocess.DEVNULL, session=True)
    process.returncode = 0  # nothing waits for it: no warning when this object is dropped
    ended: list[int] = []

    def failed() -> bool:
        try:
            found, status = (0, 0) if ended else os.waitpid(process.pid, os.WNOHANG)
        except ChildProcessError:  # SIGCHLD is ignored, so the system has forgotten how it ended
            found, status = process.pid, 0
        ended.extend([status] if found else [])
        return any(ended)

    return failed


def _started(
    words: Sequence[str], env: Mapping[str, str], *, stdout: int, session: bool = False
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(
            list(words),
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
            env=dict(env),
            bufsize=0,
            start_new_session=session,
        )
    except (OSError, ValueError) as error:
        reason = os.strerror(error.errno or 0) if isinstance(error, OSError) else "its command contains a NUL"
        raise ProgramFailed(f"cannot start {safe(words[0], limit=100)}: {reason}") from None
