"""unlock and lock without an agent, and without a place for locks."""

from __future__ import annotations

import pytest

from tests.home import failed
from vault import errors
from vault.system.paths import from_env
from vault.unlocking import lock_unlock, manual_lock


def test_an_unlock_without_a_lock_is_one(tmp_path, home):
    """Nobody locked it, and no state lies here yet: there is no mark to take away."""
    paths = from_env({"HOME": str(tmp_path)})
    manual_lock.unmark(paths)
    assert not manual_lock.manually_locked(paths)


def test_unlock_needs_the_agent(bench):
    """It is what keeps the vault open: where it is switched off, that is said before a passphrase is asked for."""
    with pytest.raises(errors.ConfigError, match="agent is switched off"):
        lock_unlock.unlock_vault(bench.context())


def test_unlock_ends_a_lock_without_an_agent_too(home):
    """A machine that runs none can be locked: what closed it must be able to open it again."""
    home.scenario()
    home.make_vault()
    assert home.run("lock").returncode == 0
    assert manual_lock.manually_locked(from_env(home.env))
    done = home.run("unlock")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        0,
        "No longer locked. The agent is off, so each command unlocks the vault itself.",
    )
    assert not manual_lock.manually_locked(from_env(home.env))
    failed(home.run("unlock"), 6, "agent is switched off")
