"""The golden vaults open by every secret they have, and every damage to one is refused."""

from __future__ import annotations

import base64
import dataclasses
import json
import os
import unicodedata

import pytest

from tests.vaults import paths_in, soon
from tests.vectors.two_keys import salamander
from vault import errors
from vault.crypto.seal import SealBroken, seal, unseal
from vault.secret import Secret
from vault.store import boxes, strict_json, vault
from vault.store.format import FormatError, parse_file
from vault.store.kdf import derive, normalized
from vault.store.padding import pad, unpad
from vault.store.payload_codec import encode_main
from vault.store.slots import unwrap_key
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, read_code

with open(os.path.join(os.path.dirname(__file__), "../../data/vault/golden.json"), encoding="utf-8") as _file:
    GOLDEN = json.load(_file)


NAMES = [golden["name"] for golden in GOLDEN]


SMALL = GOLDEN[0]


def place(tmp_path, golden):
    """The golden file in a vault's place."""
    paths = paths_in(tmp_path)
    os.makedirs(paths.vault_folder, mode=0o700)
    fd = os.open(paths.vault, os.O_CREAT | os.O_WRONLY, 0o600)
    os.write(fd, base64.b64decode(golden["file"]))
    os.close(fd)
    return paths


def main_key(golden):
    return Secret(bytes.fromhex(golden["k_main"]))


@pytest.mark.parametrize("golden", GOLDEN, ids=NAMES)
def test_a_golden_vault_opens_by_its_passphrase(tmp_path, golden):
    """Key, entries and seeds are those that the reference sealed."""
    opened = vault.open_with_passphrase(
        place(tmp_path, golden), Secret(golden["passphrase"]), deadline=soon()
    )
    assert opened.k_main == main_key(golden)
    assert strict_json.parse(unpad(encode_main(opened.payload))) == golden["main"]
    slot = PassphraseSlot(Secret(golden["strict_passphrase"])) if "strict_passphrase" in golden else None
    strict = vault.open_strict(opened, slot, path="the vault")
    assert {serial: seed.secret.reveal_text() for serial, seed in strict.seeds.items()} == {
        serial: seed["secret"] for serial, seed in golden["strict"].items()
    }


def test_a_passphrase_opens_however_its_accents_are_typed(tmp_path):
    """NFC and NFD of one text are one passphrase (format.md 4)."""
    golden = GOLDEN[1]
    paths = place(tmp_path, golden)
    for form in ("NFC", "NFD"):
        typed = Secret(unicodedata.normalize(form, golden["passphrase"]))
        assert vault.open_with_passphrase(paths, typed, deadline=soon()).k_main == main_key(golden)


@pytest.mark.parametrize(
    "typed", [str.upper, str.lower, lambda c: c.replace("-", " "), lambda c: c.replace("0", "O")]
)
def test_a_golden_vault_opens_by_its_recovery_code(tmp_path, typed):
    """Case, gaps and the letters that look like digits make no difference."""
    golden = GOLDEN[1]
    code = read_code(Secret(typed(golden["recovery_code"])))
    assert vault.open_with(place(tmp_path, golden), RecoverySlot(code)).k_main == main_key(golden)


@pytest.mark.parametrize("golden", GOLDEN, ids=NAMES)
def test_an_edit_keeps_what_this_version_does_not_know(tmp_path, golden):
    """Unknown keys stay, at the top and inside entries; the strict box stays byte for byte."""
    paths = place(tmp_path, golden)
    before = parse_file(base64.b64decode(golden["file"]))
    first = next(iter(golden["main"]["entries"]))

    def change(payload):
        return payload.with_entry(first, dataclasses.replace(payload.entries[first], user="somebody"))

    after = vault.edit(paths, main_key(golden), change, deadline=soon())
    expected = json.loads(json.dumps(golden["main"]))
    expected["entries"][first]["user"] = "somebody"
    expected["gen"] += 1
    again = vault.open_with_main_key(paths, main_key(golden))
    assert strict_json.parse(unpad(encode_main(again.payload))) == expected
    assert after.file.strict == before.strict
    assert after.header.slots == before.header.slots


@pytest.mark.usefixtures("untraced")
@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.long)])
def test_every_flipped_bit_of_a_vault_is_refused(every):
    """All 45,328 of them, or one of each byte: as FormatError or Damaged by the main key, and a slot's also by its own key."""
    raw = base64.b64decode(SMALL["file"])
    file = parse_file(raw)
    key = main_key(SMALL)
    boxes.open_main(file, key, path="it")
    kek = _kek_of(SMALL)
    slot = file.header.slots[0]
    unwrap_key(kek, slot, vault_id=file.header.vault_id)
    opened_by_slot = refused = 0
    for at in range(len(raw)):
        for bit in range(at % every, 8, every):
            changed = bytearray(raw)
            changed[at] ^= 1 << bit
            try:
                flipped = parse_file(bytes(changed))
                if _slot_opens(kek, flipped):
                    opened_by_slot += 1  # the flip was outside the slot: its box must refuse it
                boxes.open_main(flipped, key, path="it")
            except (FormatError, errors.Damaged):
                refused += 1
    assert refused == len(raw) * 8 // every == 45_328 // every
    assert opened_by_slot > 0
    # What the slot binds is itself and the vault's id: gen, time and both boxes are left to the main key.
    outside = (file.header.main_size + file.header.strict_size) * 8 // every
    assert outside <= opened_by_slot < outside + 60 * 8 // every


def _kek_of(golden):
    slot = parse_file(base64.b64decode(golden["file"])).header.slots[0]
    return derive(
        normalized(Secret(golden["passphrase"])), params=slot.kdf, salt=slot.salt, available_kib=None
    )


def _slot_opens(kek, file):
    try:
        unwrap_key(kek, file.header.slots[0], vault_id=file.header.vault_id)
    except errors.NotThisSlot:
        return False
    return True


def test_every_truncation_and_extension_of_a_vault_is_refused():
    """A file cut anywhere, or one byte longer, is no vault."""
    raw = base64.b64decode(SMALL["file"])
    for wrong in [raw[:size] for size in range(len(raw))] + [raw + bytes([b]) for b in range(256)]:
        with pytest.raises(FormatError):
            parse_file(wrong)


def test_a_file_over_64_mib_is_refused_before_it_is_read(tmp_path):
    """By its size alone: a sparse file costs nothing to make."""
    paths = place(tmp_path, SMALL)
    os.truncate(paths.vault, 64 * 1024 * 1024 + 1)
    with pytest.raises(errors.Damaged, match="67108865 bytes"):
        vault.read_header(paths)


def _resealed(golden, **changes):
    """The golden vault with another main box, sealed by the right key."""
    file = parse_file(base64.b64decode(golden["file"]))
    payload = boxes.open_main(file, main_key(golden), path="it")
    plaintext = encode_main(dataclasses.replace(payload, **changes))
    return dataclasses.replace(
        file, main=seal(main_key(golden), label="main", aad=file.prefix, plaintext=plaintext)
    )


def test_a_header_of_another_generation_than_its_box_is_refused():
    """Header gen and payload gen are one number, though each is authentic."""
    with pytest.raises(errors.Damaged, match="generation 7, the main box has 8"):
        boxes.open_main(_resealed(SMALL, gen=8), main_key(SMALL), path="it")


def test_a_strict_box_of_another_generation_is_refused():
    """Both boxes are authentic for their keys; main names the digest of its strict box."""
    file = parse_file(base64.b64decode(SMALL["file"]))
    other = dataclasses.replace(file, strict=parse_file(base64.b64decode(GOLDEN[3]["file"])).strict)
    with pytest.raises(errors.Damaged, match="the strict box is not the one"):
        boxes.open_main(other, main_key(SMALL), path="it")


def test_a_box_that_is_not_our_json_is_refused():
    """An authentic box with a wrong payload is damage too, and its text is never quoted."""
    file = parse_file(base64.b64decode(SMALL["file"]))
    for text in (b"", b"{}", b"[1]", b'{"v":1,"v":1}', b'{"v":2}', b'{"v":1.0,"secret":"canary"}'):
        box = seal(main_key(SMALL), label="main", aad=file.prefix, plaintext=pad(text, step=4096))
        with pytest.raises(errors.Damaged) as caught:
            boxes.open_main(dataclasses.replace(file, main=box), main_key(SMALL), path="it")
        assert "canary" not in caught.value.message


def test_a_ciphertext_that_opens_under_two_keys_opens_under_one():
    """Bare AES-GCM takes it under both keys, as the construction asserts; a box is held to the key it commits to."""
    made = salamander()
    assert made.plain_a != made.plain_b
    assert made.box_for_a[64:] == made.box_for_b[64:]
    assert unseal(made.key_a, label="main", aad=made.aad, box=made.box_for_a) == made.plain_a
    assert unseal(made.key_b, label="main", aad=made.aad, box=made.box_for_b) == made.plain_b
    for key, box in ((made.key_a, made.box_for_b), (made.key_b, made.box_for_a)):
        with pytest.raises(SealBroken):
            unseal(key, label="main", aad=made.aad, box=box)
