"""Keys that are offered to an agent, or to one that is started for them."""

from __future__ import annotations

import os

import pytest

from tests.unit.conftest import hand_over
from vault.credentials import remember
from vault.unlocking import agent_keys, key_handover
from vault.unlocking.key_access import KeysAccess


@pytest.fixture
def keys(desk, beside):
    beside.give()
    made = agent_keys.keys_from_agent(desk.context())
    yield made
    made.close()


def test_an_agent_is_offered_the_keys_that_the_user_opened(desk, beside):
    """After an unlock for another command a locked agent opens; for a passphrase of one run, and against a manual lock, it does not."""
    context = desk.context()
    opened = desk.keys(context).opened
    key_handover.offer(context, opened, way="AWSVAULT_PASSPHRASE")
    assert beside.state.why == "locked"
    key_handover.offer(context, opened, way="prompt")
    assert beside.state.why == ""
    beside.lock(hold=True)
    key_handover.offer(context, opened, way="prompt")
    assert beside.state.why == "held"
    assert not hand_over(context, opened, beside.client())


def test_where_no_agent_runs_one_is_started_for_the_keys(desk, monkeypatch):
    """After an unlock for another command too: the new agent is given the opened keys, and how they were opened."""
    opened, started = desk.keys(desk.context()).opened, []
    monkeypatch.setattr(
        key_handover, "start_in_background", lambda _, keys, *, way, then: started.append((keys, way, then))
    )
    key_handover.offer(desk.context(), opened, way="prompt")
    assert [(keys, way) for keys, way, _ in started] == [(opened, "prompt")]


def test_without_an_agent_nothing_is_kept(desk):
    """An answer that came from an agent which ended since is handed out, and nothing is started for it."""
    got = desk.ask("dev")
    context = desk.context()
    remember.in_agent(context, KeysAccess(desk.keys(context), None, "agent"), got)
    assert not os.path.exists(context.paths.socket)
