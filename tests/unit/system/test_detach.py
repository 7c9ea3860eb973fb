"""A process in the background: whose child it is, what it has open, and what happens when there can be none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

from tests.patience import PATIENCE
from vault.system import detach

BEGIN = "import json, os, signal, sys\nfrom vault.system.detach import close_all_but, detached\n"
TELL = """
maker = os.getpid()
made = detached()
if made:
    with open(sys.argv[1] + ".new", "w") as file:
        found = {"session": os.getsid(0) == os.getpid(), "child": os.getppid() == maker}
        found["open"] = [fd for fd in range(3) if os.path.realpath(f"/proc/self/fd/{fd}") != os.devnull]
        found["open"] += [fd for fd in map(int, os.listdir("/proc/self/fd")) if 2 < fd and fd != file.fileno()
                          and os.path.exists(f"/proc/self/fd/{fd}")]
        json.dump(found, file)
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    os._exit(0)
print(made)
"""


def run(program, path):
    kept = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(kept, True)
    try:
        return subprocess.run(
            [sys.executable, "-c", BEGIN + program, path],
            capture_output=True, text=True, timeout=PATIENCE, pass_fds=[kept], check=False,
        )  # fmt: skip
    finally:
        os.close(kept)


@pytest.mark.parametrize("before", ["", "signal.signal(signal.SIGCHLD, signal.SIG_IGN)"])
def test_the_process_in_the_background(tmp_path, before):
    """It has a session of its own and nothing of its maker open, which goes on at once, also if it ignores its children."""
    path = tmp_path / "told"
    done = run(before + TELL, str(path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\n", "")
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.01)
    found = json.loads(path.read_text())
    assert found == {"session": True, "child": False, "open": []}


def test_no_process_can_be_made(monkeypatch):
    """Neither here nor there."""

    def refused():
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", refused)
    assert detach.detached() is None


def test_what_is_kept_stays_open(tmp_path):
    """And no other descriptor, however high; without ``streams`` the standard ones too."""
    program = (
        "kept = os.dup(0); high = os.dup2(kept, 900); os.dup2(kept, 901)\n"
        "close_all_but(kept, high, streams=False)\n"
        "def opened(fd):\n"
        "    try: return bool(os.fstat(fd))\n"
        "    except OSError: return False\n"
        "print([fd for fd in (0, 1, 2, kept, high, 901) if opened(fd)] == [0, 1, 2, kept, high])\n"
    )
    done = run(program, "")
    assert (done.stdout, done.stderr) == ("True\n", "")
