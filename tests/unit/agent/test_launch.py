"""How a process of the agent starts: what it inherits, whose child it is, and what happens if none can be started."""

from __future__ import annotations

import json
import os
import sys

import pytest

from vault.agent import launch

TELLS = f"""#!{sys.executable} -IS
import json, os, sys
def is_open(fd):
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True
env = {{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}}
told = {{"words": sys.argv[1:], "env": env, "folder": os.getcwd(), "session": os.getsid(0), "pid": os.getpid(),
        "open": sorted(fd for fd in map(int, os.listdir("/dev/fd")) if is_open(fd))}}
os.write(int(sys.argv[-1]), json.dumps(told).encode())
"""
ENV = {"LANG": "C.UTF-8", "ONLY": "this"}


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What a launched process tells of itself: a program in place of Python, with a descriptor for its answer."""
    program = tmp_path / "python"
    program.write_text(TELLS)
    program.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(program))
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)  # another descriptor that a child would get
    try:
        assert launch.launch("agent-process", env=ENV, descriptor=writing)
        os.close(writing)
        with os.fdopen(reading, "rb", closefd=False) as pipe:
            found = json.loads(pipe.read())
    finally:
        os.close(reading)
    return found, writing


def test_it_runs_the_installed_program_with_its_word_and_descriptor(told):
    """-P keeps modules of the current folder out."""
    found, writing = told
    assert found["words"] == ["-P", "-m", "vault", "agent-process", str(writing)]


def test_it_inherits_nothing_but_one_descriptor(told):
    """The null device as its streams, the environment that was given, and the root as its folder."""
    found, writing = told
    assert found["open"] == [0, 1, 2, writing]
    assert (found["env"], found["folder"]) == (ENV, "/")


def test_it_belongs_to_no_terminal_and_is_nobodys_child(told):
    """It has a session of its own, and the process that started it has nothing to wait for."""
    found, _ = told
    assert found["session"] not in (os.getsid(0), found["pid"])
    with pytest.raises(ChildProcessError):
        os.waitpid(found["pid"], os.WNOHANG)


def test_without_a_process_it_says_so(monkeypatch):
    """The caller goes on without an agent."""

    def refuse():
        raise OSError(11, "try again")

    monkeypatch.setattr(os, "fork", refuse)
    assert not launch.launch("agent-process", env={}, descriptor=0)
