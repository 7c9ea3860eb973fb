"""The keeper of exec --server: its end, and that of what it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.home import COMMAND
from tests.unit.agent.at_home import gone, until
from tests.unit.run.servers import children, served
from vault import errors
from vault.run import key_keeper

pytestmark = pytest.mark.usefixtures("unmeasured")


# A source that is not the vault: its second answer takes longer than anybody waits.
SLOW = """\
import json, os, sys, time
if os.path.exists(sys.argv[1] + ".first"):
    with open(sys.argv[1] + ".new", "w") as file:
        file.write(str(os.getpid()))
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    time.sleep(600)
open(sys.argv[1] + ".first", "w").close()
end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 20))
print(json.dumps({"Version": 1, "AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "s" * 40,
                  "SessionToken": "t", "Expiration": end}))
"""


@pytest.fixture
def home(home):
    home.scenario()
    home.make_vault()
    return home


@pytest.fixture
def started_python():
    """What a new Python prints for a program."""

    def run(code):
        return subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        ).stdout.strip()

    return run


def keeper_of(running):
    (found,) = (pid for pid in running.processes() if pid != running.process.pid)
    return found


@pytest.mark.parametrize(
    "kind", [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.Error)]
)
def test_every_error_of_a_refresh_arrives(kind):
    """Otherwise the server would end at one, and not serve the session that is still valid."""
    found = key_keeper._error({"kind": kind.__name__, "message": "found", "hint": "do"})
    assert (type(found), found.message, found.hint) == (kind, "found", "do")


def test_what_a_refresh_of_a_sign_in_needs_is_loaded_before(started_python):
    """The program may be upgraded while the command runs."""
    code = (
        "import sys\n"
        "from importlib import import_module\n"
        "from vault.run import key_keeper\n"
        "for name in key_keeper._NEEDED: import_module(name)\n"
        "before = set(sys.modules)\n"
        "import vault.signin.tokens\n"
        "print(sorted(set(sys.modules) - before))\n"
    )
    assert started_python(code) == "[]"


def test_a_keeper_that_was_stopped_ends_with_its_command(home):
    """The command is over and its file gone, so no lock would find the key: it is not left in a stopped process."""
    with served(home, way=(COMMAND,)) as running:
        keeper = keeper_of(running)
        os.kill(keeper, signal.SIGSTOP)
    gone(keeper)


def test_a_program_that_a_refresh_started_ends_with_it(home, tmp_path):
    """A lock kills a refresh under way; otherwise the credential_process that it waits for would stay behind."""
    program, note = tmp_path / "slow.py", tmp_path / "pid"
    program.write_text(SLOW)
    line = f"credential_process = {sys.executable} {program} {note}"
    home.config(f"[profile dev]\nregion = us-east-1\n{line}\n")
    with served(home, way=(COMMAND,)) as running:
        until(note.exists)
        slow = int(note.read_text())
        assert children(keeper_of(running))
        assert home.run("lock").returncode == 0
        gone(slow)
