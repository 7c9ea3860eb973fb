"""Keys that the agent holds open: what its forks answer, and an agent that goes, locks or has older keys meanwhile."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.fakes.example import KEY_ID, SERIAL
from tests.home import Home
from vault import errors
from vault.inspect import key_status
from vault.keys import mfa_devices
from vault.mfa.ledger import NoCodeInTime, UsedCode
from vault.secret import Secret
from vault.system.paths import from_env
from vault.unlocking import agent_keys
from vault.unlocking.agent_keys import AgentGone
from vault.unlocking.inventory import Contents, Listed
from vault.unlocking.keys import CodeWait, OpenedKeys


@pytest.fixture
def keys(desk, beside):
    beside.give()
    made = agent_keys.keys_from_agent(desk.context())
    yield made
    made.close()


def alone(desk):
    """Keys of an agent that is not there (any more)."""
    return agent_keys.AgentKeys(desk.context(), cache_key=Secret(bytes(32)), vault_id=bytes(16))


def test_the_agent_answers_as_the_vault_would(desk, keys):
    """One key, none of another name, the cache key, and what may be shown."""
    own = desk.keys(desk.context())
    assert keys.entry("shared-services") == own.entry("shared-services")
    assert keys.entry("nobody") is None
    assert keys.newest_cache_key().reveal() == own.cache_key.reveal()
    assert keys.contents() == own.contents()


def test_a_typed_code_goes_into_the_agents_ledger(desk, keys, aws):
    """It is good once, over all processes: the same text again is refused as used, with its hint."""
    code = aws.world.code(SERIAL)
    assert keys.note_code(SERIAL, code, deadline=desk.context().deadline).text == code
    with pytest.raises(UsedCode) as caught:
        keys.note_code(SERIAL, code, deadline=desk.context().deadline)
    assert caught.value.hint


def test_no_code_in_time_says_how_long_it_would_take(desk, keys):
    """The step is taken and nobody may wait: the error of the fork arrives with its seconds."""
    with pytest.raises(NoCodeInTime) as caught:
        for _ in range(4):  # the step may end in between
            assert keys.take_code(SERIAL, CodeWait(desk.context().deadline, 0)).text
    assert 0 < caught.value.wait <= 31


def test_a_fork_that_ended_is_replaced(keys, beside):
    """A fork ends when nobody asks for a while; the next question goes to another one."""
    assert keys.has_entry("shared-services")
    for child in beside.server._workers.values():
        os.kill(child, 9)
    assert keys.entry("shared-services").credentials.access_key_id == KEY_ID


def test_an_agent_that_locked_meanwhile_is_gone(keys, beside):
    """Its own word is in the error: the client opens the vault without it."""
    beside.lock()
    with pytest.raises(AgentGone, match="locked"):
        keys.entry("shared-services")
    with pytest.raises(AgentGone, match="stopped answering"):
        keys.newest_cache_key()


def test_an_agent_that_ended_is_gone(desk):
    """No answer at all is the same error, at each question; closing is no error."""
    keys = alone(desk)
    for ask in (keys.newest_cache_key, keys.contents, lambda: keys.has_entry("x")):
        with pytest.raises(AgentGone, match="stopped answering"):
            ask()
    keys.close()


def test_keys_of_an_older_vault_are_no_damage(desk, beside, tmp_path):
    """Another vault lies there now: the agent cannot open it, which is no reason to call it damaged."""
    beside.give()
    other = Home(tmp_path / "other")
    other.make_vault()
    shutil.copyfile(from_env(other.env).vault, desk.context().paths.vault)
    keys = agent_keys.keys_from_agent(desk.context())
    with pytest.raises(AgentGone, match="older than the vault's"):
        keys.entry("shared-services")
    keys.close()
    assert key_status.look(desk.context()) is None  # status shows nothing of keys rather than an error


def test_a_list_of_long_names_comes_in_parts(desk, keys, monkeypatch):
    """However long names and serials are, each part fits its frame, and all of them arrive."""
    rows = tuple(
        Listed(f"{number:03}" + 125 * "\U0001f511", KEY_ID, 1, "1" * 12, "u" * 64, "s" * 256, None)
        for number in range(100)
    )
    given = Contents(rows, frozenset({SERIAL}), frozenset({SERIAL + "2"}))
    monkeypatch.setattr(
        OpenedKeys, "contents", lambda _: given
    )  # in the forks too, which are of this process
    keys.close()
    keys.restart()
    assert keys.contents() == given


def test_the_device_that_a_name_means_is_found_beside_an_agent(desk, keys):
    """An entry's, a profile's, or the device itself by its ARN, which the agent need not know; else what to run."""
    context = desk.context()
    for name in ("shared-services", "dev", SERIAL, SERIAL + "-2"):
        assert mfa_devices.resolve_serial(context, keys, name).startswith(SERIAL)
    with pytest.raises(errors.NotFound, match=r'"nobody".*MFA device') as caught:
        mfa_devices.resolve_serial(context, keys, "nobody")
    assert "mfa list" in caught.value.hint
