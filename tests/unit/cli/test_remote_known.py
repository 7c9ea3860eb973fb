"""list, status and slots list with a remote: what waits is marked, machines are listed, and scripts keep their columns."""

from __future__ import annotations

import json

import pytest

from tests.home import PASSPHRASE
from tests.remotes import URL, WAITING, note_remote
from tests.terminal_user import Terminal
from tests.unit.agent.at_home import stop, unlock, with_agent
from vault.remote.summary import WaitingItem

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
