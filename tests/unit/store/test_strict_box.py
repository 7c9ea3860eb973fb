"""The strict box of an open vault: what is known without its key, and one seed with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.faults.stage import STRICT, fido2_slot, with_strict_seeds
from tests.vaults import CHEAP, new_vault, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import boxes, strict_box, vault
from vault.store.slots.passphrase import PassphraseSlot

SERIAL = "arn:aws:iam::111111111111:mfa/y"


def with_seed(tmp_path, slot):
    """A vault with a strict seed behind this slot, and the key of its box."""
    paths, keys = paths_in(tmp_path), []
    opened = new_vault(paths)

    def change(draft, found):
        draft = with_strict_seeds(draft, found, slot=slot)
        keys.append(draft.strict.key)
        return draft

    return vault.rewrite(paths, opened.k_main, change, deadline=soon()), keys[-1]


@pytest.fixture
def stored(tmp_path):
    return with_seed(tmp_path, PassphraseSlot(Secret(STRICT), kdf=CHEAP))


def test_without_seeds_there_is_no_passphrase(tmp_path):
    """Nor is a locked box met where a device has no strict seed."""
    opened = new_vault(paths_in(tmp_path))
    assert not strict_box.has_passphrase(opened)
    assert strict_box.seed(opened, SERIAL, key=None) is None


def test_a_seed_with_the_key(stored):
    """That of its device alone."""
    opened, key = stored
    assert strict_box.has_passphrase(opened)
    assert strict_box.seed(opened, SERIAL, key=key).secret.reveal_text() == "JBSWY3DPEHPK3PXP"
    assert strict_box.seed(opened, SERIAL + "2", key=key) is None
    assert set(strict_box.seeds(opened.file, opened.payload, key)) == {SERIAL}


def test_a_seed_without_the_key(stored):
    """The device is named, and that it is locked."""
    with pytest.raises(errors.StrictClosed, match=rf"^the seed of {SERIAL} is strict and locked: "):
        strict_box.seed(stored[0], SERIAL, key=None)


def test_a_key_that_is_outdated(stored):
    """The box has another one since: it is locked for a reader; a writer writes nothing."""
    opened, _ = stored
    with pytest.raises(errors.StrictClosed, match="was locked again"):
        strict_box.seed(opened, SERIAL, key=boxes.new_key())
    with pytest.raises(errors.StorageError, match="nothing was written"):
        strict_box.seeds(opened.file, opened.payload, boxes.new_key())


def test_a_seed_that_was_removed_while_the_box_was_locked(stored):
    """It is still in the box, and none any more."""
    opened, key = stored
    without = replace(opened.payload, strict_serials=())
    assert strict_box.seeds(opened.file, without, key) == {}


def test_a_passphrase_is_no_security_key(tmp_path, stored):
    """The slot's kind decides."""
    assert not strict_box.has_security_key(stored[0].file)
    opened, _ = with_seed(tmp_path / "other", fido2_slot())
    assert strict_box.has_security_key(opened.file)
