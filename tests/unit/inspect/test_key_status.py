"""The vault's keys for ``status``: looked at only if that costs the user nothing."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID
from vault.inspect import key_status
from vault.secret import Secret
from vault.unlocking import manual_lock


@pytest.mark.parametrize("why", ["no passphrase", "another passphrase", "locked manually", "no vault"])
def test_a_locked_vault_is_not_opened(desk, home, why):
    """None, and no error."""
    context = desk.context(AWSVAULT_HOME=f"{home.root}/none") if why == "no vault" else desk.context()
    if why == "no passphrase":
        context.passphrase = None
    if why == "another passphrase":
        context.passphrase = Secret("another passphrase")
    if why == "locked manually":
        manual_lock.mark(context.paths)
    assert key_status.look(context) is None


def test_a_program_is_not_run_for_it(desk, tmp_path):
    """A command that gives the passphrase may ask the user."""
    context = desk.context(AWSVAULT_PASSPHRASE_COMMAND=f"touch {tmp_path}/ran")
    context.passphrase = None
    assert key_status.look(context) is None
    assert not (tmp_path / "ran").exists()


def test_entries_without_a_readable_config(desk, home):
    """The keys are shown; the files' mistake is another command's to report."""
    home.config("[profile\n")
    found = key_status.look(desk.context())
    assert [entry.access_key_id for entry in found.entries] == [KEY_ID]
    assert (found.shortened, found.sessions) == ((), ())
