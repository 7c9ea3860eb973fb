"""The processes above one: their names, and what tells each of them from every other. Linux only; elsewhere there are none."""

from __future__ import annotations

import os

from vault import limits
from vault.records import NamedTuple
from vault.system.processes import command_of, status

# Programs that run another: the name of the script says more than theirs.
_INTERPRETERS = ("bash", "bun", "dash", "deno", "node", "perl", "python", "ruby", "sh", "zsh")


class RunningProcess(NamedTuple):
    """One process. ``started``: clock ticks since boot, which with the ID is one process for as long as the machine runs.

    ``name`` is what the kernel calls it; the process can change that. ``session`` is the ID of its session's first process.
    """

    pid: int
    started: str
    name: str
    session: int
    terminal: bool

    @property
    def program(self) -> str:
        """The name of the file that it runs; empty if the system does not tell."""
        try:
            path = os.readlink(f"/proc/{self.pid}/exe")
        except OSError:
            return ""
        return os.path.basename(path.removesuffix(" (deleted)"))  # it was updated since

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
        read = _read(pid)
        if read is None:
            break
        process, parent = read
        if found and int(process.started) > int(found[-1].started):
            break  # a later process that got the ID of the parent, which has ended
        found.append(process)
        pid = parent
    return tuple(found)


def _read(pid: int) -> tuple[RunningProcess, int] | None:
    """A process and the ID of its parent; None if there is none, or the system does not tell."""
    name, words = status(pid)
    if len(words) < 20:
        return None
    found = RunningProcess(pid, words[19], name, int(words[3]), terminal=words[4] != "0")
    return found, int(words[1])
