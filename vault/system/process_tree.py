"""The processes above one: their names, and what tells each of them from every other. Linux only; elsewhere there are none."""

from __future__ import annotations

import os

from vault import limits
from vault.records import NamedTuple
from vault.system.processes import command_of, control_group, status

# Programs that run another: the name of the script says more than theirs.
_INTERPRETERS = ("bash", "bun", "dash", "deno", "node", "perl", "python", "ruby", "sh", "zsh")


class RunningProcess(NamedTuple):
    """One process. ``started``: clock ticks since boot, which with the ID is one process for as long as the machine runs.

    ``name`` is what the kernel calls it; the process can change that. ``session`` is the ID of its session's first process.
    ``parent`` is the ID of the process above it, 0 if there is none.
    """

    pid: int
    started: str
    name: str
    session: int
    terminal: bool
    parent: int = 0

    @property
    def program(self) -> str:
        """The name of the file that it runs; empty if the system does not tell."""
        try:
            path = os.readlink(f"/proc/{self.pid}/exe")
        except OSError:
            return ""
        return os.path.basename(path.removesuffix(" (deleted)"))  # it was updated since

    @property
    def group(self) -> str:
        """Its control groups; empty if the system does not tell."""
        return control_group(self.pid)

    def names(self) -> set[str]:
        """All that it may be called: by the kernel, by its file, and by its command line."""
        words = [word for word in command_of(self.pid) if word]
        program = self.program
        found = {self.name, program, os.path.basename(words[0]).lstrip("-") if words else ""}
        if any(one.startswith(_INTERPRETERS) for one in found if one):
            found.add(_script(words[1:]))
        return found - {""}


def _script(words: list[str]) -> str:
    """The name of what an interpreter runs, without its ending."""
    following = iter(words)
    for word in following:
        if word in ("-c", "-e"):
            return ""
        if word == "-m":
            return next(following, "")
        if not word.startswith("-"):
            name = os.path.basename(word)
            return name.rpartition(".")[0] if name.endswith((".js", ".mjs", ".cjs", ".py")) else name
    return ""


def ancestors(pid: int) -> tuple[RunningProcess, ...]:
    """RunningProcess ``pid``, then its parent, and so on up to the last one that the system shows."""
    found: list[RunningProcess] = []
    while pid > 0 and len(found) < limits.ANCESTORS:
        process = _read(pid)
        # A later process may have got the ID of a parent that has ended.
        gone = process is None or (found and int(process.started) > int(found[-1].started))
        if gone and found:
            process = _read(found[-1].pid)
            if process is None or process.started != found[-1].started or process.parent == pid:
                break
            found.pop()  # it has another parent now
        if process is None:
            break
        found.append(process)
        pid = process.parent
    return tuple(found)


def _read(pid: int) -> RunningProcess | None:
    """A process; None if there is none, or the system does not tell."""
    name, words = status(pid)
    if len(words) < 20:
        return None
    return RunningProcess(pid, words[19], name, int(words[3]), terminal=words[4] != "0", parent=int(words[1]))
