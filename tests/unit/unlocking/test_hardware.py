"""A TPM unlocks the vault for an export: no agent, no passphrase, nobody there; and never after a lock."""

from __future__ import annotations

import grp  # noqa: F401  # for the other user, as below
import json
import os
import pwd  # noqa: F401
import shutil
from dataclasses import replace

import pytest

from tests.fakes.tpm import EmulatedTpm
from tests.home import PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.vaults import soon
from vault import errors
from vault.context import Context
from vault.crypto.seal import b64u
from vault.errors import NotThisSlot
from vault.secret import Secret
from vault.store import vault
from vault.store.slots import tpm_data
from vault.store.slots.hardware import HardwareUnavailable
from vault.store.slots.recovery import RecoverySlot, new_code, write_code
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.unlocking import hardware
from vault.unlocking.unlock import unlock
from vault.upkeep import slots

pytestmark = pytest.mark.usefixtures("unmeasured")

AT_ONCE = 60
NOBODY = {"AWSVAULT_PASSPHRASE": None}
NOBODY_UID = 65534


def context(home):
    return Context(
        env=home.env, paths=from_env(home.env), clock=SystemClock(), deadline=Deadline.after(PATIENCE), attended=True
    )  # fmt: skip


def opened(home):
    return vault.open_with_passphrase(from_env(home.env), Secret(PASSPHRASE), deadline=soon())


def as_nobody(work):
    """What ``work`` returns in a child with another user ID and no group."""
    assert os.geteuid() == 0, "this test becomes another user, so it runs as root, as in CI"
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setgid(NOBODY_UID)
            os.setuid(NOBODY_UID)
            os.write(told, json.dumps(work()).encode())
        except BaseException as error:
            os.write(told, json.dumps([type(error).__name__, str(error), ""]).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    os.close(told)
    said = os.read(heard, 65536)
    os.close(heard)
    return json.loads(said)


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
    gone = {"AWSVAULT_TPM": "unix:/no/such", **NOBODY}
    failed(
        server.run("unlock", **gone),
        3,
        "hint: correct AWSVAULT_TPM",
        "To unlock it another way, run the command at a terminal",
    )
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
            "To unlock it another way, run the command at a terminal",
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


def test_an_altered_key_is_told(server):
    """Exit 9 where this machine has seen the vault; where it has not, the TPM itself refuses the key."""
    (record,) = [slot for slot in vault.read_header(from_env(server.env)).slots if slot.ext is not None]
    data = tpm_data.decode(record.ext.data)
    private = data.key.private[:-1] + bytes([data.key.private[-1] ^ 1])
    altered = tpm_data.encode(data._replace(key=data.key._replace(private=private)))
    path = server.file("vault.avlt")
    with open(path, "rb") as file:
        raw = file.read()
    changed = raw.replace(b64u(record.ext.data).encode(), b64u(altered).encode())
    assert changed != raw
    with open(path, "wb") as file:
        file.write(changed)
    failed(server.run("export", "dev", **NOBODY), 9)
    for name in os.listdir(from_env(server.env).state):
        if name.startswith("pin"):
            os.unlink(os.path.join(from_env(server.env).state, name))
    failed(
        server.run("export", "dev", **NOBODY),
        3,
        "tpm (it refuses the sealed key, which was changed)",
        f"slots remove {record.name}",
    )


def test_a_user_without_access_is_told(server, tpm):
    """A second user ID, with a vault of its own, at a TPM that it may not open."""
    os.chmod(tpm.folder, 0o755)
    os.chmod(tpm.path, 0o600)
    header = opened(server).header
    record = next(slot for slot in header.slots if slot.ext is not None)
    folder = os.path.join(tpm.folder, "home")
    os.mkdir(folder)
    os.chown(folder, NOBODY_UID, NOBODY_UID)
    env = {"HOME": folder, "AWSVAULT_TPM": tpm.place}
    here = Context(env=env, paths=from_env(env), clock=SystemClock(), deadline=Deadline.after(PATIENCE))
    hardware.states(context(server), header, locked=False)  # imports what the other user cannot read

    def found():
        (state,) = hardware.states(here, header, locked=False)
        return [state.record.name, state.problem, state.hint]

    name, problem, hint = as_nobody(found)
    assert (name, problem) == (record.name, f"no access to {tpm.path}")
    assert "read and write" in hint


def test_an_export_without_access_is_told(server, tpm):
    """A second user ID, whose vault has a slot of this TPM: exit 3, what is missing, and the way out."""
    os.chmod(tpm.folder, 0o755)
    os.chmod(tpm.path, 0o600)
    env = {"HOME": os.path.join(tpm.folder, "home"), "AWSVAULT_PROMPT": "none", "AWSVAULT_AGENT": "off"}
    paths = from_env(env)
    os.makedirs(paths.vault_folder, mode=0o700)
    shutil.copyfile(server.file("vault.avlt"), paths.vault)
    os.chmod(paths.vault, 0o600)

    def error_of_export(place):
        here = Context(
            env={**env, "AWSVAULT_TPM": place},
            paths=paths,
            clock=SystemClock(),
            deadline=Deadline.after(PATIENCE),
        )
        with pytest.raises(errors.Locked) as caught:
            unlock(here, purpose="to export")
        return [caught.value.exit_code, caught.value.message, caught.value.hint]

    assert "there is none" in error_of_export("unix:/no/such")[1]  # imports what the other user cannot read
    for folder, _, names in os.walk(env["HOME"]):
        for path in (folder, *(os.path.join(folder, name) for name in names)):
            os.chown(path, NOBODY_UID, NOBODY_UID)
    code, message, hint = as_nobody(lambda: error_of_export(tpm.place))
    assert code == 3
    assert f"tpm (no access to {tpm.path})" in message
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
        slots.check_tpm(context(server), opened(server).header)


@pytest.mark.usefixtures("clock")
def test_a_recovery_code_is_enough_when_the_tpm_is_gone(server, tpm):
    """The TPM and the code were the only slots. The code opens everything, and sets a passphrase."""
    code = new_code()
    slots.append(context(server), opened(server), RecoverySlot(code))
    before = opened(server)
    without = tuple(slot for slot in before.header.slots if slot.type != "pass")
    vault.rewrite(
        from_env(server.env), before.k_main, lambda draft, _: replace(draft, slots=without), deadline=soon()
    )
    assert server.export("dev", **NOBODY)["AccountId"] == "222222222222"
    tpm.clear()
    failed(server.run("export", "dev", **NOBODY), 3, "another machine's TPM, or one that was cleared")
    done = server.run("passwd", "--stdin", "--yes", stdin=PASSPHRASE, AWSVAULT_PASSPHRASE=write_code(code))
    assert done.returncode == 0, done.stderr
    assert [slot.type for slot in opened(server).header.slots] == ["pass"]
    assert opened(server).payload.entries == before.payload.entries
    assert server.export("dev")["AccountId"] == "222222222222"
