"""slots remove MACHINE: which machine is meant, what the others get, and what the removed one can still do."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tests.fakes.s3 import URL
from tests.home import PASSPHRASE, failed
from tests.terminal_user import Terminal
from tests.unit.cli.json_tables import compare
from tests.unit.machines.conftest import desktop, laptop, s3
from tests.unit.machines.machine import Machine
from vault.cli import remove_machine
from vault.errors import Usage
from vault.machines import shared_keys
from vault.remote.summary import MachineInfo

__all__ = ["desktop", "laptop", "s3"]

NEW = "five other words for all"


@pytest.fixture
def both(laptop, desktop):
    """Two machines that have the same, and their last sync behind them."""
    laptop.remote()
    desktop.join()
    laptop.sync()
    desktop.sync()
    return laptop, desktop


def ids(machine):
    """The IDs of this machine and of the others."""
    shown = json.loads(machine.ok("remote", "show", "--json").stdout)["machines"]
    return [one["id"] for one in shown if one["here"]], [one["id"] for one in shown if not one["here"]]


def remove(machine, name, *more, code=0):
    done = machine.ok("slots", "remove", name, "--stdin", "--yes", *more, stdin=NEW, code=code)
    machine.home.env["AWSVAULT_PASSPHRASE"] = NEW
    return done


def types(machine, *words, code=0):
    user = Terminal(machine.home, *words, AWSVAULT_PASSPHRASE=machine.home.env["AWSVAULT_PASSPHRASE"])
    user.answers("Passphrase: ", NEW)
    assert user.ends() == code, user.shown
    return user.shown


def test_removed_machine_is_told_and_comes_back(both):
    """Exit code 10 with the way back; what only it had comes with it, under a new ID and the new passphrase."""
    laptop, desktop = both
    desktop.add("mine", 7)
    _, (machine,) = ids(laptop)
    said = remove(laptop, machine).stderr
    assert f"Removed the machine {_host(laptop)} ({machine})" in said
    assert "keeps what it synced last on 20" in said
    assert "awsvault-py rotate dev" in said
    assert "delete its noncurrent versions" in said
    shown = types(desktop, "sync", code=10)
    assert f"this machine was removed from the vault in {URL}" in shown
    assert f"awsvault-py init --from {URL}" in shown
    assert desktop.run("list").returncode == 0  # by the old passphrase: nothing was written
    shown = types(desktop, "init", "--from", URL, *desktop.at)
    assert "has joined" in shown
    desktop.home.env["AWSVAULT_PASSPHRASE"] = NEW
    (me,), _ = ids(desktop)
    assert me != machine
    laptop.sync()
    assert (
        laptop.entries()
        == desktop.entries()
        == {"dev": laptop.entries()["dev"], "mine": "AKIAI44QH8DHBEXAMP07"}
    )
    states = {one["id"]: one["removed"] for one in laptop.sync()["machines"]}
    assert (states[machine], states[me]) == (True, False)


def _host(machine):
    return json.loads(machine.ok("remote", "show", "--json").stdout)["machines"][0]["name"]


def test_third_machine_types_the_new_passphrase(both, tmp_path, aws, s3):
    from tests.home import Home

    laptop, desktop = both
    third = Machine(Home(tmp_path / "third", url=aws.url), s3)
    third.home.env |= {name: laptop.home.env[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    third.join()
    remove(laptop, ids(desktop)[0][0])
    laptop.add("prod", 1)
    laptop.sync()
    types(third, "sync")
    third.home.env["AWSVAULT_PASSPHRASE"] = NEW
    assert third.entries() == laptop.entries()


def test_at_a_terminal(both):
    """It shows what it is about to do, and asks for the new passphrase twice."""
    laptop, desktop = both
    (machine,) = ids(desktop)[0]
    user = Terminal(laptop.home, "slots", "remove", machine)
    user.answers("Passphrase: ", PASSPHRASE)
    assert f"({machine}) from {URL}, choose a new passphrase" in user.sees("[y/N] ")
    user.child.sendline("y")
    user.new_passphrase(NEW)
    assert user.ends() == 0, user.shown
    assert laptop.run("list", AWSVAULT_PASSPHRASE=NEW).returncode == 0


def test_json_is_documented(both):
    laptop, _ = both
    _, (machine,) = ids(laptop)
    removed = json.loads(remove(laptop, machine, "--json").stdout)
    assert (removed["machine"], removed["rotate"], removed["url"]) == (machine, ["dev"], URL)
    unread = {**removed, "log_unreadable": "why", "removed": [{"slot": "x", "kind": "keyring"}]}
    compare("slots remove MACHINE", removed, unread)
    failed(laptop.run("slots", "remove", machine, "--yes", "--stdin", stdin="x" * 20), 5, "removed already")


def test_same_passphrase_is_refused(both, s3):
    """The removed machine knows it. Nothing was changed by then."""
    laptop, _ = both
    _, (machine,) = ids(laptop)
    there = s3.vault
    failed(
        laptop.run("slots", "remove", machine, "--yes", "--stdin", stdin=PASSPHRASE),
        2,
        "already unlocks the vault",
    )
    assert s3.vault == there


def test_passphrase_of_the_bucket_is_refused(laptop, desktop, s3):
    """Where that of this machine's vault is another one: the removed machine typed it once."""
    laptop.remote()
    desktop.join()
    laptop.sync()
    laptop.ok("remote", "remove", "--yes")
    laptop.ok("passwd", "--stdin", stdin=NEW)
    user = Terminal(laptop.home, "remote", "add", URL, *laptop.at)
    user.answers("Passphrase: ", NEW)
    user.answers("Passphrase: ", PASSPHRASE)
    assert user.ends() == 0, user.shown
    there = s3.vault
    done = laptop.run(
        "slots", "remove", ids(desktop)[0][0], "--yes", "--stdin", stdin=PASSPHRASE, AWSVAULT_PASSPHRASE=NEW
    )
    failed(done, 2, "already opens", "the machine knows it")
    assert s3.vault == there


def test_this_machine_is_not_removed(both):
    laptop, _ = both
    (me,), _ = ids(laptop)
    failed(
        laptop.run("slots", "remove", me, "--yes", "--stdin", stdin=NEW),
        2,
        "is this machine",
        "awsvault-py remote remove",
    )


def test_one_name_of_two_machines(both):
    """All tests are on one host: both IDs are named, and when each wrote last."""
    laptop, _ = both
    (me,), (other,) = ids(laptop)
    failed(
        laptop.run("slots", "remove", _host(laptop), "--yes", "--stdin", stdin=NEW), 2,
        f"several machines are called {_host(laptop)}", f"{me}, last wrote 20", ", this machine", f"{other}, last wrote 20",
    )  # fmt: skip


def test_name_that_is_nothing(both):
    failed(both[0].run("slots", "remove", "nothing", "--yes"), 5, "no slot name starts with")


def test_slot_takes_no_new_passphrase(both):
    laptop, _ = both
    slot = json.loads(laptop.ok("slots", "list", "--json").stdout)["slots"][0]["slot"]
    failed(laptop.run("slots", "remove", slot, "--stdin", stdin=NEW), 2, "--stdin is for a machine")


@pytest.fixture
def called(monkeypatch):
    """``called(name, slots)``: whether a machine of this name is meant where there are these slots."""

    def run(name, *slots, machines=("laptop",)):
        found = [MachineInfo(one, one, 0, edits=0, behind=0, gone=False, here=False) for one in machines]
        monkeypatch.setattr(
            shared_keys, "machines_called", lambda _, wanted: [one for one in found if one.name == wanted]
        )
        records = [SimpleNamespace(name=slot) for slot in slots]
        return remove_machine.is_meant(SimpleNamespace(header=SimpleNamespace(slots=records)), name)

    return run


def test_name_of_a_slot_comes_first(called):
    """A whole one. If it only begins so, nobody knows what is meant."""
    assert called("laptop", "AAAAAAAAAAA")
    assert not called("laptop", "laptop")
    assert not called("AAAA", "AAAAAAAAAAA")
    with pytest.raises(Usage, match="name of a slot begins with it too"):
        called("laptop", "laptopAAAAA")


def test_the_log_names_the_removed_machine(both):
    """Under the new keys of the vault."""
    laptop, _ = both
    _, (machine,) = ids(laptop)
    remove(laptop, machine)
    last = json.loads(laptop.ok("log", "--json").stdout)["records"][-1]
    assert (last["use"], last["what"]) == ("machine", f"removed {_host(laptop)} ({machine})")
