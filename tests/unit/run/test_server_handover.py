"""What a server takes over from the process before it."""

from __future__ import annotations

import socket
import subprocess

import pytest

from tests.home import COMMAND
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("unmeasured")


LIFE = 4  # seconds, the TTL of a role session: refreshed after two and a half


@pytest.fixture
def home(home, aws):
    home.scenario()
    home.make_vault()
    aws.world.role_seconds = LIFE
    return home


@pytest.mark.parametrize("value", ["", "x", "1", "999", "99999999999999999999", "-3", "7", "9" * 5000])
def test_a_variable_that_leads_nowhere_is_no_handover(home, value):
    """Whatever the variable has by mistake: the command starts as if it were not set, and its child does not see it."""
    done = home.run(
        "exec", "--server", "dev", "--", "sh", "-c", "echo [${AWSVAULT_SERVE-}]", AWSVAULT_SERVE=value
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_a_handover_that_was_cut_short(home):
    """A socket with other content: an error of the program, and no further attempts to start."""
    near_end, far_end = socket.socketpair()
    near_end.sendall(b"\0\0\0\1\0\0\0\0{")
    near_end.close()
    done = subprocess.run(
        [COMMAND, "exec", "--server", "dev", "--", "true"],
        env=home.with_env({"AWSVAULT_SERVE": str(far_end.fileno())}), pass_fds=(far_end.fileno(),),
        capture_output=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    far_end.close()
    assert done.returncode == 70
    assert b"AWSVAULT_SERVE" in done.stderr
