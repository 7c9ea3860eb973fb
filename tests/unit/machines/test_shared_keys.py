"""passwd and rekey with a remote: the bucket first, then this machine; the others type the new passphrase once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.fakes.bucket import InProcessBucket, lost
from tests.fakes.s3 import URL
from tests.home import PASSPHRASE, failed
from tests.machines import Computer
from tests.terminal_user import Terminal
from tests.vaults import entry
from vault import errors
from vault.machines import bucket_access, shared_keys
from vault.sync.versions import MachineLine, SharedState
from vault.upkeep import rekey

NEW = "five other words for all"


@pytest.fixture
def both(laptop, desktop):
    """Two machines that have the same, and their last sync behind them."""
    laptop.remote()
    desktop.join()
    laptop.sync()
    desktop.sync()
    return laptop, desktop


def passwd(machine, *more, passphrase=NEW):
    """Change the passphrase here; the environment has the new one from now on."""
    done = machine.ok("passwd", "--stdin", *more, stdin=passphrase)
    machine.home.env["AWSVAULT_PASSPHRASE"] = passphrase
    return done


def fingerprint(machine):
    return json.loads(machine.ok("remote", "show", "--json").stdout)["fingerprint"]


def types(machine, *words, passphrase=NEW, code=0):
    """A command at a terminal, where the bucket's passphrase is typed; that of the vault is in the environment."""
    user = Terminal(machine.home, *words, AWSVAULT_PASSPHRASE=machine.home.env["AWSVAULT_PASSPHRASE"])
    user.answers("Passphrase: ", passphrase)
    assert user.ends() == code, user.shown
    return user.shown


def opens(machine, passphrase):
    return machine.run("list", AWSVAULT_PASSPHRASE=passphrase).returncode


def test_new_passphrase_is_typed_once_on_the_other_machine(both):
    """It opens the bucket's file, and then that machine's vault, which the old one no longer does."""
    laptop, desktop = both
    before = fingerprint(laptop)
    said = passwd(laptop).stderr
    assert f"{URL} has a new key" in said
    assert "type the passphrase once" in said
    laptop.add("prod", 1)
    laptop.sync()
    shown = types(desktop, "sync")
    assert "becomes the passphrase of this machine too" in shown
    assert "The passphrase that you typed is this machine's now" in shown
    assert (opens(desktop, PASSPHRASE), opens(desktop, NEW)) == (4, 0)
    desktop.home.env["AWSVAULT_PASSPHRASE"] = NEW
    assert desktop.entries() == laptop.entries()
    assert desktop.sync()["came"] == []
    assert fingerprint(desktop) == fingerprint(laptop) != before


def test_passwd_is_one_write_of_the_bucket(both, s3):
    """After a request that finds the bucket as it was."""
    laptop, _ = both
    s3.requests.clear()
    passwd(laptop)
    assert [method for method, _ in s3.requests] == ["GET", "GET", "PUT"]
    s3.requests.clear()
    assert laptop.sync()["pushed"] is False
    assert [method for method, _ in s3.requests] == ["GET"]


@pytest.mark.parametrize(
    "words", [("passwd", "--stdin"), ("rekey",), ("slots", "remove", "{}", "--stdin", "--yes")]
)
@pytest.mark.parametrize("denied", ["GET", "PUT"])
def test_bucket_that_refuses_leaves_everything(both, s3, words, denied):
    """Before or at the write: no vault is written, and the old passphrase opens both."""
    laptop, desktop = both
    machine = json.loads(desktop.ok("remote", "show", "--json").stdout)["machines"][0]["id"]
    s3.denies, there = {denied}, s3.vault
    done = laptop.run(*(word.format(machine) for word in words), stdin=NEW)
    failed(done, 7, "no key and no passphrase was changed")
    s3.denies = set()
    assert (opens(laptop, PASSPHRASE), opens(laptop, NEW)) == (0, 4)
    assert s3.vault == there
    assert laptop.sync()["came"] == desktop.sync()["came"] == []


def test_nobody_to_ask(both):
    """With the old passphrase in the environment: exit code 4, and the machine works on with what it has."""
    laptop, desktop = both
    passwd(laptop)
    failed(desktop.run("sync"), 4, "does not open the bucket's file (it is from AWSVAULT_PASSPHRASE)")
    assert desktop.entries() == laptop.entries()
    assert opens(desktop, PASSPHRASE) == 0


def test_rekey_keeps_the_passphrase(both):
    """The bucket's file has another key, and the other machine types the same passphrase again."""
    laptop, desktop = both
    before = fingerprint(laptop)
    assert f"{URL} has a new key" in laptop.ok("rekey").stderr
    assert fingerprint(laptop) != before
    assert "as before" in desktop.ok("sync").stderr  # the environment has the passphrase
    assert fingerprint(desktop) == fingerprint(laptop)
    assert opens(desktop, PASSPHRASE) == 0


def test_two_machines_in_turn(both):
    """The second one first takes the passphrase of the first, and then gives its own to all."""
    laptop, desktop = both
    third = "words of the desktop for all"
    passwd(laptop)
    user = Terminal(desktop.home, "passwd", AWSVAULT_PASSPHRASE=PASSPHRASE)
    user.answers("Passphrase: ", NEW)
    user.new_passphrase(third)
    assert user.ends() == 0, user.shown
    desktop.home.env["AWSVAULT_PASSPHRASE"] = third
    assert desktop.entries() == laptop.entries()
    types(laptop, "sync", passphrase=third)
    assert (opens(laptop, NEW), opens(laptop, third)) == (4, 0)


def test_kdf_of_the_bucket_is_kept(laptop, s3):
    """``remote add --kdf strong`` was a choice for the bucket, where others can guess."""
    from vault.store.format import parse_file

    laptop.remote("--kdf", "strong")
    passwd(laptop)
    assert [slot.kdf.memory_kib for slot in parse_file(s3.vault).header.slots] == [262_144]
    passwd(laptop, "--kdf", "default", passphrase="words that are used after those")
    assert [slot.kdf.memory_kib < 262_144 for slot in parse_file(s3.vault).header.slots] == [True]


def test_vault_without_a_remote_asks_no_bucket(laptop, s3):
    """Nor does one whose remote was removed."""
    laptop.remote()
    laptop.ok("remote", "remove", "--yes")
    s3.requests.clear()
    assert URL not in passwd(laptop).stderr
    assert s3.requests == []


@pytest.fixture
def shared(laptop, here, monkeypatch):
    """A machine whose bucket is in this process, and ``here`` for its commands."""
    bucket = InProcessBucket()
    monkeypatch.setattr(bucket_access, "bucket", lambda *_, **__: bucket)

    def run(*words, **more):
        return here(laptop.home, *words, **more)

    laptop.remote()
    bucket.write(laptop.s3.vault)
    return bucket, run


def test_answer_that_is_lost(shared):
    """The bucket may have the new passphrase: the command says so, and the next sync asks for it and takes it."""
    bucket, run = shared
    bucket.after = lost
    failed(run("passwd", "--stdin", stdin=NEW), 8, "may have its new key already", "awsvault-py sync")
    bucket.after = lambda _: None
    assert run("list").returncode == 0  # by the old one
    failed(run("sync"), 4, "does not open the bucket's file")


def test_disk_that_fails_after_the_write_of_the_bucket(shared, monkeypatch):
    """The bucket has the new passphrase, the vault the old one: the hint says how to go on."""
    bucket, run = shared
    written = len(bucket.history)

    def fails(*_, **__):
        raise errors.StorageError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(rekey, "_write", fails)
        done = run("passwd", "--stdin", stdin=NEW)
    failed(done, 6, "no space left", "has its new key already", "then run: awsvault-py sync")
    assert len(bucket.history) == written + 1
    assert run("list").returncode == 0
    failed(run("sync"), 4, "does not open the bucket's file")


@pytest.mark.parametrize("words", [("sync",), ("passwd",)])
def test_bucket_that_fails_after_the_passphrase_became_this_machines(both, s3, words):
    """The sync writes the vault first. The error says which passphrase it has now."""
    laptop, desktop = both
    passwd(laptop)
    laptop.add("prod", 1)
    laptop.sync()
    s3.denies = {"PUT"}
    shown = types(desktop, *words, code=7)
    assert "the passphrase that you typed is this machine's now" in shown
    assert "no passphrase was changed" not in shown
    assert (opens(desktop, PASSPHRASE), opens(desktop, NEW)) == (4, 0)


def test_long_answer_of_a_server_does_not_push_out_what_was_done(shared):
    """An error is cut at 400 characters: what the command did comes first."""
    bucket, run = shared

    def refuses(request):
        if request == "PUT":
            raise errors.Refused("x" * 400)

    bucket.before = refuses
    failed(run("rekey"), 7, "no key and no passphrase was changed: ")


def test_failure_after_both_have_their_new_keys(shared, monkeypatch):
    """The error does not say that this machine has its old passphrase."""
    _, run = shared

    def fails(_):
        raise errors.StorageError("a session cannot be deleted")

    with monkeypatch.context() as patch:
        patch.setattr(rekey, "forget_files", fails)
        done = run("passwd", "--stdin", stdin=NEW)
    failed(done, 6, "a session cannot be deleted", "this machine have their new keys already")
    assert "old one" not in done.stderr
    assert run("list", AWSVAULT_PASSPHRASE=NEW).returncode == 0


def test_machine_that_calls_itself_by_the_id_of_another(tmp_path):
    """Each of the two can be named by its ID, and so be removed."""
    bucket = InProcessBucket()
    laptop, desktop = (Computer(tmp_path, name, bucket) for name in ("laptop", "desktop"))
    laptop.begin(dev=entry())
    desktop.join()
    laptop.sync()
    state, known = laptop.local().state, desktop.local().me
    names = {known: "hostile", "hostile": known}
    lines = {
        each: replace(state.machines.get(each, MachineLine()), name=name) for each, name in names.items()
    }
    laptop.change_local(state=SharedState(state.items, {**state.machines, **lines}))
    for each in names:
        assert [one.id for one in shared_keys.machines_called(laptop.opened(), each)] == [each]
