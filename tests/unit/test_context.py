"""A context's copies: each changes what its name says, and keeps the rest."""

from __future__ import annotations

import pytest

from vault.context import Context
from vault.secret import Secret
from vault.settings import Settings
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env

SETTINGS = Settings(passphrase_command=("pass", "show", "x"))


@pytest.fixture
def context(tmp_path):
    env = {"HOME": str(tmp_path), "AWSVAULT_PASSPHRASE_COMMAND": "pass show x"}
    clock = SystemClock()
    return Context(
        env=env, paths=from_env(env), clock=clock, deadline=Deadline.after(5, clock=clock), attended=True,
        passphrase=Secret("correct horse"), settings=SETTINGS,
    )  # fmt: skip


def test_a_context_without_programs_runs_none(context):
    """Neither the variable's command nor the setting's gives the passphrase, and no prompt asks for it."""
    quiet = context.without_programs()
    assert "AWSVAULT_PASSPHRASE_COMMAND" not in quiet.env
    assert (quiet.settings.passphrase_command, quiet.settings.prompt) == ((), "none")
    assert (quiet.attended, quiet.passphrase, quiet.paths) == (False, context.passphrase, context.paths)
    assert context.settings == SETTINGS
    assert "AWSVAULT_PASSPHRASE_COMMAND" in context.env


def test_an_unattended_context_asks_nothing(context):
    """Its programs still run: the setting and the variable stay."""
    alone = context.unattended()
    assert (alone.attended, alone.settings.prompt) == (False, "none")
    assert alone.settings.passphrase_command == SETTINGS.passphrase_command
    assert alone.env == context.env


def test_a_longer_deadline_changes_nothing_else(context):
    """The settings are read only once."""
    longer = context.with_deadline(500)
    assert longer.deadline.remaining() > context.deadline.remaining() + 100
    assert (longer.attended, longer.settings, longer.env) == (True, SETTINGS, context.env)


def test_a_sync_is_noted_by_the_vaults_id(context):
    """By the file that vault/remote/note writes."""
    from vault.remote import note

    vault_id = bytes(range(16))
    assert not context.has_synced(vault_id)
    note.write(context.paths, vault_id, note.SyncNote("", "", "", gen=0, key_gen=0, seen={}))
    assert context.has_synced(vault_id)
    assert not context.has_synced(bytes(16))


def test_copies_share_the_main_key(context):
    """Whichever of them unlocked the vault, the sync after the command has its key."""
    assert context.main_key is None
    context.without_prompts().keep_main_key(Secret("0" * 32))
    assert context.main_key == Secret("0" * 32)
    assert context.unattended().main_key == context.main_key


def test_copies_look_for_a_newer_key_too(context):
    """An operation that gets more time does the same after a refusal."""
    context.newer_key = lambda *_: True
    assert context.with_deadline(500).newer_key is context.newer_key


def test_time_without_programs_is_bounded(context):
    """By what the caller gives; the command's own deadline bounds it too, unless a user waits."""
    assert context.without_programs(3).deadline.remaining() <= 3
    assert context.unattended().with_deadline(1).without_programs(3).deadline.remaining() <= 1
