"""A new key, asked for piece by piece."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, SECRET, SERIAL
from tests.unit.benches import Window
from vault import errors
from vault.context import Context
from vault.keys import key_prompts
from vault.keys.verify import Verification
from vault.secret import Secret
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env


def run_of(home, *, seconds=50.0, attended=False, **env):
    """A context without an available passphrase."""
    merged = home.with_env({"AWSVAULT_PASSPHRASE": None, **env})
    return Context(
        env=merged, paths=from_env(merged), clock=SystemClock(), deadline=Deadline.after(seconds), attended=attended
    )  # fmt: skip


# ── a key, a code, a yes ─────────────────────────────────────────────────────────────────────


def test_a_new_key_is_asked_for_piece_by_piece(bench, home):
    """A wrong shape is said and asked again; Enter at the seed means that codes are asked for."""
    window = Window(home, "not a key", KEY_ID, SECRET, SERIAL, "")
    made, found = key_prompts.ask_key(
        run_of(home, attended=True), name="dev", verify=lambda _: Verification(), prove=lambda _: None
    )
    assert found == Verification()
    assert (made.access_key_id, made.secret, made.mfa_serial, made.seed) == (
        KEY_ID,
        Secret(SECRET),
        SERIAL,
        None,
    )
    assert len(window.heard("SETERROR")) == 1
    for number in range(3):
        window.answer(number, "not a key")
    with pytest.raises(errors.Usage):
        key_prompts.ask_key(
            run_of(home, attended=True), name="dev", verify=lambda _: Verification(), prove=lambda _: None
        )
    assert not window.left
