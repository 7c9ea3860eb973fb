"""Backups that are listed and opened, by what the user types."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.home import PASSPHRASE, Home
from tests.unit.benches import NAME, Window
from tests.vaults import soon
from vault import errors
from vault.context import Context
from vault.secret import Secret
from vault.store import vault
from vault.store.format import SlotRecord
from vault.store.slots import new_sid, wrap_key
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.upkeep import backups


def run_of(home, *, seconds=50.0, attended=False, **env):
    """A context without an available passphrase."""
    merged = home.with_env({"AWSVAULT_PASSPHRASE": None, **env})
    return Context(
        env=merged, paths=from_env(merged), clock=SystemClock(), deadline=Deadline.after(seconds), attended=attended
    )  # fmt: skip


def with_keyrings_slot(bench):
    """The vault with a slot of a keyring that is not this machine's."""
    context, opened = bench.context(), bench.opened()
    record = SlotRecord(type="keyring", sid=new_sid(), opens="main", wrap=b"", host="another")
    record = wrap_key(vault.new_key(), record, vault_id=opened.vault_id, key=opened.k_main)
    return vault.rewrite(
        context.paths,
        opened.k_main,
        lambda draft, _: replace(draft, slots=(*draft.slots, record)),
        deadline=soon(),
    )


def test_a_backup_of_another_machines_keyring_is_put_back(bench, monkeypatch, tmp_path):
    """Its slot's item is not to be had here: what this machine's keyring knows of the vault is nothing, and no bar."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    opened = with_keyrings_slot(bench)
    path = str(tmp_path / "copy")
    backups.write(opened, path)
    context = bench.context(AWSVAULT_KEYRING=None)
    chosen = backups.choose(context, path, accept=False)
    assert chosen.known_gen == 0
    assert backups.restore_backup(context, chosen).header.gen > opened.header.gen


def test_a_backup_is_opened_by_a_typed_passphrase(bench, home, tmp_path):
    """Its name is in the question; a wrong answer is asked again; nobody to ask is told; three wrong ones are the end."""
    path = str(tmp_path / "copy")
    backups.write(bench.opened(), path)
    with pytest.raises(errors.Locked, match="prompt = none"):
        backups.choose(run_of(home), path, accept=False)
    window = Window(home, "wrong one", PASSPHRASE, "wrong", "wrong", "wrong")
    chosen = backups.choose(run_of(home), path, accept=False)
    assert chosen.backup.entries == (NAME,)
    assert path in window.heard("SETDESC")[0]
    with pytest.raises(errors.WrongPassphrase, match="copy"):
        backups.choose(run_of(home), path, accept=False)
    assert not window.left


def test_a_copy_of_another_vault_is_told(bench, home, tmp_path):
    """It opens, and the user who restores it knows that it is another vault."""
    other = Home(tmp_path / "other")
    other.make_vault("another")
    path = str(tmp_path / "copy")
    backups.write(vault.open_with_passphrase(from_env(other.env), Secret(PASSPHRASE), deadline=soon()), path)
    chosen = backups.choose(bench.context(AWSVAULT_KEYRING=None), path, accept=False)
    assert isinstance(chosen.problem, errors.Diverged)
    assert "a different vault" in chosen.problem.message


def test_backups_that_the_passphrase_does_not_open_are_listed_without_their_entries(bench):
    """What opens none of them is asked of nobody: generation and time are shown, the content is not."""
    bench.edit(lambda p: p.with_entry("more", p.entries[NAME]))
    listed = backups.list_automatic(bench.context())
    assert listed[0].entries == (NAME,)
    context = bench.context()
    context.passphrase = Secret("another passphrase")
    assert backups.list_automatic(context) == [copy._replace(entries=None) for copy in listed]
