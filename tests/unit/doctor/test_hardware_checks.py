"""The TPM that unlocks the vault: what is wrong with it, and what to do."""

from __future__ import annotations

import os

import pytest

from tests.fakes.key_user import TypingUser
from tests.fakes.security_key import SoftKey
from tests.home import PASSPHRASE
from tests.unit.doctor.homes import findings
from tests.vaults import soon
from vault.hardware.security_key import SecurityKey
from vault.secret import Secret
from vault.store import vault
from vault.store.slots.fido2 import Fido2Slot
from vault.system.paths import from_env
from vault.system.tpm_device import TpmUnavailable
from vault.upkeep import slots


@pytest.fixture
def server(home, tpm):
    """A sound home with a TPM slot that works."""
    home.env["AWSVAULT_TPM"] = tpm.place
    opened = vault.open_with_passphrase(from_env(home.env), Secret(PASSPHRASE), deadline=soon())
    slots.add_tpm(home.context(), opened, pcrs=(7,))
    return home


def test_a_slot_that_works_is_no_finding(server):
    """Whatever the home's TPM is otherwise used for."""
    assert findings(server) == {}


def test_each_trouble_has_its_way_out(server, tpm):
    """No TPM; PCRs that moved; a TPM that was cleared, whose slot is named in the command to run."""
    place = server.env["AWSVAULT_TPM"]
    server.env["AWSVAULT_TPM"] = "unix:/no/such"
    assert "firmware" in findings(server)["hardware-slot"].hint
    server.env["AWSVAULT_TPM"] = place
    tpm.extend(7)
    found = findings(server)["hardware-slot"]
    assert (found.level, "PCRs have other values" in found.message) == ("warning", True)
    assert "awsvault-py rekey" in found.hint
    tpm.clear()
    found = findings(server)["hardware-slot"]
    name = next(s.name for s in vault.read_header(from_env(server.env)).slots if s.ext is not None)
    assert "cleared or replaced" in found.message
    assert found.hint == (
        f"to replace the slot, run: awsvault-py slots remove {name}, then awsvault-py slots add tpm --pcrs 7"
    )


def test_a_group_that_the_user_is_not_in_is_named(server, monkeypatch):
    """The device of most systems belongs to the group tss."""
    monkeypatch.setattr("vault.store.slots.tpm.access_hint", lambda _place: "run: sudo usermod -aG tss you")

    def refused(*_, **__):
        raise TpmUnavailable("no access to /dev/tpmrm0", trouble="access")

    monkeypatch.setattr("vault.hardware.tpm.root_name", refused)
    found = findings(server)["hardware-slot"]
    assert "no access to /dev/tpmrm0" in found.message
    assert found.hint == "sudo usermod -aG tss you"


def test_a_security_key_that_cannot_be_read_is_a_matter_of_udev(home, monkeypatch):
    """Its node is there, and not for this user."""
    opened = vault.open_with_passphrase(from_env(home.env), Secret(PASSPHRASE), deadline=soon())
    key = Fido2Slot(TypingUser("1234"), find=lambda: [SecurityKey(SoftKey())])
    slots.append(home.context(), opened, key)
    assert findings(home) == {}
    monkeypatch.setattr("vault.system.fido_nodes.closed_nodes", lambda: ["/dev/hidraw3"])
    found = findings(home)["hardware-slot"]
    assert (found.level, "no access to /dev/hidraw3" in found.message) == ("warning", True)
    assert "udev" in found.hint


def test_a_lockout_is_only_a_note(server, tpm):
    """The slot works all the same."""
    tpm.lock_out()
    assert list(findings(server)) == ["tpm-lockout"]


def test_a_locked_vault_is_not_opened_to_look(server, tpm):
    """After lock, doctor asks the TPM who it is, and unseals nothing."""
    assert server.run("lock").returncode == 0
    tpm.commands.clear()
    assert "hardware-slot" not in findings(server)
    from vault.hardware import tpm_wire

    assert tpm_wire.UNSEAL not in tpm.commands
    assert os.path.exists(os.path.join(from_env(server.env).state, "locked"))
