"""Who asks: the coding agent in a process tree, the tree's root, and what a question says about them."""

from __future__ import annotations

import os
from typing import NamedTuple

import pytest

from vault.credentials import asking_program
from vault.credentials.asking_program import found_in, plain
from vault.system.process_tree import RunningProcess

AGENTS = ("claude", "Cursor")


class Named(NamedTuple):
    """A process whose file has the name that it has itself."""

    pid: int
    started: str
    name: str
    session: int
    terminal: bool
    parent: int = 1
    group: str = ""

    @property
    def program(self):
        return self.name

    def names(self):
        return {self.name}


def chain(*rows):
    """Processes from (ID, name, session, whether it has a terminal); each started at a time of its own."""
    return tuple(
        Named(pid, str(9000 - number), name, session, terminal)
        for number, (pid, name, session, terminal) in enumerate(rows)
    )


TERMINAL = chain(
    (50, "aws", 10, True), (40, "terraform", 10, True), (10, "bash", 10, True), (5, "xterm", 5, False)
)


def test_the_root_is_below_the_users_shell():
    """What the user starts next in that shell is another program."""
    found = found_in(TERMINAL, AGENTS)
    assert (found.root.name, found.tree, found.coding_agent) == ("terraform", "40 8999", "")
    assert not found.may_be_coding_agent


def test_the_root_without_a_terminal_is_the_first_of_its_session():
    """A service and its children."""
    found = found_in(chain((50, "aws", 10, False), (10, "job", 10, False), (1, "systemd", 1, False)), AGENTS)
    assert found.root.name == "job"


def test_the_root_of_an_application_is_not_the_desktop():
    """It is in the session of the desktop that started it, and in a control group of its own."""
    rows = chain(
        (50, "aws", 10, False),
        (40, "editor", 10, False),
        (10, "gnome-shell", 10, False),
        (1, "systemd", 1, False),
    )
    groups = ("app-editor", "app-editor", "gnome-shell", "")
    found = found_in(
        tuple(one._replace(group=group) for one, group in zip(rows, groups, strict=True)), AGENTS
    )
    assert found.root.name == "editor"


def test_a_shell_that_asks_itself_is_the_root():
    """There is nothing below it."""
    assert found_in(TERMINAL[2:], AGENTS).root.name == "bash"


def test_a_coding_agent_is_found_in_any_session():
    """Agents start their commands in sessions of their own. Of its processes the outermost is the root."""
    found = found_in(
        chain(
            (90, "aws", 80, False), (80, "sh", 80, False), (70, "CLAUDE", 70, False), (60, "node", 10, True),
            (50, "claude", 10, True), (40, "bash", 10, True), (30, "cursor", 3, False),
        ),
        AGENTS,
    )  # fmt: skip
    assert (found.coding_agent, found.root.pid, found.may_be_coding_agent) == ("claude", 50, True)


def test_where_the_system_tells_nothing_it_may_be_a_coding_agent():
    """macOS: every use is asked about, and the question says that the program is unknown."""
    found = found_in((), AGENTS)
    assert (found.may_be_coding_agent, found.tree, found.name) == (True, "", "a program")
    assert found.lines() == ["Asked by: unknown (the system does not tell)"]


def test_where_the_system_does_not_tell_all_it_may_be_a_coding_agent():
    """Processes of other users are hidden, or there are too many: who is above them cannot be ruled out, which is said."""
    cut = (*TERMINAL[:-1], TERMINAL[-1]._replace(parent=77))
    found = found_in(cut, AGENTS)
    assert (found.may_be_coding_agent, found.coding_agent, found.name) == (True, "", "terraform")
    assert found.lines()[2] == "Others that started it: unknown (the system does not tell)"


def test_the_lines_name_the_program_and_its_parents():
    """The nearest first, and the root even if it is far away."""
    assert found_in(TERMINAL, AGENTS).lines() == [
        "Asked by: aws (PID 50)",
        "Started by: terraform (PID 40), bash (PID 10), xterm (PID 5)",
        "This program: terraform (PID 40) and all that it starts",
    ]
    far = chain(*((90 - number, f"p{number}", 10, False) for number in range(7)), (2, "claude", 1, False))
    lines = found_in(far, AGENTS).lines()
    assert lines[1] == "Started by: p1 (PID 89), p2 (PID 88), p3 (PID 87), claude (PID 2)"


def test_a_program_under_another_name_shows_both():
    """What it calls itself, and the file that it runs."""
    made = RunningProcess(os.getpid(), "1", "terraform", 1, terminal=False)
    assert found_in((made,), ()).lines()[0].startswith("Asked by: terraform (python3")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("tmux: server", "tmux: server"),
        ("<b>x</b>&", r"\x3cb\x3ex\x3c/b\x3e\x26"),
        ("aws (PID 1), x", r"aws \x28PID 1\x29\x2c x"),
        ("a\nDeny\x1b[31m", r"a\x0aDeny\x1b\x5b31m"),
        ("\u202eswa", r"\x202eswa"),
        ("\udcff", r"\xdcff"),
        ("x" * 99, "x" * 32),
    ],
)
def test_a_hostile_name_is_plain_text(name, shown):
    """No markup, no line end, no other direction, nothing that looks like the text around it."""
    assert plain(name) == shown


def test_this_process_was_asked_for_by_its_parent():
    """The chain begins with the process that ran awsvault-py."""
    assert asking_program.asking_program(()).chain[0].pid == os.getppid()
