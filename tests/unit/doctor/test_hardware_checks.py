"""The TPM that unlocks the vault: what is wrong with it, and what to do."""

from __future__ import annotations

import os

import pytest

from tests.home import PASSPHRASE
from tests.unit.doctor.homes import findings
from tests.vaults import soon
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env
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
    assert found.hint == f"awsvault-py slots remove {name}, then awsvault-py slots add tpm"


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
