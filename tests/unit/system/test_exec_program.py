"""Why a program cannot be run in place of this one."""

from __future__ import annotations

import errno
import os
import subprocess
import sys

from tests.home import uncounted
from vault.errors import Error
from vault.system import exec_program


def test_each_reason_why_a_command_cannot_be_run_has_its_message_and_code():
    """Not there, too long for the system, and the system's own words for the rest. Hostile names are escaped."""
    for number, code, said in (
        (errno.ENOENT, 127, "not found"),
        (errno.E2BIG, 126, "too long"),
        (errno.EACCES, 126, "denied"),
    ):
        error = exec_program.cannot_run("x\x1b[31m", OSError(number, os.strerror(number)))
        assert isinstance(error, Error)
        assert (error.exit_code, said in error.message, "\x1b" in error.message) == (code, True, False)
    assert "embedded null byte" in exec_program.cannot_run("x", ValueError("embedded null byte")).message


def test_a_variable_without_a_name_does_not_reach_the_program():
    """The system's call would refuse the whole environment for it."""
    code = "from vault.system.exec_program import replace_process as run; run(['env'], env={'': 'odd', 'PATH': '/usr/bin:/bin'})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=uncounted(os.environ)
    )
    assert done.stdout == "PATH=/usr/bin:/bin\n"
