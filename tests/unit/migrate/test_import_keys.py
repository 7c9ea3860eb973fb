"""Storing imported keys: nothing in the vault is overwritten unseen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID, SERIAL
from tests.home import PASSPHRASE
from tests.unit.migrate.files import moved
from tests.vaults import entry, soon
from vault import errors
from vault.migrate import import_keys, import_plan
from vault.secret import Secret
from vault.store import vault


def opened(desk):
    return vault.open_with_passphrase(desk.context().paths, Secret(PASSPHRASE), deadline=soon())


def stored(desk, before, name):
    return import_keys.store(
        desk.context(), before, import_plan.ImportPlan(keys=[moved(name)])
    ).payload.entries[name]


def test_a_replaced_key_keeps_its_users_device(desk):
    """The new key of the same user still needs a code if the old one did."""
    assert stored(desk, opened(desk), "shared-services").mfa_serial == SERIAL
    assert stored(desk, opened(desk), "new").mfa_serial is None


def test_a_rotation_that_began_meanwhile_keeps_its_keys(desk):
    """The vault has the only copy of the new key: the hint says how to finish, and nothing is written."""
    before = opened(desk)

    def begin(payload):
        held = payload.entries["shared-services"]
        return payload.with_entry(
            "shared-services", replace(held, journal=vault.RotationJournal(step="create", began=1))
        )

    vault.edit(desk.context().paths, before.k_main, begin, deadline=soon())
    with pytest.raises(
        errors.AlreadyExists, match="a rotation of shared-services began in the meantime"
    ) as raised:
        stored(desk, before, "shared-services")
    assert raised.value.hint == "finish it first: awsvault-py rotate --finish shared-services"
    assert opened(desk).payload.entries["shared-services"].access_key_id == KEY_ID


@pytest.mark.parametrize("which", ["new", "shared-services"])
def test_a_key_that_was_stored_meanwhile_is_not_overwritten(desk, which):
    """You did not mean to replace what another process stored while you read the question."""
    before = opened(desk)
    theirs = entry("AKIAMEANWHILEEXAMPLE")
    vault.edit(
        desk.context().paths,
        before.k_main,
        lambda payload: payload.with_entry(which, theirs),
        deadline=soon(),
    )
    with pytest.raises(errors.AlreadyExists, match=r"in the meantime \(AKIAMEANWHILEEXAMPLE\)"):
        stored(desk, before, which)
    assert opened(desk).payload.entries[which].access_key_id == "AKIAMEANWHILEEXAMPLE"
