"""A recovery code that nobody types back."""

from __future__ import annotations

import pytest

from tests.unit.benches import Window
from vault import errors
from vault.context import Context
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.upkeep import recovery_code


def run_of(home, *, seconds=50.0, attended=False, **env):
    """A context without an available passphrase."""
    merged = home.with_env({"AWSVAULT_PASSPHRASE": None, **env})
    return Context(
        env=merged, paths=from_env(merged), clock=SystemClock(), deadline=Deadline.after(seconds), attended=attended
    )  # fmt: skip


def test_a_recovery_code_that_nobody_types_back_is_not_made(bench, home):
    """Cancelled: nothing was changed, and it says so."""
    Window(home)
    with pytest.raises(errors.Declined, match="no recovery code was created"):
        recovery_code.issue(run_of(home, attended=True))
