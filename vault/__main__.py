"""The entry point: a warm export if possible, otherwise an export from disk, otherwise the command line.

Each step imports only what it needs: the first nothing but vault/warm, the second no click.
"""

import marshal
import os
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType
    from typing import NoReturn

_COMPILED = f".{sys.implementation.cache_tag}.pyc"
_ELSEWHERE = sys.flags.optimize > 0 or sys.pycache_prefix is not None  # compiled files have other names
_MOST = 65_536  # bytes of a compiled file; the largest has half of that


class OwnLoader(SourceFileLoader):
    """Loads a module from its compiled file, if that is of the source file as it is, and as Python does if it is not.

    Python compares the same: its version, and the time and size of the source. But it looks for the names of both files twice, and
    makes a dozen calls of the system.
    """

    def __init__(self, name: str, path: str, compiled: str, source: os.stat_result) -> None:
        super().__init__(name, path)
        self._compiled = compiled
        numbers = (int(source.st_mtime), source.st_size)
        self._begins = b"".join(
            [MAGIC_NUMBER, bytes(4), *((n & 0xFFFFFFFF).to_bytes(4, "little") for n in numbers)]
        )

    def get_code(self, fullname: str) -> "CodeType | None":
        """The module's code."""
        try:
            fd = os.open(self._compiled, os.O_RDONLY | os.O_CLOEXEC)
            try:
                raw = os.read(fd, _MOST)
            finally:
                os.close(fd)
            if raw.startswith(self._begins) and len(raw) < _MOST:
                code = marshal.loads(memoryview(raw)[len(self._begins) :])  # noqa: S302  # as Python does
                if getattr(code, "co_filename", "") == self.path:
                    return code  # type: ignore[no-any-return]
        except (OSError, EOFError, ValueError, TypeError):  # missing, or damaged
            pass
        return super().get_code(fullname)


# New objects after which Python looks for garbage in circles. Every 700 is its default, which takes a third of the time of a sync
# of 10,000 entries: reading them makes 400,000 objects, and none of them is garbage.
_GARBAGE = 100_000


class OwnModules:
    """Finds the program's modules and packages beside each other. Python asks three finders for each, and one of them looks for
    five kinds of file: for the hundred modules of a cold export, that takes a quarter of Python's start.
    """

    @staticmethod
    def find_spec(
        name: str, path: "Sequence[str] | None" = None, _target: object = None
    ) -> ModuleSpec | None:
        """Where a module or package is; None, so that Python looks itself, for whatever is not beside the others."""
        if path is None or not name.startswith("vault."):
            return None
        place = f"{path[0]}/{name.rpartition('.')[2]}"
        for folder, file in ((path[0], place), (place, f"{place}/__init__")):
            try:
                source = os.stat(f"{file}.py")
            except OSError:
                continue
            compiled = f"{folder}/__pycache__{file[len(folder) :]}{_COMPILED}"
            loader = SourceFileLoader(name, f"{file}.py")
            if not _ELSEWHERE:
                loader = OwnLoader(name, f"{file}.py", compiled, source)
            found = ModuleSpec(name, loader, origin=f"{file}.py", is_package=folder is place)
            if found.submodule_search_locations is not None:
                found.submodule_search_locations.append(place)
            found.has_location = True
            if not _ELSEWHERE:
                found.cached = compiled
            return found
        return None


def main(refresh: str | None = None, *, asked: bool = False) -> None:
    """Run the command in sys.argv and end the process with its exit code.

    ``asked``: the installed command has already asked the agent; ``refresh`` is what vault/warm.serve returned.
    """
    try:
        if not asked:
            from vault.warm import serve

            refresh = serve(sys.argv[1:])  # does not return if the agent had the answer
        if OwnModules not in sys.meta_path:
            sys.meta_path.insert(0, OwnModules)
        if asked and "awsvault_warm" in sys.modules:  # the wheel's copy, so that it is not loaded twice
            sys.modules.setdefault("vault.warm", sys.modules["awsvault_warm"])
        if refresh is not None:
            _refresh(refresh)
        _open_standard_streams()
        _wait_for_children()
        sys.exit(_run(sys.argv[1:]))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # while modules were still being loaded
        from vault.cli import exits

        sys.exit(exits.report(error))


def _refresh(profile: str) -> "NoReturn":
    """The answer is printed: refresh its session in a detached process. Even if that fails, there is no second answer."""
    try:
        from vault.system.detach import detached

        if detached():
            from vault.cli import disk_export

            _open_standard_streams()
            _wait_for_children()
            disk_export.refresh(profile)
    finally:
        os._exit(0)


def _quick(argv: list[str]) -> int | None:
    """Run a command of every day, if its command line does not need click, without looking for garbage in circles: a run
    this short ends before that is worth its time.
    """
    import gc

    gc.disable()
    code = _without_click(argv)
    gc.enable()
    gc.set_threshold(_GARBAGE)
    return code


def _leave(code: int) -> "NoReturn":
    """End the process after a short command at once. The normal end of the interpreter takes as long as the command's work."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):  # reported already, or nobody is left to read it
            code = code or 1
    os._exit(code)


def _run(argv: list[str]) -> int:
    if argv[:1] == ["agent-process"]:  # vault.agent.start.COMMAND
        from vault.agent_process.main import process

        return process(argv[1:])
    if argv[:1] == ["agent-watch"]:  # vault.agent.start.WATCH
        from vault.agent.sleep_watch import process as watch

        return watch(argv[1:])
    if argv[:1] == ["session-refresh"] and len(argv) == 2:  # vault.cli.disk_export.REFRESH
        from vault.cli.disk_export import refresh

        refresh(argv[1])
    code = _quick(argv)
    if code is not None:
        _leave(code)
    from vault.cli.main import run

    return run(argv)


def _without_click(argv: list[str]) -> int | None:
    """Run a command that users or their tools run all the time, unless its command line needs click: then return None."""
    if argv[:1] == ["export"]:
        from vault.cli.disk_export import export

        return export(argv)
    if argv[:1] == ["exec"]:
        from vault.cli.warm_exec import run as execute

        return execute(argv)
    if argv[:1] in (["prompt"], ["--profile-names"]):
        from vault.cli.prompt_line import run as show

        return show(argv)
    if argv[:1] == ["shell-init"]:
        from vault.cli.shell_hooks import run as write

        return write(argv)
    from vault.cli.without_click import run as plain

    return plain(argv)


def _open_standard_streams() -> None:
    """Open closed standard streams, so that no file of the program becomes stdout.

    They are opened for reading only: writing to a stream that the caller closed fails, as it should.
    """
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)


def _wait_for_children() -> None:
    """Undo an ignored SIGCHLD, which survives exec: the kernel would reap each child at once. Its exit code would be
    lost, and its process ID could be reused while this process still needs it.
    """
    import _signal  # type: ignore[import-not-found]  # importing signal takes as long as the ciphers of a disk hit

    if _signal.getsignal(_signal.SIGCHLD) == _signal.SIG_IGN:
        _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)


if __name__ == "__main__":
    if not sys.flags.safe_path:
        del sys.path[0]  # the current folder: a file of its own there must not replace a library
    main()
