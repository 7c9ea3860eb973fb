"""One write of the vault, in a process of its own: python -m tests.faults.act NAME. Exits as the command line would.

Without NAME it does one act after the other, each in a fork, because Python's start takes longer than most of them: for
each line of JSON with ``act`` and ``env`` it prints the exit code and what the act said on standard error.
"""

from __future__ import annotations

import atexit
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import signal
import sys
import traceback

import vault as program
from tests.faults.stage import CODE, NEW, OLD, SEED, SERIAL, STRICT, fido2_slot
from tests.patience import PATIENCE
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


def main(name: str) -> int:
    """Its exit code."""
    try:
        act(name)
    except Error as error:
        print(f"error: {error.message}", file=sys.stderr)
        return error.exit_code
    return 0


def become(order: dict[str, object], says: int) -> None:
    """In the fork: be the process of this act; does not come back."""
    null = os.open(os.devnull, os.O_RDWR)
    for standard, fd in enumerate((null, null, says)):
        os.dup2(fd, standard)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(order["env"])
    signal.alarm(PATIENCE)
    ctypes.CDLL(None).count_from_here()
    gc.enable()
    status = 1
    try:
        status = main(order["act"])
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    sys.stderr.flush()
    os._exit(status)


def serve() -> None:
    """Import all that an act might, then fork for each of them."""
    for found in pkgutil.walk_packages(program.__path__, "vault."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    gc.collect()
    gc.freeze()
    gc.disable()
    for line in sys.stdin:
        hears, says = os.pipe()
        pid = os.fork()
        if pid == 0:
            become(json.loads(line), says)
        os.close(says)
        with open(hears, "rb") as pipe:
            said = pipe.read().decode("utf-8", "replace")
        print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said]), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) if sys.argv[1:] else serve())
