"""Which program asks for credentials: the processes above this one, and whether a coding agent is among them. Prints nothing.

What the system tells about a process of the same user is what that process wants to be told. It is for the user's eyes, and
for honest programs.
"""

from __future__ import annotations

import os

from vault import limits
from vault.records import NamedTuple
from vault.system.process_tree import ancestors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.system.process_tree import RunningProcess

_FIRST = 1  # the ID of the process that started all others, and is not shown where processes of other users are hidden
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._+-:/@")


class AskingProgram(NamedTuple):
    """The process that ran awsvault-py and those above it, the nearest first; none if the system does not tell.

    ``coding_agent`` is the name of the nearest one on the user's list, or empty. ``root`` is where the program's tree begins.
    """

    chain: tuple[RunningProcess, ...]
    coding_agent: str
    root: RunningProcess | None

    @property
    def cut_short(self) -> bool:
        """Whether the system did not tell all of them, up to the first process of the machine or container."""
        return not self.chain or self.chain[-1].parent > _FIRST

    @property
    def may_be_coding_agent(self) -> bool:
        """Whether a coding agent is among them, or cannot be ruled out."""
        return bool(self.coding_agent) or self.cut_short

    @property
    def tree(self) -> str:
        """What identifies the program's process tree: the ID and the start of its root, not its name. Empty if unknown."""
        return f"{self.root.pid} {self.root.started}" if self.root is not None else ""

    @property
    def name(self) -> str:
        """A name for messages, escaped."""
        return plain(self.coding_agent or (self.root.name if self.root is not None else "") or "a program")

    def lines(self) -> list[str]:
        """What a question says about it, escaped: the program, and those that started it."""
        if not self.chain:
            return ["Asked by: unknown (the system does not tell)"]
        first, *others = self.chain[: limits.ASKERS_SHOWN]
        if self.root is not None and self.root not in self.chain[: limits.ASKERS_SHOWN]:
            others[-1] = self.root
        found = [f"Asked by: {_described(first)}"]
        if others:
            found.append(f"Started by: {', '.join(map(_described, others))}")
        if self.cut_short:
            found.append("Others that started it: unknown (the system does not tell)")
        if self.root is not None:
            found.append(f"This program: {_described(self.root)} and all that it starts")
        return found


def asking_program(coding_agents: Sequence[str]) -> AskingProgram:
    """The program that ran this process. ``coding_agents``: the names to look for."""
    return found_in(ancestors(os.getppid()), coding_agents)


def found_in(chain: tuple[RunningProcess, ...], coding_agents: Sequence[str]) -> AskingProgram:
    """The asking program in ``chain``, whose first process asks."""
    known = {name.casefold(): name for name in coding_agents}
    nearest, root = "", None
    for process in chain:
        called = {name.casefold() for name in process.names()}
        if not nearest:
            nearest = next((known[name] for name in sorted(called & known.keys())), "")
        if nearest and nearest.casefold() in called:
            root = process  # the outermost one of this name: its helpers often have the same
    return AskingProgram(chain, nearest, root or _root(chain))


def _root(chain: tuple[RunningProcess, ...]) -> RunningProcess | None:
    """The outermost process of the first process's session, without the shell in which the user types, and without the desktop
    that started the program: it gives each one a control group.
    """
    own: list[RunningProcess] = []
    for process in chain:
        if process.session != chain[0].session or process.group != chain[0].group:
            break
        own.append(process)
    if len(own) > 1 and own[-1].terminal and own[-1].pid == own[-1].session:
        own.pop()
    return own[-1] if own else None


def plain(name: str) -> str:
    """A process's name with letters, digits and a few signs alone: no markup, no quotes, nothing that looks like other text."""
    cut = name[: limits.ASKER_NAME]
    return "".join(c if c in _PLAIN else f"\\x{ord(c):02x}" for c in cut)


def _described(process: RunningProcess) -> str:
    program = process.program
    other = f"{plain(program)}, " if program and program != process.name else ""
    return f"{plain(process.name)} ({other}PID {process.pid})"
