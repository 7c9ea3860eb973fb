"""A vault gets a remote, a machine gets the vault of one, and a vault leaves it."""

from __future__ import annotations

import dataclasses
import os

import pytest

from tests.fakes.bucket import unreachable
from tests.machines import PASSPHRASE, PLACE, Computer, way
from tests.vaults import CHEAP, entry, new_vault, soon
from vault import errors
from vault.remote import join
from vault.secret import Secret
from vault.store import vault
from vault.store.boxes import Strict
from vault.store.payload import StoredSeed
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, new_code, write_code

SERIAL = "arn:aws:iam::111111111111:mfa/yourself"


def no_turn():
    import contextlib

    return contextlib.nullcontext()


def test_the_first_machine_creates_the_object(tmp_path, bucket):
    laptop = Computer(tmp_path, "laptop", bucket)
    done = laptop.begin(dev=entry())
    assert bucket.requests == ["GET", "PUT"]
    assert (done.pushed, done.gen, [one.name for one in done.went]) == (True, 1, ["dev"])
    assert laptop.asked == 0


def test_a_second_machine_from_nothing(laptop, tmp_path, bucket):
    """The same ID, the same items, keys of its own."""
    tablet = Computer(tmp_path, "tablet", bucket)
    done = tablet.join()
    assert tablet.held() == laptop.held()
    mine, theirs = tablet.opened(), laptop.opened()
    assert mine.vault_id == theirs.vault_id
    assert mine.k_main != theirs.k_main
    assert mine.cache_key != theirs.cache_key
    assert {one.name for one in done.machines} == {"laptop", "tablet"}
    assert vault.open_with_passphrase(tablet.paths, Secret(PASSPHRASE), deadline=soon())


def test_seeds_come_and_strict_seeds_stay_shut(laptop, tmp_path, bucket):
    """The strict box opens on the second machine by its own passphrase."""
    key = vault.new_key()
    seed = StoredSeed(secret=Secret("JBSWY3DPEHPK3PXP"), created=1)
    opened = laptop.edit(lambda p: p.with_seed("arn:aws:iam::111111111111:mfa/plain", seed))
    slot = PassphraseSlot(Secret("another strict phrase"), kdf=CHEAP).wrap(
        key, vault_id=opened.vault_id, opens="strict"
    )

    def with_strict(draft, _):
        return dataclasses.replace(
            draft,
            payload=draft.payload.with_strict_seed(SERIAL),
            slots=(*draft.slots, slot),
            strict=Strict(key=key, seeds={SERIAL: seed}),
        )

    vault.rewrite(laptop.paths, laptop.k_main, with_strict, deadline=soon())
    laptop.sync()
    tablet = Computer(tmp_path, "tablet", bucket)
    tablet.join()
    opened = tablet.opened()
    assert list(opened.payload.seeds) == ["arn:aws:iam::111111111111:mfa/plain"]
    strict = vault.open_strict(opened, PassphraseSlot(Secret("another strict phrase")), path="it")
    assert strict.seeds == {SERIAL: seed}
    # It is removed on one, and so on the other: its slot goes as well.
    tablet.edit(lambda p: p.without_seed(SERIAL))
    tablet.sync()
    laptop.sync()
    after = laptop.opened()
    assert after.payload.strict_serials == ()
    assert all(slot.opens == "main" for slot in after.header.slots)


def test_a_recovery_code_opens_the_buckets_file(tmp_path, bucket):
    code = new_code()
    laptop = Computer(tmp_path, "laptop", bucket)
    laptop.k_main = new_vault(laptop.paths).k_main
    join.first_push(
        bucket, PLACE, name="laptop", new_slots=[way(), RecoverySlot(code)], opened=laptop.opened(), ask=laptop.ask,
        **laptop._how(),
    )  # fmt: skip
    found = join.read_bucket_file(bucket.data, url=PLACE.url)
    assert join.by_typed(found, Secret(write_code(code)), turn=no_turn) == laptop.local().remote.key
    with pytest.raises(errors.WrongPassphrase):
        join.by_typed(found, Secret("not the passphrase"), turn=no_turn)


def test_two_copies_of_a_vault_meet(laptop, tmp_path, bucket):
    """A machine that already has the vault, from a backup: what both have is one, what differs is asked about."""
    import shutil

    other = Computer(tmp_path, "other", bucket)
    shutil.copytree(tmp_path / "laptop", tmp_path / "other")
    other.k_main = laptop.k_main
    join.leave(opened=other.opened(), **other._how())
    other.store("only-there", "AKIAI44QH8DHBEXAMPLE")
    done = other.push_first()
    assert (done.waiting, other.asked) == ((), 1)
    laptop.sync()
    assert (
        laptop.held() == other.held() == {"dev": "AKIAIOSFODNN7EXAMPLE", "only-there": "AKIAI44QH8DHBEXAMPLE"}
    )


def test_another_vault_in_the_object_is_refused(laptop, tmp_path, bucket):
    """And the vault has no remote after that."""
    before = bucket.data
    stranger = Computer(tmp_path, "stranger", bucket)
    with pytest.raises(errors.Damaged, match="another vault"):
        stranger.begin(x=entry())
    assert bucket.data == before
    with pytest.raises(errors.NotFound):
        stranger.sync()


def test_a_remote_that_cannot_be_reached_is_not_added(tmp_path, bucket):
    bucket.before = unreachable
    laptop = Computer(tmp_path, "laptop", bucket)
    with pytest.raises(errors.Unreachable):
        laptop.begin(dev=entry())
    bucket.before = lambda _: None
    assert laptop.push_first().pushed


def test_a_vault_has_one_remote(laptop):
    with pytest.raises(errors.AlreadyExists, match="s3://example-bucket"):
        laptop.push_first()


def test_a_machine_has_one_vault(laptop, tmp_path, bucket):
    other = Computer(tmp_path, "other", bucket)
    before = new_vault(other.paths)
    with pytest.raises(errors.AlreadyExists):
        other.join()
    assert vault.open_with_main_key(other.paths, before.k_main)


def test_a_file_that_was_downloaded_becomes_a_vault_and_finds_its_remote_later(laptop, tmp_path, bucket):
    """init --from FILE, and remote add when there is a key for the bucket: it joins as what it is."""
    tablet = Computer(tmp_path, "tablet", bucket)
    found = join.read_bucket_file(bucket.data, url="vault.avlt")
    read = join.opened_first(found, tablet.ask(found), url="vault.avlt")
    place = dataclasses.replace(PLACE, url="")
    tablet.k_main = join.take_vault(read, place, name="tablet", slots=[way()], **tablet._how()).k_main
    tablet.store("prod", "AKIAI44QH8DHBEXAMPLE")
    laptop.store("test", "AKIAI55QH8DHBEXAMPLE")
    laptop.sync()
    done = tablet.push_first()
    assert (done.waiting, [one.name for one in done.went]) == ((), ["prod"])
    laptop.sync()
    assert laptop.held() == tablet.held()


def test_a_cut_download_is_refused(bucket, laptop):
    with pytest.raises(errors.Damaged):
        join.read_bucket_file(bucket.data[:100], url="vault.avlt")


def test_a_vault_that_left_keeps_its_entries(laptop, desktop, bucket):
    """And so does the bucket."""
    before = bucket.data
    assert join.leave(opened=laptop.opened(), **laptop._how()) == PLACE
    assert laptop.held() == {"dev": "AKIAIOSFODNN7EXAMPLE"}
    assert not [name for name in os.listdir(laptop.paths.state) if name.startswith("sync-")]
    assert bucket.data == before
    with pytest.raises(errors.NotFound):
        laptop.sync()
