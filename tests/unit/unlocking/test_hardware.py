"""A TPM unlocks the vault for an export: no agent, no passphrase, nobody there; and never after a lock."""

from __future__ import annotations

import grp  # noqa: F401  # for the other user, as below
import json
import os
import pwd  # noqa: F401

import pytest

from tests.fakes.tpm import EmulatedTpm
from tests.home import PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.vaults import soon
from vault import errors
from vault.context import Context
from vault.errors import NotThisSlot
from vault.secret import Secret
from vault.store import vault
from vault.store.slots.hardware import HardwareUnavailable
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.unlocking import hardware
from vault.upkeep import slots

pytestmark = pytest.mark.usefixtures("unmeasured")

AT_ONCE = 60
NOBODY = {"AWSVAULT_PASSPHRASE": None}


def context(home):
    return Context(
        env=home.env, paths=from_env(home.env), clock=SystemClock(), deadline=Deadline.after(PATIENCE), attended=True
    )  # fmt: skip


def opened(home):
    return vault.open_with_passphrase(from_env(home.env), Secret(PASSPHRASE), deadline=soon())


@pytest.fixture
def server(home, tpm):
    """A home whose vault this machine's TPM unlocks."""
    home.scenario()
    home.make_vault()
    home.env["AWSVAULT_TPM"] = tpm.place
    slots.add_tpm(context(home), opened(home))
    return home


def test_an_export_needs_nobody(server, aws):
    """Cold, and then from the cache; no agent was started, although one may be."""
    for _ in range(2):
        assert server.export("dev", AWSVAULT_AGENT=None, **NOBODY)["AccountId"] == "222222222222"
    assert len(aws.calls.codes()) == 1
    assert not os.path.exists(from_env(server.env).socket)


def test_sixty_exports_at_once_all_succeed(server, aws):
    """One chip, one at a time; one code and one session for all of them."""
    running = [server.start("export", "dev", **NOBODY) for _ in range(AT_ONCE)]
    done = [(one.communicate(timeout=PATIENCE), one.returncode) for one in running]
    assert [code for _, code in done] == [0] * AT_ONCE, done
    assert {json.loads(out)["AccountId"] for (out, _), _ in done} == {"222222222222"}
    assert len(aws.calls.codes()) == 1


def test_after_a_lock_only_unlock_opens_it(server):
    """The mark holds for the TPM as for every other way, even without an agent; unlock ends it by the TPM."""
    assert server.run("lock").returncode == 0
    failed(server.run("export", "dev", **NOBODY), 3, "you ran awsvault-py lock")
    failed(server.run("list", "--json", "--used", **NOBODY), 3)
    assert server.run("unlock", **NOBODY).returncode == 0
    assert server.export("dev", **NOBODY)["AccountId"] == "222222222222"


def test_each_reason_is_told(server, tpm):
    """What was tried is in the error: no TPM, another one, PCRs that moved, a slot that was altered."""
    other = EmulatedTpm(os.path.join(tpm.folder, "b"))
    remove = f"awsvault-py slots remove {_slot(server)}"
    for place, reason, hint in (
        ("unix:/no/such", "tpm (there is none at /no/such)", "AWSVAULT_TPM"),
        (other.place, "tpm (another machine's TPM, or one that was cleared)", remove),
        (server.root, "tpm (", "restart the machine"),
    ):
        failed(
            server.run("export", "dev", AWSVAULT_TPM=place, **NOBODY),
            3,
            reason,
            hint,
            "run: awsvault-py unlock",
        )
    other.end()
    assert server.run("slots", "remove", _slot(server), "--yes").returncode == 0
    slots.add_tpm(context(server), opened(server), pcrs=(7,))
    assert server.export("dev", **NOBODY)["AccountId"] == "222222222222"
    tpm.extend(7)
    failed(server.run("export", "dev", **NOBODY), 3, "tpm (its PCRs have other values", "awsvault-py rekey")


def test_the_slot_of_another_machine_is_no_advice(server, monkeypatch):
    """A laptop that shares a server's vault is told to unlock, and nothing about a TPM that it never needed."""
    header = vault.read_header(from_env(server.env))
    tpm = hardware.device(context(server), "tpm")
    reason = HardwareUnavailable("there is none", hint="run: x NAME")
    assert hardware.advice(header, tpm, reason) == f"run: x {_slot(server)}"
    assert hardware.advice(header, tpm, NotThisSlot("damaged")) == ""
    monkeypatch.setattr("vault.system.machine.host_name", lambda: "laptop")
    assert hardware.advice(header, tpm, reason) == ""


def _slot(home):
    (record,) = [slot for slot in vault.read_header(from_env(home.env)).slots if slot.ext is not None]
    return record.name


def test_a_damaged_slot_is_damage_and_no_other_tpm(server):
    """The header is not the one that this machine saw last: exit 9, with the way out."""
    path = server.file("vault.avlt")
    with open(path, "rb") as file:
        raw = file.read()
    data = next(s for s in vault.read_header(from_env(server.env)).slots if s.ext).name.encode()
    at = raw.index(data)
    with open(path, "wb") as file:
        file.write(raw[:at] + (b"A" if raw[at : at + 1] != b"A" else b"B") + raw[at + 1 :])
    failed(server.run("export", "dev", **NOBODY), 9)


def test_a_user_without_access_is_told(server, tpm):
    """A second user ID, with a vault of its own, at a TPM that it may not open."""
    assert os.geteuid() == 0, "this test becomes another user, so it runs as root, as in CI"
    os.chmod(tpm.folder, 0o755)
    os.chmod(tpm.path, 0o600)
    header = opened(server).header
    record = next(slot for slot in header.slots if slot.ext is not None)
    folder = os.path.join(tpm.folder, "home")
    os.mkdir(folder)
    os.chown(folder, 65534, 65534)
    env = {"HOME": folder, "AWSVAULT_TPM": tpm.place}
    here = Context(env=env, paths=from_env(env), clock=SystemClock(), deadline=Deadline.after(PATIENCE))
    hardware.states(context(server), header, locked=False)  # imports what the other user cannot read
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            (state,) = hardware.states(here, header, locked=False)
            os.write(told, json.dumps([state.record.name, state.problem, state.hint]).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(told)
    name, problem, hint = json.loads(os.read(heard, 4096))
    os.close(heard)
    assert (name, problem) == (record.name, f"no access to {tpm.path}")
    assert "read and write" in hint


def test_the_states_of_slots(server, tpm):
    """This machine's slots alone: usable, locked, broken. Another host's slot is no news."""
    here = context(server)
    header = vault.read_header(here.paths)
    assert [state.problem for state in hardware.states(here, header, locked=False)] == [None]
    tpm.commands.clear()
    assert [state.problem for state in hardware.states(here, header, locked=True)] == [None]
    assert len(tpm.commands) == 2, "while the vault is locked, no key is unsealed"
    tpm.clear()
    (state,) = hardware.states(here, header, locked=False)
    assert "cleared or replaced" in state.problem
    assert hardware.made_here(here, opened(server)) == {}


def test_the_device_of_an_unknown_kind_is_a_bug(server):
    """Each kind has its row."""
    with pytest.raises(AssertionError):
        hardware.device(context(server), "age")
    assert set(hardware.UNATTENDED) <= set(hardware.KINDS)


def test_a_machine_that_lost_its_tpm_for_good_loses_nothing(server, tpm):
    """The passphrase opens everything, removes the slot and adds a new TPM's."""
    tpm.clear()
    before = opened(server).payload.entries
    assert server.run("slots", "remove", _slot(server), "--yes").returncode == 0
    slots.add_tpm(context(server), opened(server))
    assert opened(server).payload.entries == before
    assert server.export("dev", **NOBODY)["AccountId"] == "222222222222"
    with pytest.raises(errors.AlreadyExists):
        slots.check_tpm(context(server), opened(server))
