"""`restore` and the log: it stays readable under the vault that is put back, or the command says before that it will not."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from tests.home import PASSPHRASE, failed
from tests.terminal_user import Terminal
from tests.vaults import entry, new_vault, soon
from tests.vaults import make as make_vault
from vault.secret import Secret
from vault.store import restore, vault
from vault.store.slots.passphrase import PassphraseSlot
from vault.system.paths import from_env

pytestmark = pytest.mark.usefixtures("inside")

OTHER = "quite another passphrase"


@pytest.fixture
def ready(home):
    """Two records; a backup made after the first, and a ``clear`` before the second."""
    without_codes(home)
    home.export("dev")
    ok(home.run("backup", stick(home)))
    ok(home.run("clear"))
    home.export("prod")
    return home


def without_codes(home):
    """Two profiles whose sessions take no MFA code, so that none is waited for."""
    one = "[profile {}]\nregion = us-east-1\nawsvault_credential = shared-services\n"
    home.config(one.format("dev") + one.format("prod"))
    home.make_vault(seed=None, serial=None)


def ok(done):
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def stick(home):
    return os.path.join(home.root, "stick.avlt")


def profiles(home):
    return [record["profile"] for record in json.loads(ok(home.run("log", "--json")))["records"]]


def whole(home, *expected):
    """The log has these records, and nothing is wrong with it; neither after the next export."""
    assert profiles(home) == [*expected]
    assert f"{len(expected)} records" in ok(home.run("log", "--verify"))
    home.export("dev")
    assert profiles(home) == [*expected, "dev"]
    ok(home.run("log", "--verify"))
    assert not [name for name in os.listdir(home.file("log")) if name.startswith("unreadable")]


def cut(home):
    os.truncate(home.file("vault.avlt"), 1000)


def lose(home):
    os.unlink(home.file("vault.avlt"))


@pytest.mark.parametrize("harm", [None, cut, lose], ids=["sound", "damaged", "gone"])
def test_a_backup_from_before_a_clear_keeps_the_log(ready, harm):
    """The key of the log is had from the vault that lies there, or from an automatic backup where that is broken."""
    touch(ready)
    if harm is not None:
        harm(ready)
    ok(ready.run("restore", stick(ready), "--yes"))
    whole(ready, "dev", "prod")


def touch(home):
    """Another write: the newest backup has the cache key of after the clear then."""
    paths = from_env(home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    vault.edit(paths, opened.k_main, lambda p: p.with_entry("another", entry()), deadline=soon())


def test_an_automatic_backup_and_the_vault_that_lies_there_keep_it_too(ready):
    """bak1 is from before the clear. An older copy that was restored manually is accepted: an automatic backup has the key."""
    ok(ready.run("restore", "bak1", "--yes"))
    whole(ready, "dev", "prod")
    ok(ready.run("clear"))
    touch(ready)
    shutil.copyfile(stick(ready), ready.file("vault.avlt"))
    ok(ready.run("restore", "--accept", "--yes"))
    whole(ready, "dev", "prod", "dev")


def test_a_backup_from_before_new_master_keys_keeps_it(ready):
    """One passphrase opens both, though their main keys differ."""
    ok(ready.run("rekey", "--yes"))
    ready.export("prod")
    ok(ready.run("restore", stick(ready), "--accept", "--yes"))
    whole(ready, "dev", "prod", "prod")


def test_an_old_cache_key_does_not_come_back(ready):
    """Who has the key of before the clear, from a copy, reads no session that is cached after the restore."""
    before = _cache_key(ready, stick(ready))
    cleared = _cache_key(ready, ready.file("vault.avlt"))
    ok(ready.run("restore", stick(ready), "--yes"))
    after = _cache_key(ready, ready.file("vault.avlt"))
    assert len({before, cleared, after}) == 3


def _cache_key(home, path):
    found = restore.read_backup(from_env(home.env), path)
    payload, _ = restore.open_backup(found, PassphraseSlot(Secret(PASSPHRASE)), path=path)
    return payload.cache_key.reveal()


def test_what_cannot_be_kept_is_said_before_it_is_done(ready):
    """Nothing available has the newer cache key: the question comes after the word, and a no changes nothing."""
    ok(ready.run("passwd", "--stdin", "--yes", stdin=OTHER))
    ready.export("dev", AWSVAULT_PASSPHRASE=OTHER)
    asked = ready.run("restore", stick(ready), "--accept")
    assert asked.returncode == 10
    assert "log" in asked.stderr.partition("error")[0]
    assert "unreadable.N" in asked.stderr
    new = {"AWSVAULT_PASSPHRASE": OTHER}
    assert "3 records" in ok(ready.run("log", "--verify", **new))
    ok(ready.run("restore", stick(ready), "--accept", "--yes"))
    failed(ready.run("log", "--verify"), 9, "a different cache key")
    ready.export("dev")
    failed(ready.run("log", "--verify"), 1, "unreadable.", "restore")
    assert profiles(ready) == ["dev"]


def test_another_vaults_backup_says_that_the_log_ends(ready):
    """Its log is another's: no key opens this one under it."""
    other = from_env({**ready.env, "AWSVAULT_HOME": os.path.join(ready.root, "other")})
    new_vault(other)
    said = ok(ready.run("restore", other.vault, "--yes"))
    assert "a different vault" in said
    assert "unreadable.N" in said


def test_a_home_without_a_log_is_told_nothing_of_it(home):
    """Nothing was ever handed out here, or the log is switched off."""
    without_codes(home)
    ok(home.run("backup", stick(home)))
    ok(home.run("clear"))
    assert "the log" not in ok(home.run("restore", stick(home), "--yes"))


SECOND = "sunday gravel orchard mitten"


def typed(home, *arguments):
    """A run whose passphrase is mistyped once."""
    person = Terminal(home, *arguments)
    person.answers("Passphrase: ", "not the passphrase at all")
    person.answers("Passphrase: ", PASSPHRASE)
    return person


def test_a_backup_is_put_back_by_the_passphrase_it_had(home):
    """It is typed for the backup, since the vault that lies there may have another."""
    home.make_vault()
    copy = os.path.join(home.root, "copy.avlt")
    assert home.run("backup", copy).returncode == 0
    person = Terminal(home, "passwd")
    person.answers("Passphrase: ", PASSPHRASE)
    person.new_passphrase(SECOND)
    assert person.ends() == 0
    person = typed(home, "restore", copy, "--accept")
    person.answers("[y/N] ", "y")
    assert person.ends() == 0, person.shown
    assert home.run("list").returncode == 0
    failed(home.run("list", AWSVAULT_PASSPHRASE=SECOND), 4)


def test_a_copy_of_another_vault_is_minded(home, here, tmp_path):
    """It may be meant, so it is asked and not refused; what lies there is kept as a backup."""
    theirs = make_vault(
        {**home.env, "AWSVAULT_HOME": str(tmp_path / "theirs")},
        entry="theirs",
        key_id="AKIAI44QH8DHBEXAMPLE",
        secret="je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
    )
    path = tmp_path / "theirs.avlt"
    path.write_bytes(theirs.file.raw)
    path.chmod(0o600)
    home.make_vault()
    done = here(home, "restore", str(path), "--yes")
    assert done.returncode == 0, done.stderr
    assert "Warning: " in done.stderr
    assert "is a backup of a different vault" in done.stderr
    assert here(home, "list").stdout.startswith("theirs\t")
