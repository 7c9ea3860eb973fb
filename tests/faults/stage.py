"""The scene of a fault: a vault with a past, and what must be true of it after whatever happened."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

from tests.fakes.key_user import TypingUser
from tests.fakes.security_key import SoftKey
from tests.vaults import CHEAP, entry, soon
from vault import errors
from vault.cache.audit_log import AuditLog
from vault.hardware.security_key import SecurityKey
from vault.secret import Secret
from vault.store import file, restore, vault
from vault.store.boxes import open_main
from vault.store.slots.fido2 import Fido2Slot
from vault.store.slots.passphrase import PassphraseSlot
from vault.store.slots.recovery import RecoverySlot
from vault.store.slots.tpm import TpmSlot
from vault.system.files import Folder
from vault.system.paths import Paths, from_env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.format import VaultFile
    from vault.store.slots import Slot

OLD, NEW = "correct horse battery staple", "other donkey charger paperclip"
STRICT, SERIAL = "a passphrase for the seeds alone", "arn:aws:iam::111111111111:mfa/y"
CODE, FIRST_CODE = bytes(range(20)), bytes(range(1, 21))
SEED = "JBSWY3DPEHPK3PXP"
CANARY = "canary-of-a-secret-access-key-in-clear"
LEAKS = [
    CANARY.encode(),
    OLD.encode(),
    NEW.encode(),
    STRICT.encode(),
    SERIAL.encode(),
    b"AKIAIOSFODNN7EXAMPLE",
    b"the-first-entry",
]
ACTS = (
    "init", "add", "slots-add", "passwd", "rekey", "slots-remove", "restore", "restore-damaged", "restore-accept",
    "backup", "passwd-strict", "mfa-remove", "slots-add-tpm", "slots-remove-tpm", "rekey-tpm",
    "slots-add-fido2", "slots-remove-fido2", "rekey-fido2",
    "mfa-add-strict-fido2", "rekey-strict-fido2",
)  # fmt: skip
RECORD = b"a record of the log"
REKEYING = (
    "passwd",
    "rekey",
    "slots-remove",
    "passwd-strict",
    "slots-remove-tpm",
    "rekey-tpm",
    "slots-remove-fido2",
    "rekey-fido2",
    "rekey-strict-fido2",
)
# What lies in the vault's place at first, where that is no vault of generation 5 in good health.
SCENES = {
    "init": "none", "restore-damaged": "damaged", "restore-accept": "rolled back", "rekey": "strict seeds",
    "passwd-strict": "strict seeds", "mfa-remove": "strict seeds", "slots-remove-tpm": "a TPM", "rekey-tpm": "a TPM",
    "slots-remove-fido2": "a security key", "rekey-fido2": "a security key",
    "rekey-strict-fido2": "strict seeds by a security key",
}  # fmt: skip
machine = SimpleNamespace(tpm="unix:/no/such")  # what AWSVAULT_TPM names; a campaign has one TPM


def environment(root: str) -> dict[str, str]:
    return {
        "HOME": root,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWSVAULT_PASSPHRASE": OLD,
        "AWSVAULT_PROMPT": "none",
        "AWSVAULT_KEYRING": "off",
        "AWSVAULT_AGENT": "off",
        "AWSVAULT_TPM": machine.tpm,
        "LANG": "C.UTF-8",
    }


def set_up(root: str, *, scene: str) -> None:
    """A home with a vault of generation 5, three backups, two slots and a pin; what became of it since is the scene."""
    os.mkdir(root, 0o700)
    if scene == "none":
        return
    paths = from_env(environment(root))
    opened = vault.create(
        paths, passphrase=Secret(OLD), others=[RecoverySlot(Secret(FIRST_CODE))], kdf=CHEAP, deadline=soon()
    )
    for n in range(4 if scene in ("in good health", "damaged", "rolled back") else 3):
        kept = entry(secret=Secret(CANARY), user=f"user-{n}")
        # A clear between the newest backup and the vault, where either can be opened to find the log's key.
        key = vault.new_key() if n == 3 and scene == "in good health" else opened.cache_key
        opened = vault.edit(
            paths,
            opened.k_main,
            lambda p, kept=kept, key=key: replace(p.with_entry("the-first-entry", kept), cache_key=key),
            deadline=soon(),
        )
    if scene.startswith("strict seeds"):
        slot = PassphraseSlot(Secret(STRICT), kdf=CHEAP) if scene == "strict seeds" else fido2_slot()
        opened = vault.rewrite(paths, opened.k_main, partial(with_strict_seeds, slot=slot), deadline=soon())
    if scene in ("a TPM", "a security key"):
        device = TpmSlot(machine.tpm) if scene == "a TPM" else fido2_slot()
        record = device.wrap(opened.k_main, vault_id=opened.vault_id)
        opened = vault.rewrite(
            paths, opened.k_main, lambda d, _: replace(d, slots=(*d.slots, record)), deadline=soon()
        )
    with AuditLog.open(paths.log, cache_key=opened.cache_key, vault_id=opened.vault_id) as journal:
        journal.append(RECORD, deadline=soon())
    if scene == "damaged":
        os.truncate(paths.vault, 1000)
    elif scene == "rolled back":
        shutil.copyfile(paths.vault + ".bak1", paths.vault)


def with_strict_seeds(draft: vault.Draft, found: VaultFile, *, slot: Slot) -> vault.Draft:
    """A write as mfa add --strict makes it: one seed, under a key of its own and a passphrase or security key."""
    key = vault.new_key()
    record = slot.wrap(key, vault_id=found.header.vault_id, opens="strict")
    seeds = {SERIAL: vault.StoredSeed(secret=Secret(SEED), created=1)}
    return replace(
        draft,
        payload=draft.payload.with_strict_seed(SERIAL),
        slots=(*draft.slots, record),
        strict=vault.Strict(key=key, seeds=seeds),
    )


def copy(template: str, root: str) -> None:
    shutil.copytree(template, root, symlinks=True)


def opens(root: str) -> dict[str, vault.Opened]:
    """Which of the two passphrases open the vault as it lies there."""
    paths = from_env(environment(root))
    found = {}
    for secret in (OLD, NEW):
        try:
            found[secret] = vault.open_with_passphrase(paths, Secret(secret), deadline=soon())
        except errors.WrongPassphrase:
            continue
        except vault.NoVault:
            return {}
    return found


def judge(act: str, root: str) -> str:
    """``old`` or ``new``: which vault is there. AssertionError where it is neither, or anything else is wrong."""
    no_leak(root)
    paths = from_env(environment(root))
    try:
        found = opens(root)
    except errors.Damaged as error:
        assert act == ("restore-accept" if isinstance(error, errors.RolledBack) else "restore-damaged")
        put_back(act, paths)  # it is as it was, so what was interrupted can be done again
        left_over(root)
        return "old"
    if act == "init" and not found:
        assert not vault.exists(paths)
        vault.create(paths, passphrase=Secret(OLD), kdf=CHEAP, deadline=soon())
        left_over(root)
        return "old"
    assert len(found) == 1, f"opened by {len(found)} of the two passphrases"
    secret, opened = next(iter(found.items()))
    verdict = _verdict(act, secret, opened)
    if act != "init":
        same_log(paths, opened)
    # The next write works, and nothing is left of the one that was interrupted.
    after = vault.edit(paths, opened.k_main, lambda p: p.with_entry("next", entry()), deadline=soon())
    assert after.header.gen == opened.header.gen + 1
    if act != "init":
        assert "the-first-entry" in after.payload.entries
    left_over(root)
    no_leak(root)
    if act in REKEYING and verdict == "new":
        no_old_backups(root, after)
    return verdict


def put_back(act: str, paths: Paths) -> None:
    """The same restore as the act's, by the store alone; its vault is then the one in place."""
    found = restore.present(paths) if act == "restore-accept" else restore.read_backup(paths, "bak1")
    assert found is not None
    payload, k_main = restore.open_backup(found, PassphraseSlot(Secret(OLD)), path="it")
    after = restore.put_back(paths, found, k_main, cache_key=payload.cache_key, deadline=soon())
    same_log(paths, after)
    assert after.payload.entries["the-first-entry"].user == "user-2"
    assert vault.open_with_passphrase(paths, Secret(OLD), deadline=soon()).header.gen == 6


def same_log(paths: Paths, opened: vault.Opened) -> None:
    """Whichever vault is there, it reads the log of before, and nothing is missing from that."""
    with AuditLog.open(paths.log, cache_key=opened.cache_key, vault_id=opened.vault_id) as journal:
        assert journal.read(deadline=soon()) == ([RECORD], [])


def _verdict(act: str, secret: str, opened: vault.Opened) -> str:
    gen, entries = opened.header.gen, opened.payload.entries
    kinds = [slot.type for slot in opened.header.slots if slot.opens == "main"]
    if SCENES.get(act) == "strict seeds":
        strict_as_meant(act, opened)
    if act.endswith("-strict-fido2"):
        strict_by_touch(act, opened)
    elif act.endswith(("-tpm", "-fido2")):
        device_as_meant(act, opened)
    match act:
        case "init":
            assert (gen, dict(entries)) == (1, {})
            return "new"
        case "backup":
            assert gen == 5
            return "old"
        case "passwd-strict" | "mfa-remove" | "mfa-add-strict-fido2":
            assert kinds == ["pass", "recovery"]
        case "add":
            assert ("added" in entries) == (gen == 6)
        case "passwd":
            assert (secret == NEW) == (gen == 6)
        case "slots-remove-tpm" | "rekey-tpm" | "slots-remove-fido2" | "rekey-fido2":
            kept = ["pass"] if act.startswith("slots") else ["pass", "ext"]
            assert kinds == (kept if gen == 6 else ["pass", "recovery", "ext"])
        case "slots-add" | "slots-add-tpm" | "slots-add-fido2":
            assert (len(kinds) == 3) == (gen == 6)
        case "restore":
            assert entries["the-first-entry"].user == ("user-2" if gen == 6 else "user-3")
        case "restore-damaged" | "restore-accept":
            assert (gen, entries["the-first-entry"].user) == (6, "user-2")
        case _:
            assert (kinds == ["pass"]) == (gen == 6)
    assert gen in (5, 6)
    return "new" if gen == 6 else "old"


def strict_as_meant(act: str, opened: vault.Opened) -> None:
    """The strict seed opens by the passphrase that goes with the vault's generation, or is gone with its slot."""
    slots = [slot for slot in opened.header.slots if slot.opens == "strict"]
    if act == "mfa-remove" and opened.header.gen == 6:
        assert (slots, opened.payload.strict_serials) == ([], ())
        assert vault.open_strict(opened, None, path="it").seeds == {}
        return
    rekeyed = act == "passwd-strict" and opened.header.gen == 6
    for secret, fits in ((STRICT, not rekeyed), (NEW, rekeyed)):
        try:
            found = vault.open_strict(opened, PassphraseSlot(Secret(secret)), path="it").seeds
        except errors.NotThisSlot:
            assert not fits
        else:
            assert (fits, set(found)) == (True, {SERIAL})


def strict_by_touch(act: str, opened: vault.Opened) -> None:
    """The strict seed opens by the security key, whatever its key is now; or it was not stored yet, and nothing of it is there."""
    if act.startswith("mfa-add") and opened.header.gen == 5:
        assert opened.payload.strict_serials == ()
        assert all(slot.opens == "main" for slot in opened.header.slots)
        return
    found = vault.open_strict(opened, fido2_slot(), path="it").seeds
    assert {serial: seed.secret for serial, seed in found.items()} == {SERIAL: Secret(SEED)}


def fido2_slot() -> Fido2Slot:
    """A security key that is plugged in for good, whose user types the PIN and touches it."""
    key = SoftKey(master=bytes(range(32)))
    return Fido2Slot(TypingUser("1234"), find=lambda: [SecurityKey(key)])


def device_as_meant(act: str, opened: vault.Opened) -> None:
    """The TPM or security key opens the vault that is there, old or new, exactly if that has a slot for it."""
    new = opened.header.gen == 6
    has = {"add": new, "remove": not new}.get(act.split("-")[1], True)
    device = TpmSlot(machine.tpm) if act.endswith("tpm") else fido2_slot()
    try:
        assert vault.unwrap(opened.file, device)[1] == opened.k_main
    except errors.NotThisSlot:
        assert not has
    else:
        assert has
    if any(
        slot.type == "recovery" for slot in opened.header.slots
    ):  # with the passphrase, what is left if the device is lost
        assert vault.unwrap(opened.file, RecoverySlot(Secret(FIRST_CODE)))[1] == opened.k_main


def no_leak(root: str) -> None:
    """Nothing is in plaintext in any file, whatever its name."""
    for folder, _, names in os.walk(root):
        for name in names:
            with open(os.path.join(folder, name), "rb") as opened:
                content = opened.read()
            for leak in LEAKS:
                assert leak not in content, f"{leak!r} in {name}"


def left_over(root: str) -> None:
    """Only files with a name that we know."""
    paths = from_env(environment(root))
    known = {file.VAULT, file.LOCK, file.SET_ASIDE, *file.BACKUP_NAMES}
    assert set(os.listdir(paths.vault_folder)) <= known, os.listdir(paths.vault_folder)
    state = {name for name in os.listdir(paths.state) if not name.startswith(("pin-", "slots-"))}
    assert state <= {"kdf.lock", "tpm.lock", "log"}, state
    for place in (paths.vault_folder, paths.state, paths.log):
        assert not os.path.exists(place) or os.stat(place).st_mode & 0o777 == 0o700
        for name in os.listdir(place) if os.path.exists(place) else ():
            path = os.path.join(place, name)
            assert path == paths.log or os.stat(path).st_mode & 0o777 == 0o600, name


def no_old_backups(root: str, now: vault.Opened) -> None:
    """After new master keys, every automatic backup opens by the new one alone."""
    paths = from_env(environment(root))
    with Folder.open(paths.vault_folder) as folder:
        for name, backup in file.backups(folder):
            assert open_main(backup, now.k_main, path=name).rekeyed == now.payload.rekeyed
