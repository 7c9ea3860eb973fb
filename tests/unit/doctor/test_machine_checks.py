"""Checks of the remote: what is known here as of the last sync, without a request."""

from __future__ import annotations

import time

import pytest

from tests.fakes.example import KEY_ID
from tests.home import PASSPHRASE
from tests.remotes import URL, change_note, with_remote
from tests.unit.doctor.homes import findings
from tests.vaults import soon
from vault import limits
from vault.remote import summary
from vault.remote.summary import RotationWait
from vault.secret import Secret
from vault.store import vault

NEW = "AKIAI44QH8DHBEXAMPLE"


def test_a_vault_that_has_just_synced_is_sound(home):
    with_remote(home)
    assert findings(home) == {}


@pytest.mark.parametrize(("days", "found"), [(4, False), (6, True)])
def test_an_old_sync(home, days, found):
    """Known although the vault is locked."""
    with_remote(home)
    change_note(home, at=int(time.time()) - days * 86_400)
    assert ("old-sync" in findings(home)) == found
    home.env.pop("AWSVAULT_PASSPHRASE_FILE")
    said = findings(home)
    assert ("old-sync" in said) == found
    if found:
        assert said["old-sync"].message == "the last sync on this machine was 6 days ago"


@pytest.mark.parametrize(("asks", "said"), [(1, "1 item waits"), (3, "3 items wait")])
def test_conflicts(home, asks, said):
    with_remote(home)
    change_note(home, asks=asks)
    assert findings(home)["sync-conflict"].message.startswith(said)


def test_edits_that_are_not_in_the_bucket(home):
    """By name, some of them; no reason for exit code 1."""
    with_remote(home)
    with_more = [
        vault.Entry(access_key_id=f"AKIA{n}", secret=Secret("x"), created=int(time.time())) for n in range(7)
    ]
    for number, entry in enumerate(with_more):
        home.edit(lambda p, number=number, entry=entry: p.with_entry(f"n{number}\x1b", entry))
    found = findings(home)["unsent-edit"]
    assert (found.level, found.where) == ("note", URL)
    assert found.message.endswith("n0\\x1b, n1\\x1b, n2\\x1b, n3\\x1b, n4\\x1b and 2 more")


def test_profile_that_does_not_exist(home):
    with_remote(home, profile="nobody")
    found = findings(home)["remote-profile"]
    assert "the profile nobody" in found.message
    assert f"remote add --profile PROFILE {URL}" in found.hint


def test_key_of_the_bucket_in_rotation(home):
    """By a role of that key too."""
    with_remote(home, profile="dev")
    assert "remote-key" not in findings(home)
    home.edit_entry(journal=vault.RotationJournal(step="create", began=int(time.time())))
    found = findings(home)["remote-key"]
    assert found.where == "the vault, shared-services"
    assert found.hint.startswith("awsvault-py rotate shared-services")


@pytest.mark.parametrize(
    ("machines", "level", "message", "hint"),
    [
        (
            ("desktop", "x\x1b"),
            "note",
            f"its old key {KEY_ID} stays active for up to 3 days, because these machines may still use it: desktop, x\\x1b",
            "awsvault-py sync on each of them; then here: awsvault-py rotate shared-services",
        ),
        (
            (),
            "warning",
            f"its old key {KEY_ID} is still active, and no machine is waited for",
            "awsvault-py rotate shared-services",
        ),
    ],
)
def test_rotation_that_waits_for_machines(home, machines, level, message, hint):
    """It was not interrupted; the key that syncs is said to be in rotation all the same."""
    with_remote(home, profile="dev")
    began = int(time.time()) - limits.MACHINES_GRACE + 3 * 86_400 - 60
    old = vault.KeyPair(access_key_id=KEY_ID, secret=Secret("s"))
    home.edit_entry(access_key_id=NEW, journal=vault.RotationJournal(step="retire", began=began, old=old))
    opened = vault.open_with_passphrase(home.context().paths, Secret(PASSPHRASE), deadline=soon())
    shown = summary.read(home.context().paths, opened.vault_id, opened.cache_key)
    wait = RotationWait("shared-services", NEW, KEY_ID, began + limits.MACHINES_GRACE, machines)
    summary.write(home.context().paths, opened.vault_id, opened.cache_key, shown._replace(rotations=(wait,)))
    found = findings(home)
    assert (found["rotation"].level, found["rotation"].message, found["rotation"].hint) == (
        level,
        message,
        hint,
    )
    assert found["remote-key"].hint.startswith("awsvault-py sync" if machines else "awsvault-py rotate")


def test_limit_is_before_a_replaced_key_dies():
    assert limits.SYNC_AGE < limits.GRACE
