"""Other programs that are missing, fail or hang."""

from __future__ import annotations

import os
import sys

import pytest

from tests.patience import PATIENCE
from vault.system.clock import Deadline
from vault.system.programs import ProgramFailed, output, start_in_background

PYTHON = [sys.executable, "-S", "-c"]


def run(*words, limit=100, seconds=PATIENCE):
    return output(words, env={}, limit=limit, deadline=Deadline.after(seconds))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/there/is/none"], "cannot start /there/is/none: No such file"),
        (["a\0b"], "its command contains a NUL"),
        ([*PYTHON, "raise SystemExit(3)"], "exit code 3"),
        ([*PYTHON, "import os; os.kill(os.getpid(), 9)"], "signal 9"),
        ([*PYTHON, "print('x' * 1000)"], "100"),
    ],
)
def test_a_program_that_fails_is_told(words, said):
    """What went wrong, and nothing of what it wrote."""
    with pytest.raises(ProgramFailed) as caught:
        run(*words)
    assert said in caught.value.message
    assert "xx" not in caught.value.message


@pytest.mark.parametrize(
    "code", ["import time; time.sleep(60)", "import os, time; os.close(1); time.sleep(60)"]
)
def test_a_program_that_hangs_is_ended(code):
    """Also one that closed its output and stays."""
    with pytest.raises(ProgramFailed, match="did not finish in time"):
        run(*PYTHON, code, seconds=0.5)


def test_what_a_program_writes():
    """All of it."""
    assert run(*PYTHON, "print('hello')") == b"hello\n"


def test_what_a_program_leaves_running_is_not_waited_for():
    """All that it wrote itself counts as soon as it has ended, whichever process still has its output open."""
    leaves = "import os, time\nif os.fork():\n print('hello', flush=True)\nelse:\n time.sleep(200)"
    assert run(*PYTHON, leaves, seconds=PATIENCE) == b"hello\n"


def test_a_program_of_whose_end_the_system_tells_nothing_has_not_failed(monkeypatch):
    """Where SIGCHLD is ignored, as some launchers leave it, a child that ended is forgotten."""
    failed = start_in_background([*PYTHON, ""], env={})

    def forgotten(*_):
        raise ChildProcessError(10, "No child processes")

    with monkeypatch.context() as patch:
        patch.setattr(os, "waitpid", forgotten)
        assert [failed(), failed()] == [False, False]
