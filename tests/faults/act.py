"""One write of the vault, in a process of its own: python -m tests.faults.act NAME. Exits as the command line would."""

from __future__ import annotations

import os
import sys

from tests.faults.stage import CODE, NEW, OLD, SEED, SERIAL, STRICT, fido2_slot
from tests.vaults import CHEAP, entry
from vault import context
from vault.errors import Error
from vault.keys import mfa_devices
from vault.secret import Secret
from vault.store import vault
from vault.store.payload import StoredSeed
from vault.store.slots.recovery import RecoverySlot
from vault.system.clock import Deadline
from vault.unlocking import security_key, strict_seeds
from vault.upkeep import backups, rekey, rekey_plan, rekey_strict, slots


def act(name: str) -> None:
    here = context.from_process(attended=True)
    security_key.slot = lambda _context, **_: fido2_slot()
    deadline = Deadline.after(50)
    if name == "init":
        vault.create(here.paths, passphrase=Secret(OLD), kdf=CHEAP, deadline=deadline)
        return
    if name in ("restore", "restore-damaged"):
        backups.restore_backup(here, backups.choose(here, "bak1", accept=False))
        return
    if name == "restore-accept":
        backups.restore_backup(here, backups.choose_present(here))
        return
    opened = vault.open_with_passphrase(here.paths, Secret(OLD), deadline=deadline)
    match name:
        case "add":
            vault.edit(here.paths, opened.k_main, lambda p: p.with_entry("added", entry()), deadline=deadline)
        case "passwd":
            plan = rekey_plan.make_plan(here, opened, passphrase=None, new_passphrase=Secret(NEW), kdf=CHEAP)
            rekey.carry_out(here, plan)
        case "rekey":
            fresh = rekey_strict.make_plan(here, opened, Secret(STRICT), Secret(STRICT), kdf=CHEAP)
            plan = rekey_plan.make_plan(here, opened, passphrase=Secret(OLD), kdf=CHEAP)
            rekey.carry_out(here, plan, strict=fresh)
        case "passwd-strict":
            fresh = rekey_strict.make_plan(here, opened, Secret(STRICT), Secret(NEW), kdf=CHEAP)
            rekey_strict.carry_out(here, opened, fresh)
        case "mfa-remove":
            mfa_devices.remove(here, opened, SERIAL)
        case "slots-add":
            slots.append(here, opened, RecoverySlot(Secret(CODE)))
        case "slots-add-tpm":
            slots.add_tpm(here, opened)
        case "rekey-tpm" | "rekey-fido2":
            rekey.carry_out(here, rekey_plan.make_plan(here, opened, passphrase=Secret(OLD), kdf=CHEAP))
        case "mfa-add-strict-fido2":
            seed = StoredSeed(secret=Secret(SEED), created=1)
            strict_seeds.store(
                here,
                opened,
                "the-first-entry",
                SERIAL,
                seed,
                passphrase=lambda: Secret(""),
                with_security_key=True,
            )
        case "rekey-strict-fido2":
            known = strict_seeds.StrictAccess(None, *vault.unwrap(opened.file, fido2_slot(), opens="strict"))
            fresh = rekey_strict.plan_for_known(here, opened, known, None)
            plan = rekey_plan.make_plan(here, opened, passphrase=Secret(OLD), kdf=CHEAP)
            rekey.carry_out(here, plan, strict=fresh)
        case "slots-add-fido2":
            slots.append(here, opened, fido2_slot())
        case "slots-remove" | "slots-remove-tpm" | "slots-remove-fido2":
            kind = "recovery" if name == "slots-remove" else "ext"
            gone = next(s for s in opened.header.slots if s.type == kind)
            rekey.carry_out(
                here, rekey_plan.make_plan(here, opened, passphrase=Secret(OLD), without=gone, kdf=CHEAP)
            )
        case "backup":
            backups.write(opened, os.environ["HOME"] + "/copy")


if __name__ == "__main__":
    try:
        act(sys.argv[1])
    except Error as error:
        print(f"error: {error.message}", file=sys.stderr)
        sys.exit(error.exit_code)
