"""What the agent keeps, how much of it, and by which clock."""

from __future__ import annotations

import sys
import time

from tests.unit.agent.serving import TIMES, VAULT
from vault import limits
from vault.agent import state
from vault.secret import Secret


def test_confirmations_are_remembered_up_to_a_bound(agent, monkeypatch):
    """A confirmation over the bound is not kept, and asked again; those that were kept stay until the lock."""
    monkeypatch.setattr(limits, "AGENT_CONFIRMED", 2)
    client = agent.opened()
    assert [client.ask("CONFIRM", what=what)["kept"] for what in ("a", "b", "c", "a")] == [
        True,
        True,
        False,
        True,
    ]
    assert [client.ask("CONFIRMED", what=what)["confirmed"] for what in ("a", "c")] == [True, False]


def test_a_confirmation_for_a_time_ends_with_it(agent, monkeypatch):
    """By the clock that runs while the machine sleeps; then its place is free, and a lock ends it sooner."""
    monkeypatch.setattr(limits, "AGENT_CONFIRMED", 1)
    client = agent.opened()
    assert client.ask("CONFIRM_FOR", what="a", seconds=900)["kept"]
    agent.clock.turn(899)
    client = agent.client()
    assert client.ask("CONFIRMED", what="a")["confirmed"]
    assert not client.ask("CONFIRM_FOR", what="b", seconds=900)["kept"]
    agent.clock.turn(1)
    client = agent.client()
    assert not client.ask("CONFIRMED", what="a")["confirmed"]
    assert client.ask("CONFIRM_FOR", what="b", seconds=900)["kept"]
    agent.client().ask("LOCK", hold=False)
    client = agent.opened()
    assert not client.ask("CONFIRMED", what="b")["confirmed"]


def test_the_strict_key_expires_on_its_own(agent):
    """After its minutes without a request it is zeroed, and the vault stays open."""
    client = agent.opened()
    assert client.unlock_strict(vault_id=VAULT, strict=Secret(b"S" * 32), times=TIMES)
    assert bytes(agent.page._view).count(b"S") == 32
    agent.clock.turn(TIMES.strict - 1)
    assert agent.client().ask("HELLO")["strict"]
    agent.clock.turn(1)
    said = agent.client().ask("HELLO")
    assert (said["strict"], said["main"], said["why"]) == (False, True, "")
    assert bytes(agent.page._view).count(b"S") == 0


def test_time_asleep_does_not_count_as_running_on_macos(monkeypatch):
    """On macOS the clock that stops during sleep has another name."""
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(time, "CLOCK_UPTIME_RAW", 8, raising=False)
    monkeypatch.setattr(time, "clock_gettime", {8: 1.5, state.BootClock._boot: 2.5}.__getitem__)
    clock = state.BootClock()
    assert (clock.running(), clock.boot()) == (1.5, 2.5)
