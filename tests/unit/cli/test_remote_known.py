"""list, status and slots list with a remote: what waits is marked, machines are listed, and scripts keep their columns."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID
from tests.home import PASSPHRASE
from tests.remotes import URL, WAITING, note_remote
from tests.terminal_user import Terminal
from tests.unit.agent.at_home import stop, unlock, with_agent
from tests.vaults import soon
from vault import limits
from vault.remote.summary import RotationWait, WaitingItem
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env

pytestmark = pytest.mark.usefixtures("unmeasured")
HOSTILE = WaitingItem("entry", "x\x1b[2J\u202e", "removed on one machine, changed on another")


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def at_terminal(home, *words, **env):
    person = Terminal(home, *words, AWSVAULT_PASSPHRASE=PASSPHRASE, NO_COLOR="1", **env)
    assert person.ends() == 0, person.shown
    return person.shown


def test_list_marks_what_waits(ready):
    """At a terminal in a column, elsewhere on stderr alone: a script's columns stay."""
    before = ready.run("list").stdout
    note_remote(ready, waiting=(WAITING, HOSTILE))
    shown = at_terminal(ready, "list")
    row = next(line for line in shown.splitlines() if line.startswith("shared-services ") and "AKIA" in line)
    assert row.rstrip().endswith("conflict")
    piped = ready.run("list")
    assert piped.stdout == before
    assert "key shared-services (changed on two machines), key x\\x1b[2J\\u202e (removed" in piped.stderr
    assert "wait for your answer: awsvault-py sync" in piped.stderr
    assert "\x1b" not in piped.stderr + shown


def test_list_of_a_vault_that_shows_no_version(ready):
    """An entry of which nothing is shown is named all the same."""
    ready.run("remove", "shared-services", "--yes")
    note_remote(ready)
    done = ready.run("list")
    assert (done.returncode, done.stdout) == (0, "")
    assert "key shared-services (changed on two machines) waits for your answer" in done.stderr


def test_list_without_a_conflict_is_as_ever(ready):
    before = ready.run("list")
    note_remote(ready, waiting=())
    after = ready.run("list")
    assert (after.stdout, after.stderr) == (before.stdout, before.stderr)
    assert "SYNC" not in at_terminal(ready, "list")
    assert json.loads(ready.run("list", "--json").stdout)["waiting"] == []


def test_many_that_wait_are_counted(ready):
    note_remote(ready, waiting=tuple(WAITING._replace(name=f"n{n}") for n in range(9)))
    assert " and 4 more wait for your answer" in ready.run("list").stderr


def test_status_says_when_it_synced_and_what_waits(ready):
    note_remote(ready, ago=2 * 3600 + 60, waiting=(WAITING, HOSTILE))
    done = ready.run("status")
    assert (
        f"Remote {URL}: last synced 2h 01m ago. 2 items wait for your answer: awsvault-py sync\n"
        in done.stderr
    )
    found = json.loads(ready.run("status", "--json").stdout)
    assert (found["remote"], found["waiting"]) == (URL, 2)
    locked = ready.run("status", AWSVAULT_PASSPHRASE=None)
    assert "Remote: last synced 2h 01m ago. 2 items wait" in locked.stderr
    assert "remote" not in json.loads(ready.run("status", "--json", AWSVAULT_PASSPHRASE=None).stdout)


def test_status_without_a_remote_says_nothing_of_it(ready):
    assert "Remote" not in ready.run("status").stderr
    assert not {"remote", "last_synced", "waiting"} & set(json.loads(ready.run("status", "--json").stdout))


def test_slots_list_has_the_machines_below(ready):
    """At a terminal; in a pipe the slots alone."""
    before = ready.run("slots", "list").stdout
    note_remote(ready, ago=60)
    shown = at_terminal(ready, "slots", "list")
    assert shown.index("SLOT") < shown.index("MACHINE")
    assert "AAAAAAAAAAA" in shown
    assert "this machine" in shown
    assert "2 edits behind" in shown
    assert "Last synced 1m ago." in shown
    after = ready.run("slots", "list").stdout
    assert [line.split("\t")[:4] for line in after.splitlines()] == [
        line.split("\t")[:4] for line in before.splitlines()
    ]
    machines = json.loads(ready.run("slots", "list", "--json").stdout)["machines"]
    assert [(one["name"], one["here"], one["behind"]) for one in machines] == [
        ("laptop", True, 0), ("desktop", False, 2),
    ]  # fmt: skip


def test_slots_list_of_a_locked_vault(ready):
    """It needs no passphrase, and says how to see the machines."""
    note_remote(ready)
    person = Terminal(ready, "slots", "list")
    assert person.ends() == 0
    assert "MACHINE" not in person.shown
    assert "awsvault-py remote show" in person.shown
    found = ready.run("slots", "list", "--json", AWSVAULT_PASSPHRASE=None)
    assert set(json.loads(found.stdout)) == {"slots"}


def test_the_agents_key_opens_it(home, aws):
    """No vault is opened for it."""
    with_agent(home)
    unlock(home)
    try:
        note_remote(home)
        assert f"Remote {URL}: last synced just now. 1 item waits" in home.run("status").stderr
        assert "key shared-services" in home.run("list").stderr
        assert len(json.loads(home.run("slots", "list", "--json").stdout)["machines"]) == 2
    finally:
        stop(home)


# ── a rotation that waits for other machines ────────────────────────────────────────────────────


NEW = "AKIAI44QH8DHBEXAMPLE"


def rotated(home, *machines, left=3 * 86_400):
    """The vault after a rotation, and what its last sync left; ``left``: seconds until the old key is deactivated anyway."""
    ends = int(time.time()) + left
    journal = vault.RotationJournal(
        step="retire",
        began=ends - limits.MACHINES_GRACE,
        old=vault.KeyPair(access_key_id=KEY_ID, secret=Secret("s")),
    )
    paths = from_env(home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    entry = replace(opened.payload.entries["shared-services"], access_key_id=NEW, journal=journal)
    vault.edit(paths, opened.k_main, lambda p: p.with_entry("shared-services", entry), deadline=soon())
    note_remote(home, waiting=(), rotations=(RotationWait("shared-services", NEW, KEY_ID, ends, machines),))


def test_rotation_that_waits_is_not_called_interrupted(ready):
    """Which machines, until when, and what to do; JSON has the step as ever."""
    rotated(ready, "desktop", "desk\x1btop")
    done = ready.run("status")
    assert f"shared-services: its old key {KEY_ID} stays active until 20" in done.stderr
    assert (
        "because these machines may still use it: desktop, desk\\x1btop. On each of them, run: "
        in done.stderr
    )
    assert "awsvault-py sync; then here: awsvault-py rotate shared-services\n" in done.stderr
    assert "interrupted" not in done.stderr
    (found,) = json.loads(ready.run("status", "--json").stdout)["keys"]
    assert found["rotation"] == "retire"
    used = ready.run("list", "--used")
    assert "\tactive for 2d at most, waits for: desktop, desk\\x1btop\n" in used.stdout


def test_rotation_that_waits_is_unfinished_for_a_policy(ready):
    """A job goes on with it, as before; the line says what it waits for."""
    rotated(ready, "desktop")
    done = ready.run("status", "--policy", "3650d")
    assert done.returncode == 1
    assert (
        "has a rotation that waits until these machines have synced: desktop; run: awsvault-py rotate"
        in done.stderr
    )


@pytest.mark.parametrize("left", [3 * 86_400, -60])
def test_rotation_that_waits_no_more(ready, left):
    """All have synced, or the seven days are over."""
    rotated(ready, *(() if left > 0 else ("desktop",)), left=left)
    said = ready.run("status").stderr
    assert (
        f"its old key {KEY_ID} is still active, and no machine is waited for. To deactivate it: awsvault-py rotate shared-services"
        in said
    )
    assert "\tactive: run awsvault-py rotate shared-services\n" in ready.run("list", "--used").stdout


def test_rotation_whose_sync_never_ended_was_interrupted(ready):
    """The others do not know the new key yet: there is nothing to wait for."""
    rotated(ready, "desktop")
    note_remote(ready, waiting=())
    assert (
        "a rotation was interrupted. To continue: awsvault-py rotate shared-services"
        in ready.run("status").stderr
    )
    assert "\trotation interrupted\n" in ready.run("list", "--used").stdout


def test_agent_shows_the_same(home, aws):
    """It gives the step; the machines come from the state folder."""
    with_agent(home)
    rotated(home, "desktop")
    unlock(home)
    try:
        said = home.run("status").stderr
    finally:
        stop(home)
    assert "because these machines may still use it: desktop." in said
