"""New master keys and a restored backup: what they do to the sign-ins."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.signins import place, sign_in
from tests.unit.upkeep.stage import FIRST, stage
from tests.vaults import soon
from vault.signin.sealed import SignIns
from vault.store import vault
from vault.upkeep import backups

__all__ = ["stage"]


def signed_in(stage):
    """The vault with a sign-in, opened."""
    opened = vault.edit(
        stage.paths, stage.open().k_main, lambda p: replace(p, sso_key=vault.new_key()), deadline=soon()
    )
    with of(stage, opened, create=True) as sign_ins:
        sign_ins.write(sign_in())
    return opened


def of(stage, opened, **more):
    return SignIns.open(stage.paths, key=opened.payload.sso_key, vault_id=opened.vault_id, **more)


@pytest.mark.parametrize("operation", ["passwd", "rekey", "remove second pass"])
def test_new_master_keys_take_the_sign_ins_along(stage, operation):
    """The new key opens them, and the old one opens nothing: neither now nor what is written later."""
    before = signed_in(stage)
    after = stage.act(operation)[1].opened
    assert after.payload.sso_key not in (None, before.payload.sso_key)
    with of(stage, after) as sign_ins:
        assert sign_ins.read(place()) == sign_in()
    with of(stage, before) as sign_ins:
        assert sign_ins.all() == []


def test_a_vault_without_a_sign_in_gets_no_key(stage):
    """The key is written by the first sign-in."""
    assert stage.act("rekey")[1].opened.payload.sso_key is None


def test_a_backup_from_before_the_first_sign_in_signs_out(stage):
    """It has no key, and the files are missing: no error."""
    copy = str(stage.paths.home) + "/copy"
    backups.write(stage.open(), copy)
    signed_in(stage)
    after = backups.restore_backup(stage.context, backups.choose(stage.context, copy, accept=False))
    assert after.payload.sso_key is None


def test_a_backup_of_earlier_keys_signs_out(stage):
    """Its key opens none of the files."""
    copy = str(stage.paths.home) + "/copy"
    before = signed_in(stage)
    backups.write(before, copy)
    stage.act("passwd")
    stage.context.passphrase = FIRST
    after = backups.restore_backup(stage.context, backups.choose(stage.context, copy, accept=True))
    assert after.payload.sso_key == before.payload.sso_key
    with of(stage, after) as sign_ins:
        assert sign_ins.all() == []


def test_a_backup_of_the_same_keys_keeps_the_sign_in(stage):
    """A mistake in an entry is undone without a new sign-in."""
    before = signed_in(stage)
    copy = str(stage.paths.home) + "/copy"
    backups.write(before, copy)
    vault.edit(stage.paths, before.k_main, lambda p: p.without_entry("a"), deadline=soon())
    after = backups.restore_backup(stage.context, backups.choose(stage.context, copy, accept=False))
    with of(stage, after) as sign_ins:
        assert sign_ins.read(place()) == sign_in()


def test_a_vault_that_cannot_be_written_keeps_the_sign_in(stage, monkeypatch):
    """The old key still opens it."""
    before = signed_in(stage)

    def fails(*_args, **_more):
        raise OSError("the disk")

    monkeypatch.setattr(vault, "rewrite", fails)
    with pytest.raises(OSError, match="the disk"):
        stage.act("rekey")
    with of(stage, before) as sign_ins:
        assert sign_ins.all() == [sign_in()]
