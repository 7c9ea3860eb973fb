"""unlock: what it says and reports of how long the vault stays unlocked, and of the strict seeds."""

from __future__ import annotations

import json
import os

import pytest

from tests.home import failed
from vault import limits
from vault.cli.terminal import rfc3339
from vault.secret import Secret
from vault.system.clock import SystemClock
from vault.unlocking import key_handover, lock_unlock, strict_seeds

NOW = 1_700_000_000.0


@pytest.fixture
def ready(home, inside, monkeypatch):
    """A home with a vault, at a moment that stands still."""
    home.scenario()
    home.make_vault()
    monkeypatch.setattr(SystemClock, "time", lambda _: NOW)
    return home


@pytest.fixture
def outcome(monkeypatch):
    """``outcome(idle, hard)``: what unlocking comes to."""

    def comes_to(idle, hard, warnings=()):
        done = lock_unlock.UnlockOutcome("passphrase", idle, hard, tuple(warnings))
        monkeypatch.setattr(lock_unlock, "unlock_vault", lambda _: done)

    return comes_to


def printed(home, *words):
    done = home.run("unlock", "--json", *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def test_how_long_the_agent_keeps_it(ready, outcome):
    """The limit without use comes first, unless the other one is nearer."""
    outcome(3600, 7200)
    found, said = printed(ready)
    assert found == {
        "kept": True, "idle_until": rfc3339(NOW + 3600), "until": rfc3339(NOW + 7200), "warnings": [],
    }  # fmt: skip
    assert "or for 1h 00m without use" in said
    outcome(7200, 3600)
    assert printed(ready)[0]["idle_until"] == rfc3339(NOW + 3600)


def test_without_an_agent_nothing_is_kept(ready, outcome):
    """Only the lock ends."""
    outcome(0, 0)
    found, said = printed(ready)
    assert found == {"kept": False, "warnings": []}
    assert "No longer locked. The agent is off" in said


def test_warnings_are_said_and_reported(ready, outcome):
    """Both, so that a script and a user see them."""
    outcome(1, 1, ["its memory can be written to the disk"])
    found, said = printed(ready)
    assert found["warnings"] == ["its memory can be written to the disk"]
    assert "Warning: its memory can be written to the disk" in said


@pytest.mark.parametrize("held", [True, False])
def test_the_strict_seeds(ready, outcome, monkeypatch, held):
    """For five minutes where an agent keeps them; otherwise they stay locked, and there is no time to report."""
    outcome(60, 60)
    taken = []
    monkeypatch.setattr(strict_seeds, "ask", lambda _context, purpose: Secret(purpose.encode()))
    monkeypatch.setattr(
        key_handover, "hand_over_strict", lambda _context, key, vault_id: taken.append((key, len(vault_id))) or held
    )  # fmt: skip
    found, said = printed(ready, "--strict")
    assert found.get("strict_until") == (rfc3339(NOW + limits.STRICT_TIME) if held else None)
    assert ("unlocked for five minutes" in said, "stay locked" in said) == (held, not held)
    assert [(key.reveal(), size) for key, size in taken] == [(b"to unlock them", 16)]


def test_the_service_is_installed_without_unlocking(ready, monkeypatch):
    """No passphrase is asked for; the files are named."""
    monkeypatch.setattr(lock_unlock, "unlock_vault", lambda _: pytest.fail("unlocked"))
    found, said = printed(ready, "--install-service")
    assert found["files"]
    for path in found["files"]:
        assert os.path.exists(path)
        assert f"Wrote {path}" in said
    assert f"Next: {found['next']}" in said


def test_an_agent_that_is_off_is_a_mistake_unless_there_is_a_lock_to_end(ready):
    """Nothing could keep the vault unlocked."""
    failed(ready.run("unlock"), 6, "the agent is switched off", "set agent to auto")
    assert ready.run("lock").returncode == 0
    assert printed(ready)[0] == {"kept": False, "warnings": []}
