"""How slots are described, and that there is room for eight."""

from __future__ import annotations

import pytest

from tests.vaults import entry, new_vault, paths_in, soon
from vault import errors
from vault.hardware.tpm import SealedKey
from vault.store import slot_text, vault
from vault.store.format import Ext, SlotRecord
from vault.store.kdf import DEFAULT
from vault.store.slots import fido2_data, new_sid, tpm_data
from vault.store.slots.fido2_data import Fido2Data
from vault.store.slots.hardware import REPLACE
from vault.store.slots.tpm_data import TpmData

MODEL = "00000000-0000-0000-0000-0000000000ab"
CHIP = b"\0\x0b" + bytes.fromhex("12ab34cd") + bytes(28)


def ext(name, data=b"", opens="main"):
    return SlotRecord(type="ext", sid=new_sid(), opens=opens, wrap=bytes(112), ext=Ext(name=name, data=data))


def tpm(host="web1", pcrs=()):
    return ext("tpm", tpm_data.encode(TpmData(SealedKey(CHIP, b"", b"", pcrs), host)))


def security_key(**more):
    return ext(
        "fido2", fido2_data.encode(Fido2Data(b"c", bytes(32), True, bytes(15) + b"\xab")._replace(**more))
    )


@pytest.mark.parametrize(
    ("slot", "kind", "about"),
    [
        (SlotRecord(type="pass", sid=bytes(8), opens="main", wrap=b"", kdf=DEFAULT), "passphrase", "Argon2id, 64 MiB"),
        (SlotRecord(type="keyring", sid=bytes(8), opens="main", wrap=b"", host="desk"), "keyring", "host desk"),
        (SlotRecord(type="keyring", sid=bytes(8), opens="main", wrap=b"", host="a\x1b"), "keyring", "host a\\x1b"),
        (SlotRecord(type="recovery", sid=bytes(8), opens="main", wrap=b""), "recovery code", ""),
        (tpm(), "TPM", "host web1, chip 12ab34cd"),
        (tpm(pcrs=(0, 7)), "TPM", "host web1, chip 12ab34cd, PCR 0+7"),
        (tpm("evil\x1b[2J"), "TPM", "host evil\\x1b[2J, chip 12ab34cd"),
        (ext("tpm", b"nonsense"), "TPM", "tpm"),
        (security_key(), "security key", f"PIN and touch, model {MODEL}"),
        (security_key(uv=False), "security key", f"touch, model {MODEL}"),
        (ext("fido2", b"nonsense"), "security key", "fido2"),
        (ext("from2030"), "helper", "from2030"),
    ],
)  # fmt: skip
def test_a_slot_is_described(slot, kind, about):
    """Its kind, and what tells it from others; the header is not authenticated, so nothing of it is shown raw."""
    assert (slot_text.kind(slot), slot_text.about(slot)) == (kind, about)


@pytest.mark.parametrize(
    ("slot", "kind", "options"),
    [
        (tpm(), "tpm", ""), (tpm(pcrs=(0, 7)), "tpm", " --pcrs 0+7"),
        (security_key(), "fido2", ""), (security_key(uv=False), "fido2", " --no-pin"),
    ],
)  # fmt: skip
def test_a_hint_adds_the_slot_again_as_it_was(slot, kind, options):
    """With its name and options; what the user asks for now goes first."""
    hint = REPLACE.format(kind)
    commands = f"awsvault-py slots remove {slot.name}, then awsvault-py slots add {kind}"
    assert slot_text.filled(hint, slot) == f"to replace the slot, run: {commands}{options}"
    assert slot_text.filled(hint, slot, options="--new").endswith(f"slots add {kind} --new")


def test_a_ninth_slot_is_refused_with_the_list(tmp_path):
    """Exit 6, slots of the strict box included; whatever command tries it."""
    slots = [ext("from2030") for _ in range(7)] + [ext("from2030", opens="strict")]
    slot_text.check_room(slots[:7])
    with pytest.raises(errors.ConfigError, match="8 slots, the maximum: helper slot") as caught:
        slot_text.check_room(slots)
    assert caught.value.exit_code == 6
    assert all(slot.name in caught.value.message for slot in slots)
    from dataclasses import replace

    paths = paths_in(tmp_path)
    opened = new_vault(paths)

    def add(more):
        return vault.rewrite(
            paths,
            opened.k_main,
            lambda draft, _: replace(draft, slots=(*draft.slots, *more)),
            deadline=soon(),
        )

    add(slots[:7])
    with pytest.raises(errors.ConfigError, match="8 slots, the maximum"):
        add([ext("from2030")])
    vault.edit(paths, opened.k_main, lambda p: p.with_entry("a", entry()), deadline=soon())
    assert len(vault.read_header(paths).slots) == 8


def test_what_belongs_to_a_machine_and_what_to_its_user():
    """A copy of the vault opens on another machine by a security key, and not by a TPM."""
    assert slot_text.is_of_machine(tpm())
    assert not slot_text.is_of_machine(security_key())
    assert (slot_text.host(tpm()), slot_text.host(security_key())) == ("web1", None)
    assert (slot_text.device(tpm()), slot_text.device(security_key())) == ("12ab34cd", MODEL)
