"""lock: what it says, and what it leaves."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.usefixtures("inside")


def test_a_lock_before_there_is_a_vault_locks_nothing(home):
    """lock says so and leaves no mark, so that the vault which is created next is usable."""
    home.scenario()
    done = home.run("lock")
    assert (done.returncode, "There is no vault at" in done.stderr) == (0, True)
    home.make_vault()
    assert home.run("status", "--json").returncode == 0
    assert home.run("export", "shared-services").returncode == 0, "locked"
