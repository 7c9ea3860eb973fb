"""Runs ``export PROFILE`` without options. Does not import click, which takes longer than the whole answer from disk.

Prints the same as vault/cli/export.py: one JSON line on stdout, or two lines on stderr.
"""

from __future__ import annotations

import os

from vault.cli import exits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from vault.agent.link import AgentLink
    from vault.context import Context
    from vault.credentials.disk_hit import Hit
    from vault.errors import Refused
    from vault.store.opened import Opened
    from vault.system.paths import Paths


REFRESH = "session-refresh"  # the native front runs this command in a detached process (vault/front/full.c)


def export(argv: Sequence[str]) -> int | None:
    """Run ``export PROFILE`` and return its exit code. Returns None for any other command line."""
    if len(argv) != 2 or argv[0] != "export" or not argv[1] or argv[1].startswith("-"):
        return None
    try:
        from vault.agent.link import AgentLink
        from vault.system.paths import from_env

        paths = from_env(os.environ)
        agent = AgentLink.of(os.environ, paths)
        _from_cache(argv[1], paths, agent)
        _in_full(argv[1], agent)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # the top: every error becomes an exit code
        return exits.report(error)


def _from_cache(profile: str, paths: Paths, agent: AgentLink) -> None:
    from vault.credentials import disk_hit

    found = disk_hit.find(os.environ, paths, profile, agent)
    if found is None:
        return
    from vault import limits
    from vault.system.detach import detached

    # A second process writes the log, which takes a third of the time. It starts before the line is printed, because the
    # reader may end this process as soon as it has the line. In a container, no process outlives process 1.
    child = detached() if os.getpid() != 1 else None
    if child:
        _afterwards(found)
    if child is None:
        disk_hit.log(found, wait=limits.LOG_WAIT)
    write_out(found.line)
    disk_hit.tell_agent(agent, found)
    os._exit(0)  # the normal end of the interpreter takes as long as decrypting the session


def _afterwards(found: Hit) -> NoReturn:
    """In a detached process: write the log, and refresh the session if it is due."""
    from vault import limits
    from vault.credentials import disk_hit

    try:
        disk_hit.log(found, wait=limits.LOG_WAIT_BESIDE)
        if found.refresh_ahead:
            refresh(found.profile)
    finally:
        os._exit(0)


def _in_full(profile: str, agent: AgentLink) -> NoReturn:
    from vault.context import from_process
    from vault.unlocking import key_access

    context = from_process(attended=False, agent=agent)
    begun = key_access.begin(context)  # first: the agent opens the vault while this process loads the rest
    from vault.credentials import obtain
    from vault.credentials.request import Request

    context.newer_key = newer_key
    request = Request(profile, ask=os.isatty(1))
    issued = obtain.credentials(context, request, purpose=f"to export {profile}", begun=begun)
    write_out(issued.line)
    os._exit(0)  # everything is written; see _from_cache


def newer_key(context: Context, opened: Opened | None, error: Refused) -> bool:
    """Context.newer_key of the commands that issue credentials."""
    from vault.machines import refused_key

    return refused_key.newer_key(context, opened, error)


def refresh(profile: str) -> NoReturn:
    """Refresh the session of ``profile`` before it expires. Runs in a detached process, and ends it."""
    try:
        from vault.context import from_process
        from vault.credentials import obtain

        context = from_process(attended=False)
        context.disable_prompts()
        obtain.refresh_ahead(context, profile)
    finally:
        # The issued session is still valid. The process that needs the next one will report the problem.
        os._exit(0)


def write_out(line: bytes) -> None:
    """Write all of ``line`` to stdout, in one write if the pipe takes it. Raises StorageError, BrokenPipeError."""
    while line:
        try:
            line = line[os.write(1, line) :]
        except BrokenPipeError:
            raise
        except OSError as error:
            from vault.errors import StorageError

            raise StorageError(f"cannot write to standard output: {os.strerror(error.errno or 0)}") from None
