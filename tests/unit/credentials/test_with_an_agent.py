"""Credentials beside an agent: who opens the vault where it opens, locks or is overtaken in between, and disk hits."""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID
from tests.home import PASSPHRASE
from tests.patience import PATIENCE
from tests.unit.agent.at_home import until
from tests.unit.conftest import hand_over, on_disk
from tests.vaults import CHEAP, soon
from vault import errors
from vault.agent_process import systemd_units
from vault.credentials import disk_hit, forget_sessions, obtain, planned
from vault.credentials.request import Request
from vault.inspect import explain, key_status, profile_table
from vault.secret import Secret
from vault.store import vault
from vault.system import settled
from vault.unlocking import key_access
from vault.unlocking.unlock import unlock
from vault.upkeep import backups, rekey, rekey_plan

NAME = "shared-services"
OPEN = """
[profile open]
awsvault_role_arn = arn:aws:iam::222222222222:role/OpenRole
awsvault_source_profile = shared-services

[profile shared-services]
region = us-east-1
"""


def fill(desk, profile="dev", **env):
    """The session of a profile in the cache, had without the agent."""
    return obtain.credentials(desk.context(AWSVAULT_AGENT="off", **env), Request(profile), purpose="")


def edit(desk, change):
    context = desk.context()
    vault.edit(context.paths, desk.keys(context).opened.k_main, change, deadline=soon())


def test_who_waited_takes_what_the_agent_got_meanwhile(desk, beside):
    """Another process opened the vault while this one's passphrase was fetched: it is not opened a second time."""
    fifo, program = (os.path.join(desk.home.root, name) for name in ("fifo", "give"))
    os.mkfifo(fifo)
    with open(program, "w", encoding="utf-8") as file:
        file.write(f"read -r line <{fifo}\necho '{PASSPHRASE}'\n")
    context = desk.context(AWSVAULT_PASSPHRASE_COMMAND=f"/bin/sh {program}")
    gates = []

    def asked():
        try:
            gates.append(os.open(fifo, os.O_WRONLY | os.O_NONBLOCK))
        except OSError:  # nobody reads yet
            return False
        return True

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(key_access.key_access, context, purpose="")
        until(asked, seconds=60)
        beside.give()
        os.write(gates[0], b"\n")
        os.close(gates[0])
        way = waiting.result(60)
    assert (way.way, way.opened) == ("agent", None)
    assert way.keys.has_entry(NAME)
    way.keys.close()


def test_an_agent_that_locks_in_the_middle_is_done_without(desk, beside):
    """What was begun with the agent's keys is done anew with the vault's own, and the person learns nothing of it."""
    beside.give()
    context = desk.context()
    ready, ways = planned.load(context), []

    def work(keys):
        ways.append(keys)
        if len(ways) == 1:
            beside.lock()
        return obtain.issue(context, Request("dev"), keys, ready)

    got, way = key_access.with_keys(context, work, purpose="")
    ways[0].close()
    assert [type(keys).__name__ for keys in ways] == ["AgentKeys", "OpenedKeys"]
    assert way.way == "AWSVAULT_PASSPHRASE"
    assert got.chain.profile == "dev"


def with_key(new):
    """The change that a rotation makes in the vault."""
    return lambda p: p.with_entry(
        NAME, replace(p.entries[NAME], access_key_id=new.id, secret=Secret(new.secret))
    )


@pytest.mark.parametrize(
    ("is_open", "fork_ends"), [(False, False), (True, False), (True, True)], ids=["off", "agent", "fork ends"]
)
def test_a_key_that_was_rotated_meanwhile_is_read_anew(desk, beside, aws, is_open, fork_ends):
    """AWS forgot the key that was read a moment ago: the vault's new one is tried, once, however the vault was opened.

    The agent's fork may have ended while AWS was asked: the next one knows nothing but the new key.
    """
    desk.home.config(OPEN)
    edit(desk, lambda p: p.with_entry(NAME, replace(p.entries[NAME], mfa_serial=None)))
    if is_open:
        beside.give()
    new = aws.world.add_key(aws.world.user("yourself"))

    def rotate():
        del aws.world.keys[KEY_ID]
        edit(desk, with_key(new))
        if fork_ends:
            used[0].close()

    aws.faults.hook("GetSessionToken", "before", rotate)
    aws.faults.add(
        "GetSessionToken", "refuse", code="InvalidClientTokenId", message="as arranged", status=403
    )
    context, used = desk.context(), []
    ready = planned.load(context)

    def work(keys):
        used.append(keys)
        return obtain.issue(context, Request("open"), keys, ready)

    got, _ = key_access.with_keys(context, work, purpose="")
    for keys in used if is_open else ():
        keys.close()
    assert got.chain.profile == "open"
    assert [call.access_key_id for call in aws.calls.of("GetSessionToken")] == [KEY_ID, new.id]


def test_who_waited_for_a_key_that_was_rotated_reads_anew_too(desk, aws):
    """The one who asked AWS leaves word of the refusal; those who wait for the same link then try the new key as well."""
    desk.home.config(OPEN)
    edit(desk, lambda p: p.with_entry(NAME, replace(p.entries[NAME], mfa_serial=None)))
    new = aws.world.add_key(aws.world.user("yourself"))
    del aws.world.keys[KEY_ID]
    context, used = desk.context(), []
    ready = planned.load(context)

    def work(keys):
        used.append(keys)
        if len(used) == 2:  # what it has read of the vault is the old key
            edit(desk, with_key(new))
        return obtain.issue(context, Request("open"), keys, ready)

    with pytest.raises(errors.Refused, match="InvalidClientTokenId"):
        key_access.with_keys(context, work, purpose="")
    got, _ = key_access.with_keys(context, work, purpose="")
    assert got.chain.profile == "open"
    assert [call.access_key_id for call in aws.calls.of("GetSessionToken")] == [KEY_ID, new.id]


def test_a_renewal_that_another_process_is_at_is_left_to_it(desk, aws):
    """One process renews; the others are told nothing and ask AWS nothing. One that is fresh by then is not renewed."""
    digest = fill(desk).digest
    aws.calls.clear()
    with desk.cache().try_lock(digest):
        assert obtain.refreshed(desk.context(), "dev") is None
    assert obtain.refreshed(desk.context(), "dev").digest == digest
    assert len(aws.calls) == 0


def test_a_renewal_is_not_tried_where_aws_just_refused(desk, aws):
    """A failure of the last seconds holds for the renewal beside an export too."""
    got = fill(desk)
    aws.world.clock.advance(got.expires - got.issued - 600)
    aws.faults.add("AssumeRole", "error-503", times=None)
    desk.ask("dev")
    aws.calls.clear()
    assert obtain.refreshed(desk.context(), "dev") is None
    assert len(aws.calls) == 0


# ── disk hits ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def aged(desk, beside, aws, monkeypatch):
    """``aged(SECONDS)``: the session of dev in the cache, so many seconds old, and the agent open."""

    def make(seconds):
        aws.world.clock.advance(-seconds)
        with monkeypatch.context() as patch:  # its files are older, which cannot be arranged
            patch.setattr(settled, "settled", lambda *_, **__: True)
            got = fill(desk)
        aws.world.clock.advance(seconds)
        beside.give()
        return got

    return make


def test_a_hit_says_who_is_to_renew_it(desk, aged):
    """A session that is due soon is printed, and renewed by the one process that has the lock."""
    got = aged(2300)
    found = on_disk(desk.home.env, "dev")
    assert (found.line, found.renew) == (got.line, True)
    with desk.cache().try_lock(got.digest):
        assert on_disk(desk.home.env, "dev").renew is False


def test_a_session_that_is_due_is_no_hit(desk, aged):
    """Minutes before its end the full way decides."""
    aged(3200)
    assert on_disk(desk.home.env, "dev") is None


def test_a_hit_is_logged_unless_that_is_off(desk, aged):
    """``log = false`` holds for what comes from the cache too."""
    aged(10)
    found = on_disk(desk.home.env, "dev")
    folder = desk.context().paths.log
    before = sorted((name, os.path.getsize(f"{folder}/{name}")) for name in os.listdir(folder))
    with open(found.paths.config_toml, "w", encoding="utf-8") as file:
        file.write("log = false\n")
    disk_hit.log(found, wait=5)
    assert before == sorted((name, os.path.getsize(f"{folder}/{name}")) for name in os.listdir(folder))
    os.unlink(found.paths.config_toml)
    disk_hit.log(found, wait=5)
    assert before != sorted((name, os.path.getsize(f"{folder}/{name}")) for name in os.listdir(folder))


def test_a_hit_lets_the_agent_answer_next_time(desk, beside, aged):
    """The line that was printed is the agent's from then on."""
    aged(10)
    disk_hit.tell_agent(desk.context().agent, on_disk(desk.home.env, "dev"))
    assert [row["profile"] for row in beside.client().sessions()["sessions"]] == ["dev"]


def test_a_socket_that_nobody_listens_at_is_no_agent(desk, home):
    """What a killed agent leaves behind: no hit, no error."""
    home.env.pop("AWSVAULT_AGENT")
    paths = desk.context().paths
    os.makedirs(os.path.dirname(paths.socket), mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(paths.socket)
    fill(desk)
    assert on_disk(home.env, "dev") is None
    now = int(time.time())
    disk_hit.tell_agent(
        desk.context().agent, disk_hit.Hit(b"{}\n", False, "dev", b"f", now, now + 60, None, "1", paths)
    )


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


@pytest.mark.parametrize("renewed", [False, True])
def test_an_older_copy_is_noticed_by_the_agent_alone(desk, beside, renewed):
    """The state folder went back too: what the agent has seen tells, also where the copy opens with the main key of before."""
    context = desk.context()
    before = desk.keys(context).opened
    beside.give()
    with open(context.paths.vault, "rb") as file:
        copy = file.read()
    if renewed:
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


def test_a_broken_config_hides_sessions_and_no_keys(desk, beside):
    """status and list show the keys; which sessions are whose cannot be told until the file is mended."""
    fill(desk)
    beside.give()
    context = desk.context()
    assert [one.profile for one in profile_table.on_disk(context, None)] == ["dev"]
    desk.home.config("[profile\n")
    assert list(profile_table.on_disk(context, None)) == []
    found = key_status.look(context)
    assert [entry.name for entry in found.entries] == [NAME]
    assert found.shortened == ()


def test_explain_needs_no_vault_that_the_agent_can_open(desk, beside):
    """What lies there is damaged now: explain tells what AWS's files tell, as it does without an agent."""
    beside.give()
    with open(desk.context().paths.vault, "wb") as file:
        file.write(b"no vault")
    told = explain.explain(desk.context(), "dev")
    assert json.dumps(told.document).count("assume-role") == 1
    assert any(explain.UNKNOWN in fact.value for step in told.steps for fact in step.facts)


def test_systemds_units_replace_an_agent_that_runs(desk, beside, tmp_path):
    """The one that was started before ends, so that systemd's own takes the place."""
    units = systemd_units.install(desk.context(XDG_CONFIG_HOME=str(tmp_path / "config")))
    assert len(units) == 2
    assert all(os.path.exists(unit) for unit in units)
    beside.thread.join(PATIENCE)
    assert not beside.thread.is_alive()
