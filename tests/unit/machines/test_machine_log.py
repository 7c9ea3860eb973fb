"""What the log has of machines: who brought which entry here, and when. It never fails a command."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.fakes.s3 import URL
from tests.home import PASSPHRASE
from tests.vaults import soon
from vault.context import Context
from vault.machines import machine_log
from vault.remote.outcome import ItemChange, SyncOutcome
from vault.secret import Secret
from vault.store import vault
from vault.system.clock import SystemClock
from vault.system.paths import from_env


@pytest.fixture
def both(laptop, desktop):
    laptop.remote("--name", "laptop")
    desktop.join("--name", "desktop")
    return laptop, desktop


def records(machine):
    """What each record about machines says, by its use."""
    found = json.loads(machine.ok("log", "--json").stdout)["records"]
    return [(one["use"], one["what"]) for one in found if one["from"] == "remote"]


def test_a_remote_from_its_beginning_to_its_end(both):
    laptop, desktop = both
    laptop.ok("remote", "remove", "--yes")
    assert records(laptop)[0] == ("remote", f"added {URL}")
    assert records(laptop)[-1] == ("remote", f"removed {URL}")
    assert records(desktop) == [("init", f"from {URL}")]


def test_a_sync_names_what_came_and_what_went(both):
    """And from which machine; one with nothing to do leaves no record."""
    laptop, desktop = both
    laptop.add("prod", 1)
    laptop.sync()
    desktop.add("test", 2)
    desktop.ok("remove", "dev", "--yes")
    desktop.sync()
    desktop.sync()
    desktop.sync("--dry-run")
    assert records(laptop)[-1] == ("sync", "1 went: +prod")
    assert records(desktop)[1:] == [("sync", "1 came: +prod (laptop); 2 went: -dev, +test")]


def test_it_is_shown_in_words(both):
    """In the column of the role, as a sign-in's name is."""
    line = both[1].ok("log").stdout.splitlines()[-1].split("\t")
    assert (line[1], line[3], line[5]) == ("init", f"from {URL}", "remote")


def test_many_entries_are_cut(monkeypatch):
    """A record has room for some names, and says how many more there are."""
    said = []
    monkeypatch.setattr(machine_log, "_log", lambda *_, use, what: said.append((use, what)))
    came = tuple(ItemChange(f"entry/n{n}", "entry", f"n{n}", "added", "", 0) for n in range(40))
    machine_log.log_sync(None, None, SyncOutcome(came=came))
    machine_log.log_sync(None, None, SyncOutcome(taken_over=True))
    machine_log.log_sync(None, None, SyncOutcome())
    machine_log.log_removed_machine(None, None, name="desktop", machine="BBBBBBBBBBB")
    assert said[0][1].startswith("40 came: +n0, +n1, ")
    assert said[0][1].endswith(", 28 more")
    assert said[1:] == [
        ("sync", "this copy of the vault is a new machine"),
        ("machine", "removed desktop (BBBBBBBBBBB)"),
    ]


def test_a_long_name_hides_nothing(laptop):
    """The format allows more characters than a record has bytes. What comes after the name of another machine is not cut off."""
    laptop.remote()
    name, paths = "\U0001f5a5" * 255, from_env(laptop.home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    came, went = (
        (ItemChange(f"entry/{one}", "entry", one, "added", by, 0),) for one, by in (("x", name), ("y", ""))
    )
    context = Context(env=laptop.home.env, paths=paths, clock=SystemClock(), deadline=soon())
    machine_log.log_removed_machine(context, opened, name=name, machine="B" * 32)
    machine_log.log_sync(context, opened, SyncOutcome(came=came, went=went))
    removed, synced = records(laptop)[-2:]
    assert removed[1].endswith(f" ({'B' * 32})")
    assert synced[1].endswith("; 1 went: +y")


def test_a_log_that_cannot_be_written_stops_nothing(both):
    laptop, _ = both
    path = laptop.home.file("log")
    shutil.rmtree(path)
    with open(path, "w", encoding="utf-8"):
        pass
    laptop.add("prod", 1)
    assert [one["name"] for one in laptop.sync()["went"]] == ["prod"]


def test_a_log_that_is_off_stays_off(laptop):
    laptop.home.settings("log = false\n")
    laptop.remote()
    assert records(laptop) == []
