"""Commands that know nothing of machines, on a vault that is shared: what they change reaches the others, and nothing else does."""

from __future__ import annotations

import json
import re
import shlex

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.fakes.s3 import URL
from tests.home import PASSPHRASE, failed
from tests.terminal_user import Terminal
from tests.vaults import soon
from vault.errors import NotThisSlot
from vault.secret import Secret
from vault.store import vault
from vault.store.slots.passphrase import PassphraseSlot
from vault.system.paths import from_env

NEW = "five other words for all"
OWN, NEXT = "five words for the seeds alone", "five other words for the same"


@pytest.fixture
def both(laptop, desktop):
    """Two machines that have the same, and their last sync behind them."""
    laptop.remote()
    desktop.join()
    laptop.sync()
    desktop.sync()
    return laptop, desktop


def at_terminal(machine, words, *answers, code=0):
    """A command at a terminal; the environment has the vault's passphrase."""
    user = Terminal(machine.home, *words, AWSVAULT_PASSPHRASE=machine.home.env["AWSVAULT_PASSPHRASE"])
    for question, answer in answers:
        user.answers(question, answer)
    assert user.ends() == code, user.shown
    return user.shown


def test_restored_backup_brings_nothing_old_back(both, s3, tmp_path):
    """The machine comes back as a new one; what was edited since, here and there, is there after its sync."""
    laptop, desktop = both
    copy = str(tmp_path / "copy")
    laptop.ok("backup", copy)
    laptop.add("here", 2)
    laptop.ok("remove", "dev", "--yes")
    laptop.sync()
    desktop.sync()
    desktop.add("there", 3)
    desktop.sync()
    before = s3.vault
    said = laptop.ok("restore", copy, "--yes").stderr
    assert "Nothing in the bucket is replaced" in said
    assert s3.vault == before
    laptop.add("after", 4)
    assert "this one is a new machine now" in laptop.ok("sync").stderr
    desktop.sync()
    assert set(laptop.entries()) == set(desktop.entries()) == {"here", "there", "after"}
    assert len(laptop.sync()["machines"]) == 3


def test_entry_that_was_removed_by_mistake_is_restored(both):
    """restore says how to keep it, and its command can be pasted."""
    laptop, desktop = both
    for machine in both:
        machine.syncs_by_itself()
    laptop.ok("remove", "dev", "--yes")
    desktop.sync()
    done = laptop.ok("restore", "bak1", "--yes", "--json")
    assert "removed since this copy was made: dev." in json.loads(done.stdout)["warnings"][0]
    (words,) = re.findall(r"run: awsvault-py (sync --choose \S+)\n", done.stderr)
    laptop.ok(*shlex.split(words))
    desktop.sync()
    assert laptop.entries() == desktop.entries() == {"dev": KEY_ID}


def test_backup_from_before_the_remote(laptop, desktop, tmp_path):
    """It is said before the user agrees. After `remote add` with the same URL, the machine has all again."""
    copy = str(tmp_path / "copy")
    laptop.ok("backup", copy)
    laptop.remote()
    desktop.join()
    desktop.add("prod", 1)
    desktop.sync()
    done = laptop.ok("restore", copy, "--yes", "--json")
    assert "this machine will no longer sync" in done.stderr
    assert "remote add" in json.loads(done.stdout)["warnings"][0]
    failed(laptop.run("sync"), 5, "this vault has no remote")
    laptop.remote()
    assert laptop.entries() == desktop.entries()


def test_backup_from_before_a_new_passphrase(both, tmp_path):
    """The next sync asks for the new one, which becomes this machine's again."""
    laptop, desktop = both
    copy = str(tmp_path / "copy")
    laptop.ok("backup", copy)
    laptop.ok("passwd", "--stdin", stdin=NEW)
    laptop.ok("restore", copy, "--accept", "--yes")
    assert "is this machine's now" in at_terminal(laptop, ["sync"], ("Passphrase: ", NEW))
    laptop.home.env["AWSVAULT_PASSPHRASE"] = NEW
    assert laptop.entries() == desktop.entries()
    assert laptop.sync()["came"] == []


def test_imported_key_reaches_the_other_machine(both):
    laptop, desktop = both
    laptop.home.config(
        f"[profile old]\naws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = {SECRET}\n"
    )
    laptop.ok("import", "--yes", "--no-verify")
    assert [one["name"] for one in laptop.sync()["went"]] == ["old"]
    assert [one["name"] for one in desktop.sync()["came"]] == ["old"]
    laptop.ok("import", "--undo", "--yes")
    assert laptop.sync()["went"] == []
    assert laptop.entries() == desktop.entries() == {"dev": KEY_ID, "old": "AKIAI44QH8DHBEXAMPLE"}


def test_strict_seed_reaches_the_other_machine_closed(both):
    """Its own passphrase opens it there. A new strict passphrase follows; the bucket's key stays."""
    laptop, desktop = both
    twice = [("New passphrase: ", OWN), ("Repeat the new passphrase: ", OWN)]
    at_terminal(
        laptop, ["mfa", "add", "dev", "--strict", "--no-verify"], ("ARN of", SERIAL), (" seed", SEED), *twice
    )
    assert "strict" in {one["kind"] for one in laptop.sync()["went"]}
    desktop.sync()
    before = fingerprint(desktop)
    assert strict_serials(desktop, OWN) == [SERIAL]
    twice = [("New passphrase: ", NEXT), ("Repeat the new passphrase: ", NEXT)]
    at_terminal(desktop, ["passwd", "--strict"], ("strict seeds: ", OWN), *twice)
    desktop.sync()
    laptop.sync()
    assert strict_serials(laptop, NEXT) == [SERIAL]
    with pytest.raises(NotThisSlot):
        strict_serials(laptop, OWN)
    assert fingerprint(laptop) == fingerprint(desktop) == before


def strict_serials(machine, passphrase):
    """The devices whose seeds this strict passphrase opens."""
    paths = from_env(machine.home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    return list(vault.open_strict(opened, PassphraseSlot(Secret(passphrase)), path="it").seeds)


def fingerprint(machine):
    return json.loads(machine.ok("remote", "show", "--json").stdout)["fingerprint"]


def test_slots_are_of_one_machine(both, s3):
    """Adding one and removing one changes neither the bucket nor the other machine, and costs a request of the next sync."""
    laptop, desktop = both
    before, there = fingerprint(laptop), s3.vault
    twice = [("New passphrase: ", NEW), ("Repeat the new passphrase: ", NEW)]
    at_terminal(laptop, ["slots", "add", "passphrase"], *twice)
    slot = json.loads(laptop.ok("slots", "list", "--json").stdout)["slots"][-1]["slot"]
    laptop.ok("slots", "remove", slot, "--yes")
    s3.requests.clear()
    laptop.sync()
    assert [method for method, _ in s3.requests] == ["GET"]
    assert (fingerprint(laptop), s3.vault) == (before, there)
    assert desktop.sync()["came"] == []


def test_init_from_again_on_a_machine_that_was_not_removed(both):
    """It syncs, and says that nothing else was to do."""
    _, desktop = both
    assert f"shares {URL} already" in desktop.join().stderr
    assert len(desktop.sync()["machines"]) == 2


def test_removed_machine_needs_the_new_passphrase_to_come_back(both):
    """Without it, nothing is written."""
    laptop, desktop = both
    me = json.loads(desktop.ok("remote", "show", "--json").stdout)["machines"][0]["id"]
    laptop.ok("slots", "remove", me, "--yes", "--stdin", stdin=NEW)
    failed(desktop.run("init", "--from", URL, *desktop.at), 4, "does not open the bucket's file")
    assert json.loads(desktop.ok("remote", "show", "--json").stdout)["machines"][0]["id"] == me
    assert desktop.run("list", AWSVAULT_PASSPHRASE=PASSPHRASE).returncode == 0
