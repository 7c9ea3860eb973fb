"""Which keys a running agent takes."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from tests.home import PASSPHRASE
from tests.unit.conftest import hand_over
from tests.vaults import CHEAP, soon
from vault import errors
from vault.credentials import forget_sessions
from vault.secret import Secret
from vault.store import vault
from vault.unlocking import key_access
from vault.unlocking.unlock import unlock
from vault.upkeep import backups, rekey, rekey_plan

NAME = "shared-services"


def edit(desk, change):
    context = desk.context()
    vault.edit(context.paths, desk.keys(context).opened.k_main, change, deadline=soon())


# ── what else tells it ───────────────────────────────────────────────────────────────────────


def test_an_open_agent_gets_a_new_cache_key_and_a_locked_one_does_not(desk, beside):
    """After clear it goes on with the new key; it is not opened by that."""
    context = desk.context()
    after = forget_sessions.replace_cache_key(context, desk.keys(context).opened)
    assert beside.client().cache_key() is None
    beside.give()
    after = forget_sessions.replace_cache_key(context, after)
    assert beside.client().cache_key().key.reveal() == after.cache_key.reveal()


def test_a_restored_vault_opens_no_locked_agent(desk, beside):
    """restore hands the keys to an agent that was open, and to no other."""
    context = desk.context()
    backups.restore_backup(context, backups.choose_present(context))
    assert beside.state.why == "locked"
    beside.give()
    gen = beside.state.seen[-1].gen
    backups.restore_backup(context, backups.choose_present(context))
    assert [pin.gen for pin in beside.state.seen] == [gen + 1]


def test_a_generation_that_is_not_true_is_nothing(desk, beside):
    """Any process of the user can send a frame: no later opening ends for it, by the agent or without, and unlock goes on."""
    beside.give()
    context = desk.context()
    told = {"vault": beside.state.vault, "gen": 2**50, "digest": "ab" * 32}
    beside.client().ask("PIN", **told)
    beside.client().ask("SEEN", **told, rekeyed=0, macs=["cd" * 32, "ef" * 32], over=[])
    opened = unlock(context, purpose="").opened
    keys = key_access.open_keys(desk.context(), purpose="")
    assert keys.entry(NAME) is not None
    keys.close()
    assert hand_over(context, opened, beside.client(), person=True)
    assert unlock(desk.context(), purpose="").opened.header.gen == opened.header.gen


@pytest.mark.parametrize("rekeyed", [False, True])
def test_an_older_copy_is_noticed_by_the_agent_alone(desk, beside, rekeyed):
    """The state folder went back too: what the agent has seen tells, also where the copy opens with the main key of before."""
    context = desk.context()
    before = desk.keys(context).opened
    beside.give()
    with open(context.paths.vault, "rb") as file:
        copy = file.read()
    if rekeyed:
        opened = replace(before, slot=before.header.slots[0])
        plan = rekey_plan.make_plan(context, opened, passphrase=Secret(PASSPHRASE), kdf=CHEAP)
        after = rekey.carry_out(context, plan).opened
        assert after.k_main.reveal() != before.k_main.reveal()
    else:
        edit(desk, lambda p: p.with_entry("other", p.entries[NAME]))
        after = desk.keys(context).opened
        assert hand_over(context, after, beside.client(), person=True)
    shutil.rmtree(context.paths.state)
    with open(context.paths.vault, "wb") as file:
        file.write(copy)
    with pytest.raises(errors.RolledBack, match=f"has seen generation {after.header.gen}"):
        unlock(desk.context(), purpose="")
