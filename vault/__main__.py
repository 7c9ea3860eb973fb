"""The entry: a warm export if it can be had, else an export from disk, else the command line.

Each step imports only what it needs: the first nothing but vault/warm, the second no click.
"""

import os
import sys


def main(renew: str | None = None, *, asked: bool = False) -> None:
    """Run the command in sys.argv and leave the process with its exit code.

    ``asked``: the installed command has asked the agent already, with ``renew`` as the answer (vault/warm.serve).
    """
    try:
        if not asked:
            from vault.warm import serve

            renew = serve(sys.argv[1:])  # does not come back where the agent had the answer
        _standard_streams()
        _children_have_an_end()
        if renew is not None:
            from vault.cli import disk_export

            disk_export.refresh(renew)
        sys.exit(_run(sys.argv[1:]))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # while modules were still being loaded
        from vault.cli import exits

        sys.exit(exits.report(error))


def _run(argv: list[str]) -> int:
    if argv[:1] == ["agent-process"]:  # vault.agent.start.COMMAND
        from vault.agent_process.main import process

        return process(argv[1:])
    if argv[:1] == ["agent-watch"]:  # vault.agent.start.WATCH
        from vault.agent.sleep_watch import process as watch

        return watch(argv[1:])
    code = _by_hand(argv)
    if code is not None:
        return code
    from vault.cli.main import run

    return run(argv)


def _by_hand(argv: list[str]) -> int | None:
    """The commands that are run at each prompt or by each tool: without click where their line is a plain one."""
    if argv[:1] == ["export"]:
        from vault.cli.disk_export import export

        return export(argv)
    if argv[:1] == ["exec"]:
        from vault.cli.warm_exec import run as become

        return become(argv)
    if argv[:1] in (["prompt"], ["--profile-names"]):
        from vault.cli.prompt_line import run as shown

        return shown(argv)
    if argv[:1] == ["shell-init"]:
        from vault.cli.shell_hooks import run as printed

        return printed(argv)
    return None


def _standard_streams() -> None:
    """Put something in the place of closed standard streams, so that no file of ours becomes stdout.

    Opened for reading only: writing to what the caller closed fails, as it should.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)


def _children_have_an_end() -> None:
    """Undo an ignored SIGCHLD, which lasts over exec: no exit code of a child of ours could be had, and its number
    would be another process's while we still hold it for ours.
    """
    import _signal  # type: ignore[import-not-found]  # always there, while signal takes as long as a disk hit's ciphers

    if _signal.getsignal(_signal.SIGCHLD) == _signal.SIG_IGN:
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)


if __name__ == "__main__":
    main()
