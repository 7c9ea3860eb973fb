"""A process that may open next to nothing: exit 6, "too many open files" and how to raise the limit, whichever step needed one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.home import failed, uncounted
from tests.patience import PATIENCE
from vault import errors
from vault.cli import exits

# The limit begins where our own code does: an interpreter needs a few handles for itself.
RUN = """
import resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]),) * 2)
sys.argv[:2] = []
sys.argv.insert(0, "awsvault-py")
from vault.__main__ import main
main()
"""


def under(limit, home, *arguments):
    return subprocess.run(
        [sys.executable, "-P", "-c", RUN, str(limit), *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=uncounted(home.env),
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize("limit", range(4, 9))
@pytest.mark.parametrize(
    "line", ["export open", "exec open -- true", "whoami open", "login --print open", "clear"]
)
def test_a_command_with_few_handles_succeeds_or_says_what_it_lacks(home, limit, line):
    """Never "unexpected error", nor a traceback of Python's: from the first import on to AWS's connection."""
    home.config(
        "[profile open]\nawsvault_role_arn = arn:aws:iam::222222222222:role/OpenRole\nawsvault_source_profile = key\n[profile key]\nregion = us-east-1\n"
    )
    home.make_vault("key", seed=None, serial=None)
    done = under(limit, home, *line.split())
    if done.returncode:
        done.stderr = "".join(done.stderr.splitlines(keepends=True)[-2:])  # clear says before what it did
        failed(done, 6, "too many open files", "ulimit -n")


@pytest.mark.parametrize(
    ("found", "code", "said"),
    [
        (OSError(24, "x"), 6, "in this process"),
        (OSError(23, "x"), 6, "on this machine"),
        (ImportError("libx.so: cannot open shared object file: Too many open files"), 6, "this process"),
        (ImportError("No module named x"), 70, "unexpected error: ImportError"),
        (OSError(5, "x"), 70, "unexpected error: OSError"),
    ],
)
def test_what_it_all_began_with_is_told(capsys, found, code, said):
    """However deep, and whether the result is an error of the program or not; one that names its file is told as it is."""
    assert exits.report(found) == code
    assert said in capsys.readouterr().err
    none = code == 6
    assert exits.report(after(found, errors.Unreachable("no connection"))) == (6 if none else 8)
    assert (said in capsys.readouterr().err) == none
    assert exits.report(after(found, errors.StorageError("/its/file: too many open files"))) == 6
    assert "/its/file" in capsys.readouterr().err


def after(first, then):
    """``then`` as it comes where it is raised from None, while ``first`` is dealt with."""
    then.__context__, then.__suppress_context__ = first, True
    return then
