"""The tpm slot: it opens the vault on its machine, in a tenth of a passphrase's time, and cannot be forged without the TPM."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import pytest

from tests.fakes.tpm import EmulatedTpm
from tests.patience import PATIENCE
from tests.vaults import new_vault, paths_in, soon
from vault import limits
from vault.errors import NotThisSlot
from vault.hardware import tpm as driver
from vault.secret import Secret
from vault.store import boxes, vault
from vault.store.boxes import Draft, Strict, new_key
from vault.store.format import Ext
from vault.store.kdf import DEFAULT
from vault.store.payload import Payload
from vault.store.slots import new_sid, tpm_data, wrap_key
from vault.store.slots.hardware import HardwareUnavailable
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.tpm import TpmSlot
from vault.store.slots.tpm_data import TpmData
from vault.system.clock import Deadline
from vault.system.locks import Busy
from vault.system.machine import host_name

PASSPHRASE = "correct horse battery staple"


def slot_of(tpm, **more):
    return TpmSlot(tpm.place, new_deadline=lambda _: Deadline.after(PATIENCE), **more)


@pytest.fixture
def made(tmp_path, tpm):
    """A vault with a tpm slot, and its places."""
    paths = paths_in(tmp_path)
    return new_vault(paths, others=[slot_of(tpm)]), paths


@pytest.mark.parametrize("pcrs", [(), (7,)])
def test_the_vault_opens_by_the_tpm_that_sealed(tmp_path, tpm, pcrs):
    """With PCRs and without; the slot names the host and the chip, and is under half a KiB."""
    paths = paths_in(tmp_path)
    opened = new_vault(paths, others=[slot_of(tpm, pcrs=pcrs)])
    found = vault.open_with(paths, slot_of(tpm))
    assert found.k_main == opened.k_main
    assert found.slot == opened.header.slots[1]
    data = tpm_data.decode(found.slot.ext.data)
    assert (data.host, data.key.pcrs) == (host_name(), pcrs)
    assert len(found.slot.ext.data) < 512


def test_another_machine_s_slot_is_left_to_it(tmp_path, tpm):
    """Two servers with one vault: each opens its own slot, and asks its TPM no more than twice."""
    paths = paths_in(tmp_path)
    other = EmulatedTpm(os.path.join(tpm.folder, "b"))
    opened = new_vault(paths, others=[slot_of(other, host="b"), slot_of(other, host="c"), slot_of(tpm)])
    assert vault.open_with(paths, slot_of(tpm)).slot == opened.header.slots[3]
    assert vault.open_with(paths, slot_of(other)).slot == opened.header.slots[1]
    tpm.clear()
    with pytest.raises(HardwareUnavailable, match="another machine's TPM, or one that was cleared"):
        vault.open_with(paths, slot_of(tpm))
    other.end()


def test_where_a_slot_was_made(made, tpm):
    """By the TPM's name, whatever its PCRs; a cleared TPM made none."""
    opened, _ = made
    assert slot_of(tpm).is_here(opened.header.slots[1])
    tpm.extend(7)
    assert slot_of(tpm).is_here(opened.header.slots[1])
    tpm.clear()
    assert not slot_of(tpm).is_here(opened.header.slots[1])


def test_a_new_slot_on_the_terms_of_the_old_one(tpm):
    """The same PCRs, as they are now: what a rekey makes of a slot that they closed."""
    key = new_key()
    first = slot_of(tpm, pcrs=(7,)).wrap(key, vault_id=bytes(16))
    tpm.extend(7)
    with pytest.raises(HardwareUnavailable, match="PCRs have other values") as caught:
        slot_of(tpm).unwrap(first, vault_id=bytes(16))
    assert "awsvault-py rekey" in caught.value.hint
    second = slot_of(tpm).like(first).wrap(key, vault_id=bytes(16))
    assert tpm_data.decode(second.ext.data).key.pcrs == (7,)
    assert slot_of(tpm).unwrap(second, vault_id=bytes(16)) == key


def test_each_trouble_has_a_hint_of_its_own(tmp_path, tpm):
    """No TPM, a cleared one, and one that other processes keep."""
    record = slot_of(tpm).wrap(new_key(), vault_id=bytes(16))
    for place, words, hint in (
        ("unix:/no/such", "there is none at /no/such", "firmware"),
        (str(tmp_path), "Is a directory", "again"),
    ):
        with pytest.raises(HardwareUnavailable, match=words) as caught:
            TpmSlot(place).unwrap(record, vault_id=bytes(16))
        assert hint in caught.value.hint

    def busy():
        raise Busy("tpm.lock")

    with pytest.raises(HardwareUnavailable, match="kept it busy"):
        slot_of(tpm, turn=busy).unwrap(record, vault_id=bytes(16))
    tpm.clear()
    with pytest.raises(HardwareUnavailable) as caught:
        slot_of(tpm).unwrap(record, vault_id=bytes(16))
    assert caught.value.elsewhere
    assert "slots remove" in caught.value.hint
    tpm.tamper = lambda _code, _answer: bytes.fromhex("80010000000a000009a2")
    with pytest.raises(HardwareUnavailable, match="owner hierarchy has a password") as caught:
        slot_of(tpm).unwrap(record, vault_id=bytes(16))
    assert "remove the password" in caught.value.hint


def test_a_slot_that_the_tpm_does_not_open_is_never_made(tpm, monkeypatch):
    """It is opened once before anything is written."""
    monkeypatch.setattr(driver, "unseal", lambda *_args, **_more: bytes(32))
    with pytest.raises(HardwareUnavailable, match="does not return the key"):
        slot_of(tpm).wrap(new_key(), vault_id=bytes(16))


def test_the_tpm_s_lockout_does_not_matter(made, tpm):
    """Wrong PINs for other programs' keys."""
    _, paths = made
    tpm.lock_out()
    assert slot_of(tpm).in_lockout()
    vault.open_with(paths, slot_of(tpm))


@pytest.mark.usefixtures("untraced")
def test_the_tpm_takes_a_tenth_of_the_passphrase_s_time(tmp_path, tpm):
    """The whole vault, from the file to its entries; the best of a few, since the machine is shared."""
    paths = paths_in(tmp_path)
    vault.create(paths, passphrase=Secret(PASSPHRASE), others=[slot_of(tpm)], kdf=DEFAULT, deadline=soon())

    def best(opens):
        times = []
        for n in range(8):
            start = time.perf_counter()
            opens(n)
            times.append(time.perf_counter() - start)
        return min(times)

    def by_another_passphrase(n):  # which Argon2 has not derived before (tests/quick.py)
        with pytest.raises(NotThisSlot):
            vault.open_with(paths, PassphraseSlot(Secret(f"{PASSPHRASE} {n}")))

    by_tpm = best(lambda _: vault.open_with(paths, slot_of(tpm)))
    by_passphrase = best(by_another_passphrase)
    assert by_tpm * 10 <= by_passphrase, (by_tpm, by_passphrase)


# ── forgery: who can write the file, and has no TPM and no secret ────────────────────────────


def forged(opened, evil, slots):
    """A vault with the same ID, a later generation and a main key of the attacker, with these slots beside the old ones."""
    draft = Draft(
        k_main=evil, payload=Payload(cache_key=new_key()), strict=Strict(key=new_key()),
        slots=(*(s for s in opened.header.slots if s.ext is None), *slots),
    )  # fmt: skip
    return boxes.build(
        draft, vault_id=opened.vault_id, gen=opened.header.gen + 1, time=opened.header.time, strict_box=None
    ).raw


def own_wrap(record, kek, evil, opened):
    return wrap_key(kek, record, vault_id=opened.vault_id, key=evil)


def test_a_vault_cannot_be_forged_from_its_header(made, tpm):
    """All that the file shows is used: the TPM's name, the sealed key, and keys that another TPM sealed. Nothing opens."""
    opened, paths = made
    true = opened.header.slots[1]
    data = tpm_data.decode(true.ext.data)
    theirs = EmulatedTpm(os.path.join(tpm.folder, "b"))
    evil, kek = new_key(), Secret(os.urandom(32))
    sealed = driver.seal(theirs.place, kek.reveal(), deadline=soon())

    def record(key):
        ext = Ext(name="tpm", data=tpm_data.encode(TpmData(key, data.host)))
        return own_wrap(replace(true, sid=new_sid(), ext=ext, wrap=b""), kek, evil, opened)

    tries = {
        "their own TPM's slot": record(sealed),
        "their sealed key under this TPM's name": record(sealed._replace(parent=data.key.parent)),
        "this TPM's sealed key, wrapped by a key of theirs": record(data.key),
        "their private part under this TPM's public part": record(data.key._replace(private=sealed.private)),
        "a key that any TPM may import": record(
            sealed._replace(parent=data.key.parent, public=sealed.public[:4] + bytes(4) + sealed.public[8:])
        ),
    }
    for what, slot in tries.items():
        with open(paths.vault, "wb") as file:
            file.write(forged(opened, evil, [slot]))
        with pytest.raises(NotThisSlot):
            vault.open_with(paths, slot_of(tpm))
            pytest.fail(f"opens the attacker's vault: {what}")
    theirs.end()


def test_the_forgery_is_one(made, tpm):
    """Who can use this TPM makes it: what refuses the others is the TPM, and docs/security.md says so."""
    opened, paths = made
    evil = new_key()
    slot = slot_of(tpm).wrap(evil, vault_id=opened.vault_id)
    with open(paths.vault, "wb") as file:
        file.write(forged(opened, evil, [slot]))
    assert vault.open_with(paths, slot_of(tpm)).k_main == evil


def test_the_time_of_a_turn_leaves_time_for_the_rest():
    """Of one run's deadline."""
    assert limits.TPM_TURN + limits.TPM_TIME < limits.DEADLINE
