"""The processes above one, as Linux tells: their names, whatever they call themselves, and their start."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.unit.agent.at_home import until
from vault import limits
from vault.system import process_tree
from vault.system.process_tree import ancestors


@contextmanager
def started(*words, **more):
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more)
    try:
        yield child
    finally:
        child.kill()
        child.communicate()


def script(tmp_path, name, text="read -r line", shell="#!/bin/sh"):
    made = tmp_path / name
    made.write_text(f"{shell}\n{text}\n")
    made.chmod(0o700)
    return str(made)


def first(pid, name):
    """The process once it runs what it was started for."""
    until(lambda: ancestors(pid) and ancestors(pid)[0].name == name)
    return ancestors(pid)[0]


def test_the_chain_leads_from_a_child_to_this_process_and_on():
    """Each with its own start, the children last."""
    with started("sleep", "1000") as child:
        first(child.pid, "sleep")
        found = ancestors(child.pid)
        assert [one.pid for one in found[:3]] == [child.pid, os.getpid(), os.getppid()]
        starts = [int(one.started) for one in found]
        assert starts == sorted(starts, reverse=True)
        assert found[0].session == os.getsid(0)
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            assert found[0].group == found[1].group == file.read()
    assert found[0].group == ""


def test_a_program_is_known_by_its_file(tmp_path):
    """A copy of a program under another name; and it stays so after an update has removed the file."""
    path = str(tmp_path / "codex")
    shutil.copy("/bin/sleep", path)
    with started(path, "1000") as child:
        one = first(child.pid, "codex")
        until(lambda: (one.program, one.names()) == ("codex", {"codex"}))
        os.unlink(path)
        assert one.program == "codex"


def test_a_program_is_known_by_its_name_on_the_command_line(tmp_path):
    """exec -a, as wrappers of some editors do."""
    with started("cursor-agent", "1000", executable=shutil.which("sleep")) as child:
        one = first(child.pid, "sleep")
        until(lambda: {"cursor-agent", "sleep"} <= one.names())


@pytest.mark.parametrize(
    ("name", "text"),
    [("aider", "import sys; sys.stdin.read()"), ("cli.py", "import sys; sys.stdin.read()")],
)
def test_a_script_is_known_by_its_name(tmp_path, name, text):
    """Whether its interpreter was named or found by the first line; without the ending."""
    path = script(tmp_path, name, text, f"#!{sys.executable}")
    with started(sys.executable, "-u", path) as child:
        until(lambda: name.removesuffix(".py") in ancestors(child.pid)[0].names())
    with started(path) as child:
        one = first(child.pid, name)
        until(lambda: name.removesuffix(".py") in one.names())


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["-m", "aider", "x"], "aider"), (["-m"], ""), (["-c", "claude"], ""), (["-e", "claude"], ""), ([], ""), (["--quiet"], ""),
        (["--quiet", "/usr/lib/code-server/out/node/code-server.js"], "code-server"), (["/opt/claude", "codex"], "claude"),
    ],
)  # fmt: skip
def test_the_script_of_an_interpreter(words, found):
    """The first word that is no option; a program's text is no name."""
    assert process_tree._script(words) == found


def test_a_hostile_name_is_read_whole(tmp_path):
    """Parentheses, blanks and line ends in a name do not move the fields after it."""
    name = "a) R 1 1\n(b"
    path = str(tmp_path / name)
    shutil.copy("/bin/sleep", path)
    with started(path, "1000") as child:
        one = first(child.pid, name)
        assert ancestors(child.pid)[1].pid == os.getpid()
        assert one.session == os.getsid(0)


def test_a_session_of_its_own(tmp_path):
    """A terminal and the session are told."""
    with started("sleep", "1000", start_new_session=True) as child:
        one = first(child.pid, "sleep")
        assert (one.session, one.terminal) == (child.pid, False)


def test_the_chain_ends(monkeypatch):
    """At a bound; and where there is no process."""
    assert ancestors(2**22 + 1) == ()
    monkeypatch.setattr(limits, "ANCESTORS", 2)
    assert len(ancestors(os.getpid())) == 2


def test_a_parents_number_that_was_used_again_ends_the_chain(monkeypatch):
    """A parent that started after its child is another process."""
    read = process_tree._read

    def later(pid):
        found = read(pid)
        return found if pid == os.getpid() else found._replace(started=str(10**15))

    monkeypatch.setattr(process_tree, "_read", later)
    (found,) = ancestors(os.getpid())
    assert (found.pid, found.parent) == (os.getpid(), os.getppid())


def test_a_parent_that_ends_meanwhile_hides_nobody(monkeypatch):
    """Its child has another parent then: the chain goes on there."""
    read, own = process_tree._read, os.getpid()
    seen = []

    def ending(pid):
        """At first this process has a parent that has ended, as between two reads of the system."""
        found = read(pid)
        if pid == own and not seen:
            seen.append(pid)
            return found._replace(parent=2**22 + 1)
        return found

    monkeypatch.setattr(process_tree, "_read", ending)
    assert [one.pid for one in ancestors(own)[:2]] == [own, os.getppid()]


def test_a_process_that_ends_has_no_more_names(tmp_path):
    """But the one that it had."""
    with started("sleep", "1000") as child:
        one = first(child.pid, "sleep")
    assert (one.program, one.names()) == ("", {"sleep"})
