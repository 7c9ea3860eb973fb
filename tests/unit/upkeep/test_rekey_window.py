"""rekey asks for a passphrase in a window."""

from __future__ import annotations

import pytest

from tests.home import PASSPHRASE
from tests.unit.benches import NAME, Window
from vault import errors
from vault.context import Context
from vault.secret import Secret
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.upkeep import rekey_plan


def run_of(home, *, seconds=50.0, attended=False, **env):
    """A context without an available passphrase."""
    merged = home.with_env({"AWSVAULT_PASSPHRASE": None, **env})
    return Context(
        env=merged, paths=from_env(merged), clock=SystemClock(), deadline=Deadline.after(seconds), attended=attended
    )  # fmt: skip


# ── a new vault's keys, a backup, a recovery code ────────────────────────────────────────────


def test_rekey_asks_for_a_passphrase(bench, home):
    """Nobody to ask is told with what was tried; a wrong answer is asked again, and the third is the end."""
    with pytest.raises(errors.Locked, match="prompt = none"):
        rekey_plan.open_by_secret(run_of(home), purpose="")
    window = Window(home, "wrong one", PASSPHRASE, "wrong", "wrong", "wrong")
    opened, passphrase = rekey_plan.open_by_secret(run_of(home), purpose="to change it")
    assert list(opened.payload.entries) == [NAME]
    assert passphrase == Secret(PASSPHRASE)
    assert len(window.heard("SETERROR")) == 1
    with pytest.raises(errors.WrongPassphrase):
        rekey_plan.open_by_secret(run_of(home), purpose="to change it")
    assert not window.left
