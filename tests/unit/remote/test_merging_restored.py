"""An entry that a restored copy brings back after its removal was synced: gone again, unless the user keeps it on purpose."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.vaults import CREATED
from vault import errors
from vault.secret import Secret
from vault.store.payload import StoredSeed

SERIAL = "arn:aws:iam::111111111111:mfa/yourself"
OTHER = "AKIAI44QH8DHBEXAMPLE"


@pytest.fixture
def restored(laptop, desktop):
    """The laptop, with a copy from before dev and its seed were removed, which all machines know."""
    seed = StoredSeed(secret=Secret("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"), created=CREATED)
    laptop.edit(
        lambda p: p.with_entry("dev", replace(p.entries["dev"], mfa_serial=SERIAL)).with_seed(SERIAL, seed)
    )
    laptop.store("prod", OTHER)
    laptop.sync()
    desktop.sync()
    copy = laptop.files()
    laptop.edit(lambda p: replace(p.without_entry("dev"), seeds={}))
    laptop.sync()
    desktop.sync()
    assert seeds(desktop) == []
    laptop.put_back(copy)
    return laptop


def seeds(machine):
    return list(machine.opened().payload.seeds)


def alike(laptop, desktop):
    """After both have synced, they hold the same, and nothing is asked."""
    laptop.sync()
    assert desktop.sync().waiting == laptop.sync().waiting == ()
    assert laptop.held() == desktop.held()
    assert seeds(laptop) == seeds(desktop)


def test_removed_entry_does_not_come_back_unasked(restored, desktop):
    assert [(one.name, one.what) for one in restored.sync().came if one.kind == "entry"] == [
        ("dev", "removed")
    ]
    alike(restored, desktop)
    assert (list(restored.held()), seeds(restored)) == (["prod"], [])


@pytest.mark.parametrize("wish", ["dev", "entry/dev"])
@pytest.mark.parametrize("by", ["id", "name"])
def test_entry_that_the_user_keeps_comes_back_everywhere(restored, desktop, wish, by):
    """With its seed; nothing else comes back."""
    me = restored.local().me if by == "id" else "laptop"
    done = restored.sync(choices={wish: me})
    assert (done.came, done.waiting) == ((), ())
    assert "dev" in {one.name for one in done.went}
    alike(restored, desktop)
    assert (sorted(restored.held()), seeds(restored)) == (["dev", "prod"], [SERIAL])


def test_kept_entry_stays_removable(restored, desktop):
    """It stands on the removal: a later one counts, without a question."""
    restored.sync(choices={"dev": "laptop"})
    desktop.sync()
    desktop.remove("dev")
    desktop.sync()
    alike(restored, desktop)
    assert list(desktop.held()) == ["prod"]


def test_older_version_that_the_user_keeps(restored, desktop):
    """The key was replaced since the copy was made; an entry that is not named gets the new one."""
    desktop.store("prod", "AKIAI55QH8DHBEXAMPLE")
    desktop.sync()
    restored.sync(choices={"prod": "laptop"})
    alike(restored, desktop)
    assert desktop.held() == {"prod": OTHER}


def test_nothing_to_keep_is_no_error(restored, desktop):
    """The other machines have the same: the command may run twice."""
    restored.sync(choices={"dev": "laptop"})
    assert restored.sync(choices={"dev": "laptop"}).went == ()
    alike(restored, desktop)


def test_another_machine_has_nothing_to_keep(restored, desktop):
    """Its name answers conflicts alone, and so does an item that this machine does not have."""
    with pytest.raises(errors.NotFound, match="nothing waits for an answer"):
        restored.sync(choices={"prod": "desktop"})
    with pytest.raises(errors.NotFound, match="nothing waits for an answer"):
        restored.sync(choices={"test": "laptop"})


def test_dry_run_keeps_nothing(restored, bucket):
    before = (bucket.data, restored.files())
    done = restored.sync(dry=True, choices={"dev": "laptop"})
    assert "dev" in {one.name for one in done.went}
    assert (bucket.data, restored.files()) == before
