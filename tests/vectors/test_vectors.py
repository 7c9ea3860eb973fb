"""The independent reader and the program read the same files, refuse the same files, and share nothing."""

from __future__ import annotations

import ast
import base64
import dataclasses
import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.fakes.bucket import InProcessBucket
from tests.fakes.key_user import TypingUser
from tests.fakes.security_key import SoftKey
from tests.machines import Computer
from tests.signins import sign_in
from tests.vaults import entry, new_vault, paths_in, soon
from tests.vectors import reader, sync_reader
from vault import errors
from vault.crypto.seal import b64u
from vault.hardware.security_key import SecurityKey
from vault.remote import bucket_file, local_state
from vault.secret import Secret
from vault.signin.record import encode
from vault.signin.sealed import SignIns
from vault.store import boxes, vault
from vault.store.boxes import Strict
from vault.store.format import Ext, FormatError, SlotRecord, parse_file
from vault.store.payload import StoredSeed
from vault.store.slots import new_sid, wrap_key
from vault.store.slots.fido2 import Fido2Slot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot, new_code, write_code
from vault.store.slots.tpm import TpmSlot
from vault.system.files import Folder

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
with open(os.path.join(ROOT, "tests/data/vault/golden.json"), encoding="utf-8") as _file:
    GOLDEN = json.load(_file)
with open(os.path.join(HERE, "negative.json"), encoding="utf-8") as _file:
    NEGATIVE = json.load(_file)
with open(os.path.join(HERE, "sign_ins.json"), encoding="utf-8") as _file:
    SIGN_INS = json.load(_file)
with open(os.path.join(HERE, "hardware.json"), encoding="utf-8") as _file:
    HARDWARE = json.load(_file)
with open(os.path.join(HERE, "sync.json"), encoding="utf-8") as _file:
    SYNC = json.load(_file)
K_MAIN = bytes.fromhex(NEGATIVE["k_main"])
PASSPHRASE = "correct horse battery staple"


@pytest.mark.parametrize("golden", GOLDEN, ids=[g["name"] for g in GOLDEN])
def test_the_reader_opens_each_golden_vault_by_each_of_its_secrets(golden):
    """Passphrase, recovery code and strict passphrase lead to the keys and plaintexts that the file lists."""
    raw = base64.b64decode(golden["file"])
    assert reader.main_key(raw, passphrase=golden["passphrase"]).hex() == golden["k_main"]
    if "recovery_code" in golden:
        assert reader.main_key(raw, recovery_code=golden["recovery_code"]).hex() == golden["k_main"]
    payload = reader.open_main(raw, bytes.fromhex(golden["k_main"]))
    assert payload == golden["main"]
    key = reader.strict_key(raw, payload, passphrase=golden.get("strict_passphrase"))
    assert reader.open_strict(raw, payload, key) == golden["strict"]


@pytest.mark.parametrize("vector", HARDWARE["vectors"], ids=[v["name"] for v in HARDWARE["vectors"]])
def test_a_slot_of_hardware_opens_by_its_kek_or_is_skipped(tmp_path, monkeypatch, vector):
    """Reader and program agree, and whatever the slot says the passphrase opens the vault."""
    raw, kek = base64.b64decode(vector["file"]), bytes.fromhex(HARDWARE["kek"])
    slot = _device(raw, kek, monkeypatch)
    if vector["opens"]:
        assert reader.main_key(raw, tpm=kek, fido2=kek).hex() == HARDWARE["k_main"]
        assert vault.unwrap(parse_file(raw), slot)[1] == Secret(K_MAIN)
    else:
        with pytest.raises(reader.Refused) as refused:
            reader.main_key(raw, tpm=kek, fido2=kek)
        assert refused.value.kind == "slot"
        with pytest.raises(errors.NotThisSlot):
            vault.unwrap(parse_file(raw), slot)
    paths = paths_in(tmp_path)
    os.makedirs(paths.vault_folder, mode=0o700)
    with open(paths.vault, "wb", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(raw)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    after = vault.edit(paths, opened.k_main, lambda p: p.with_entry("more", entry()), deadline=soon())
    assert after.header.slots == opened.header.slots, "an edit keeps the slot"


def _device(raw, kek, monkeypatch):
    """The program's slot for the last record, with a device that returns ``kek``."""
    if parse_file(raw).header.slots[-1].ext.name != "fido2":
        monkeypatch.setattr(TpmSlot, "_unsealed", lambda _self, _key: Secret(kek))
        return TpmSlot()
    key = SimpleNamespace(
        knows=lambda _credential: True, check_pin_tries=lambda: None, pin=None, close=lambda: None,
        token=lambda _pin, to_create: b"", secret=lambda *_, token, stop: Secret(kek),
    )  # fmt: skip
    return Fido2Slot(TypingUser("1234"), find=lambda: [key])


def test_the_reader_opens_what_the_program_writes(tmp_path):
    """Every kind of slot, unknown keys, strict seeds, sizes up to Padmé's, generation after generation."""
    code = new_code()
    paths = paths_in(tmp_path)
    opened = new_vault(paths, passphrase=PASSPHRASE, others=[RecoverySlot(code)])
    _agrees(opened, code)
    helper = SlotRecord(type="ext", sid=new_sid(), opens="main", wrap=b"", ext=Ext(name="age", data=b"\0\1"))
    keyring = SlotRecord(
        type="keyring", sid=new_sid(), opens="main", wrap=b"", host="caf\u00e9 \U0001f511 \x7f"
    )
    kek, strict = Secret(bytes(range(32))), vault.new_key()

    def with_all_slots(draft, file):
        made = [wrap_key(kek, r, vault_id=file.header.vault_id, key=draft.k_main) for r in (helper, keyring)]
        own = PassphraseSlot(Secret("only for the second factor")).wrap(
            strict, vault_id=file.header.vault_id, opens="strict"
        )
        seeds = {"arn:aws:iam::111111111111:mfa/y": StoredSeed(secret=Secret("JBSWY3DPEHPK3PXP"), created=1)}
        return dataclasses.replace(
            draft, slots=(*draft.slots, *made, own), strict=Strict(key=strict, seeds=seeds)
        )

    opened = vault.rewrite(paths, opened.k_main, with_all_slots, deadline=soon())
    payload = _agrees(opened, code)
    raw = opened.file.raw
    header = reader.take_apart(raw)[0]
    assert [slot["t"] for slot in header["slots"]] == ["pass", "recovery", "ext", "keyring", "pass"]
    assert reader.unwrap(header, header["slots"][2], kek.reveal()) == opened.k_main.reveal()
    assert reader.main_key(raw, keyring=f"v1:{b64u(kek.reveal())}:2") == opened.k_main.reveal()
    assert "strict_key" not in payload
    key = reader.strict_key(raw, payload, passphrase="only for the second factor")
    assert (
        reader.open_strict(raw, payload, key)["arn:aws:iam::111111111111:mfa/y"]["secret"]
        == "JBSWY3DPEHPK3PXP"
    )
    for count in (1, 30, 300):
        new = {f"n\u00e4me {n}": entry(unknown={"x": [n, None, True]}) for n in range(count)}
        opened = vault.edit(
            paths,
            opened.k_main,
            lambda p, new=new: dataclasses.replace(p, entries=new, unknown={"x-top": {"y": 1}}),
            deadline=soon(),
        )
        payload = _agrees(opened, code)
        assert payload["x-top"] == {"y": 1}
        assert {e["x"][0] for e in payload["entries"].values()} == set(range(count))
        assert reader.open_strict(opened.file.raw, payload, key)


def test_the_reader_opens_strict_seeds_behind_a_security_key(tmp_path):
    """By the secret that the key computes, and by nothing else."""
    paths = paths_in(tmp_path)
    opened = new_vault(paths, passphrase=PASSPHRASE)
    key = SecurityKey(SoftKey(pin=None))
    slot = Fido2Slot(TypingUser(), with_pin=None, find=lambda: [key])
    strict = vault.new_key()
    record = slot.wrap(strict, vault_id=opened.vault_id, opens="strict")
    seeds = {"arn:aws:iam::111111111111:mfa/y": StoredSeed(secret=Secret("JBSWY3DPEHPK3PXP"), created=1)}
    opened = vault.rewrite(
        paths,
        opened.k_main,
        lambda draft, _: dataclasses.replace(
            draft, slots=(*draft.slots, record), strict=Strict(key=strict, seeds=seeds)
        ),
        deadline=soon(),
    )
    assert slot.unwrap(record, vault_id=opened.vault_id) == strict
    (kek,) = slot._computed.values()
    raw = opened.file.raw
    payload = reader.open_main(raw, opened.k_main.reveal())
    assert reader.strict_key(raw, payload, fido2=kek.reveal()) == strict.reveal()
    assert "JBSWY3DPEHPK3PXP" in json.dumps(reader.open_strict(raw, payload, strict.reveal()))
    with pytest.raises(reader.Refused):
        reader.strict_key(raw, payload, fido2=bytes(32))


def _agrees(opened, code):
    raw = opened.file.raw
    assert reader.main_key(raw, passphrase=PASSPHRASE) == opened.k_main.reveal()
    assert reader.main_key(raw, recovery_code=write_code(code)) == opened.k_main.reveal()
    payload = reader.open_main(raw, opened.k_main.reveal())
    assert payload["gen"] == opened.header.gen
    assert {name: e["akid"] for name, e in payload["entries"].items()} == {
        name: e.access_key_id for name, e in opened.payload.entries.items()
    }
    return payload


@pytest.mark.parametrize("vector", NEGATIVE["vectors"], ids=[v["name"] for v in NEGATIVE["vectors"]])
def test_reader_and_program_refuse_each_negative_vector(vector):
    """The reader says the expected kind of reason, and the program raises its error of that kind."""
    raw = base64.b64decode(vector["file"])
    with pytest.raises(reader.Refused) as refused:
        reader.open_main(raw, K_MAIN)
    assert refused.value.kind == vector["refused"]
    expected = FormatError if vector["refused"] == "format" else errors.Damaged
    with pytest.raises(expected):
        boxes.open_main(parse_file(raw), Secret(K_MAIN), path="it")


@pytest.mark.parametrize("vector", SIGN_INS["vectors"], ids=[v["name"] for v in SIGN_INS["vectors"]])
def test_reader_and_program_read_and_refuse_the_same_sign_ins(vector, tmp_path):
    """What the reader refuses counts as missing."""
    key, vault_id = bytes.fromhex(SIGN_INS["sso_key"]), bytes.fromhex(SIGN_INS["vault_id"])
    name, raw = vector["file_name"], base64.b64decode(vector["file"])
    paths = paths_in(tmp_path)
    with Folder.open(os.path.join(paths.vault_folder, "signins"), create=True) as folder:
        folder.write_atomic(name, raw, durable=False)
    with SignIns.open(paths, key=Secret(key), vault_id=vault_id) as sign_ins:
        found = sign_ins.all()
    if "content" not in vector:
        with pytest.raises(reader.Refused):
            reader.open_sign_in(key, vault_id, name, raw)
        assert found == []
        return
    assert reader.open_sign_in(key, vault_id, name, raw) == vector["content"]
    assert [json.loads(reader.unpad(encode(one))) for one in found] == [{"v": 1, **vector["content"]}]


@pytest.mark.parametrize("vector", SYNC["vectors"], ids=[v["name"] for v in SYNC["vectors"]])
def test_reader_and_program_agree_about_what_machines_share(vector):
    """The same versions with the same contents, or both refuse."""
    raw = base64.b64decode(vector["file"])
    payload = reader.open_main(raw, K_MAIN)
    if not vector["good"]:
        with pytest.raises(reader.Refused):
            sync_reader.open_own(payload) if vector["own"] else sync_reader.open_shared(raw, K_MAIN)
        with pytest.raises(errors.Damaged):
            _shared(raw, own=vector["own"])
        return
    state, shown = _shared(raw, own=vector["own"])
    found = {key: [(tuple(one.dot), one.content) for one in there] for key, there in state.items.items()}
    if vector["own"]:
        items, kept = sync_reader.open_own(payload)
        for key, (why, on, content) in kept.items():
            assert ([tuple(dot) for dot in shown[key].on], shown[key].content) == (on, content)
            assert bool(shown[key].conflict) == bool(why)
    else:
        items = sync_reader.open_shared(raw, K_MAIN)
    assert found == items
    assert any(content is None for there in items.values() for _, content in there)


def _shared(raw, *, own):
    """The program's state of a bucket's file, or of a machine's vault with what was shown."""
    if not own:
        return bucket_file.read(parse_file(raw), Secret(K_MAIN), path="it").state, {}
    local = local_state.require(boxes.open_main(parse_file(raw), Secret(K_MAIN), path="it"))
    return local.state, local.shown


def test_the_reader_opens_what_two_machines_share(tmp_path):
    """The bucket's file by the passphrase alone, and a machine's vault; strict seeds and a conflict included."""
    bucket = InProcessBucket()
    laptop, desktop = Computer(tmp_path, "laptop", bucket), Computer(tmp_path, "desktop", bucket)
    laptop.begin(dev=entry())
    desktop.join()
    for one, key_id in ((laptop, "AKIAI44QH8DHBEXAMPLE"), (desktop, "AKIAI55QH8DHBEXAMPLE")):
        one.store("dev", key_id)
        one.store(f"of-{one.name}")
        one.sync()
    desktop.remove("of-desktop")
    desktop.sync()
    items = sync_reader.open_shared(bucket.data, reader.main_key(bucket.data, passphrase=PASSPHRASE))
    assert {content["akid"] for _, content in items["entry/dev"]} == {
        "AKIAI44QH8DHBEXAMPLE",
        "AKIAI55QH8DHBEXAMPLE",
    }
    assert [content for _, content in items["entry/of-desktop"]] == [None]
    own, shown = sync_reader.open_own(reader.open_main(desktop.files(), desktop.k_main.reveal()))
    assert own == items
    assert shown["entry/dev"][0] == "changed"


def test_the_reader_opens_a_sign_in_that_the_program_writes(tmp_path):
    """The key is in the main box of the vault."""
    paths = paths_in(tmp_path)
    opened = new_vault(paths, passphrase=PASSPHRASE)
    opened = vault.edit(
        paths, opened.k_main, lambda p: dataclasses.replace(p, sso_key=vault.new_key()), deadline=soon()
    )
    key = opened.payload.sso_key
    with SignIns.open(paths, key=key, vault_id=opened.vault_id, create=True) as sign_ins:
        sign_ins.write(sign_in())
        name = sign_ins.name(sign_in().place)
    in_main = reader.b64u(reader.open_main(opened.file.raw, opened.k_main.reveal())["sso_key"])
    with open(os.path.join(paths.vault_folder, "signins", name), "rb") as file:
        content = reader.open_sign_in(in_main, opened.vault_id, name, file.read())
    assert content["refresh"] == sign_in().refresh.reveal_text()


def test_the_file_that_the_negative_vectors_come_from_is_taken():
    """Else each refusal would prove nothing."""
    raw = base64.b64decode(GOLDEN[0]["file"])
    assert reader.open_main(raw, K_MAIN)["gen"] == 7


@pytest.mark.parametrize("name", ["reader.py", "sync_reader.py", "two_keys.py"])
def test_the_reader_shares_nothing_with_the_program(name):
    """Its imports are primitives, the standard library and this folder."""
    with open(os.path.join(HERE, name), encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for imported in names:
            top = imported.partition(".")[0]
            assert (
                top in (*sys.stdlib_module_names, "argon2", "cryptography")
                or imported == "tests.vectors.reader"
            )


def test_the_negative_vectors_are_what_the_script_makes():
    """scripts/make-vectors --check."""
    script = os.path.join(ROOT, "scripts", "make-vectors")
    assert subprocess.run([sys.executable, script, "--check"], check=False).returncode == 0
