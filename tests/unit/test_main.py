"""The entry: what ends the program before a command runs."""

from __future__ import annotations

import subprocess
import sys

from tests.home import COMMAND
from tests.patience import PATIENCE

INTERRUPTED = """
import sys, types

def serve(argv):
    raise KeyboardInterrupt

sys.modules["awsvault_warm"] = types.ModuleType("awsvault_warm")
sys.modules["awsvault_warm"].serve = serve
sys.argv = sys.argv[1:]
with open(sys.argv[0]) as script:
    exec(compile(script.read(), sys.argv[0], "exec"))
"""


def test_ctrl_c_before_any_command_runs_shows_no_traceback():
    """130, as after any Ctrl-C, while the first modules are being loaded."""
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, COMMAND, "export", "dev"],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
