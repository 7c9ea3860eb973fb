"""``export PROFILE`` without options, parsed by hand: click costs more than the whole answer from disk.

As the command of vault/cli/export.py does: one JSON line on stdout or two lines on stderr.
"""

from __future__ import annotations

import os

from vault.cli import exits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from vault.credentials.disk_hit import Hit


def export(argv: Sequence[str]) -> int | None:
    """The exit code of ``export PROFILE``; None where the command line is another one."""
    if len(argv) != 2 or argv[0] != "export" or not argv[1] or argv[1].startswith("-"):
        return None
    try:
        _from_cache(argv[1])
        _in_full(argv[1])
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # the top: every error becomes an exit here
        return exits.report(error)


def _from_cache(profile: str) -> None:
    from vault.credentials import disk_hit

    found = disk_hit.find(os.environ, profile)
    if found is None:
        return
    from vault import limits
    from vault.system.detach import detached

    # Before the line is out, since its reader may end us then; and beside us, since the log costs a third of the whole.
    # Nothing outlives the first process of a container.
    beside = detached() if os.getpid() != 1 else None
    if beside:
        _afterwards(found)
    if beside is None:
        disk_hit.log(found, wait=limits.LOG_WAIT)
    write_out(found.line)
    disk_hit.tell_agent(os.environ, found)
    os._exit(0)  # the interpreter's own end costs as much as the session's decryption


def _afterwards(found: Hit) -> NoReturn:
    """In a detached process: the log, and perhaps the next session."""
    from vault import limits
    from vault.credentials import disk_hit

    try:
        disk_hit.log(found, wait=limits.LOG_WAIT_BESIDE)
        if found.renew:
            refresh(found.profile)
    finally:
        os._exit(0)


def _in_full(profile: str) -> NoReturn:
    from vault.context import from_process
    from vault.credentials import obtain
    from vault.credentials.request import Request

    context = from_process(attended=False)
    got = obtain.credentials(context, Request(profile, ask=os.isatty(1)), purpose=f"to export {profile}")
    write_out(got.line)
    os._exit(0)  # as above; nothing is left to be written


def refresh(profile: str) -> NoReturn:
    """In a detached process: a new session for ``profile`` before the one that was printed is due. Never returns."""
    try:
        from vault.context import from_process
        from vault.credentials import obtain

        context = from_process(attended=False)
        context.disable_prompts()
        obtain.refreshed(context, profile)
    finally:
        os._exit(
            0
        )  # the issued session is valid for a while; the process that needs a new one reports what is wrong


def write_out(line: bytes) -> None:
    """All of ``line`` to stdout, in one write where the pipe takes it. Errors: StorageError, BrokenPipeError."""
    while line:
        try:
            line = line[os.write(1, line) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            from vault.errors import StorageError

            raise StorageError(
                f"standard output could not be written: {os.strerror(error.errno or 0)}"
            ) from None
