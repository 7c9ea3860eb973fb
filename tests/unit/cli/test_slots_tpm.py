"""The commands of a user with a TPM slot: adding, listing, status, doctor, rekey, passwd, backup, restore, removing."""

from __future__ import annotations

import json
import os

import pytest

from tests.home import PASSPHRASE, failed
from tests.terminal_user import Terminal
from vault.store import vault
from vault.system.machine import host_name
from vault.system.paths import from_env

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")

NOBODY = {"AWSVAULT_PASSPHRASE": None}
NEXT = "five other words for the same"


@pytest.fixture
def server(home, tpm):
    """A home with a vault, on a machine with a TPM."""
    home.scenario()
    home.make_vault()
    home.env["AWSVAULT_TPM"] = tpm.place
    return home


def run(home, *arguments, **env):
    done = home.run(*arguments, **env)
    assert done.returncode == 0, done.stderr
    return done


def exports(home):
    return home.run("export", "dev", **NOBODY).returncode == 0


def kinds(home):
    return [row["kind"] for row in json.loads(run(home, "slots", "list", "--json").stdout)["slots"]]


def test_it_says_what_it_costs_and_asks(server, tpm):
    """What a thief of the machine gets, that the agent's limits no longer hold, and then the question: no changes nothing."""
    user = Terminal(server, "slots", "add", "tpm")
    user.answers("Passphrase: ", PASSPHRASE)
    said = user.sees("Let this machine's TPM unlock the vault?")
    user.child.sendline("n")
    assert user.ends() == 10
    assert "A thief of the whole machine who can start it can unlock the vault" in said
    assert "agent_idle, agent_max" in said
    assert f"AWSVAULT_TPM names the TPM: {tpm.place}. Who answers there can read the key" in " ".join(
        said.split()
    )
    refused = server.run("slots", "add", "tpm")
    assert (refused.returncode, "--yes" in refused.stderr) == (10, True)
    assert kinds(server) == ["passphrase"]
    assert not exports(server)


def test_it_is_added_listed_and_removed(server, tpm):
    """With host, chip and last use; and nothing of it is left."""
    said = run(server, "slots", "add", "tpm", "--yes").stderr
    assert "now unlocks the vault, without a prompt" in said
    assert exports(server)
    rows = json.loads(run(server, "slots", "list", "--json").stdout)["slots"]
    slot = rows[1]
    assert (slot["kind"], slot["opens"], slot["host"]) == ("TPM", "main", host_name())
    assert slot["device"] in slot["about"]
    assert slot["last_used"].startswith("20")
    shown = run(server, "slots", "list").stdout
    assert f"host {host_name()}, chip {slot['device']}" in shown
    failed(server.run("slots", "add", "tpm", "--yes"), 10, "already unlocks the vault", slot["slot"])
    removed = run(server, "slots", "remove", slot["slot"], "--yes").stderr
    assert f"Removed the TPM slot {slot['slot']}" in removed
    assert kinds(server) == ["passphrase"]
    assert not exports(server)


def test_a_tpm_that_cannot_be_used_costs_no_passphrase(server):
    """It is looked for before the prompt."""
    failed(
        server.run("slots", "add", "tpm", AWSVAULT_TPM="unix:/no/such", **NOBODY),
        6,
        "there is none at /no/such",
    )


def test_pcrs_by_choice(server, tpm):
    """They are checked, listed, and their price is said. rekey takes their new values."""
    for wrong in ("", "24", "x", "1-3", "-1", "0,1,2,3,4,5,6,7,8"):
        failed(server.run("slots", "add", "tpm", f"--pcrs={wrong}"), 2, "--pcrs")
    failed(server.run("slots", "add", "recovery", "--pcrs", "7"), 2, "--pcrs is for tpm")
    said = run(server, "slots", "add", "tpm", "--pcrs", "7+0", "--yes").stderr
    assert "firmware update" in said
    assert "PCR 0+7" in run(server, "slots", "list").stdout
    failed(server.run("slots", "add", "tpm"), 10, "slots add tpm --pcrs 0+7")
    failed(server.run("slots", "add", "tpm", "--pcrs", "4"), 10, "slots add tpm --pcrs 4")
    assert exports(server)
    tpm.extend(7)
    assert not exports(server)
    assert "its PCRs have other values" in run(server, "status").stderr
    run(server, "rekey", "--yes")
    assert exports(server)
    assert "PCR 0+7" in run(server, "slots", "list").stdout


def test_a_tpm_that_cannot_be_used_is_told(server):
    """Exit 6 with the reason, before anything is asked or written."""
    failed(
        server.run("slots", "add", "tpm", AWSVAULT_TPM="unix:/no/such"),
        6,
        "the TPM cannot be used: there is none",
        "firmware",
    )
    failed(server.run("slots", "add", "tpm", AWSVAULT_TPM=server.root), 6, "the TPM cannot be used")
    assert vault.read_header(from_env(server.env)).gen == 2


def test_a_ninth_slot_is_refused(server):
    """With the list of the eight, and the way to make room."""

    def more(draft, _):
        from dataclasses import replace

        from tests.unit.store.test_slot_text import ext

        return replace(draft, slots=(*draft.slots, *(ext("from2030") for _ in range(7))))

    from tests.vaults import soon
    from vault.secret import Secret

    paths = from_env(server.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    vault.rewrite(paths, opened.k_main, more, deadline=soon())
    for way in ("tpm", "fido2", "recovery", "passphrase"):
        failed(server.run("slots", "add", way), 6, "8 slots, the maximum: passphrase slot", "slots remove")
    strict = ("mfa", "add", "shared-services", "--strict", "--fido2")
    failed(server.run(*strict), 6, "8 slots, the maximum: passphrase slot", "slots remove")


def test_rekey_and_passwd_keep_it(server, tpm):
    """Sealed again for the new key, without a question; the old copy opens nothing of the new vault."""
    run(server, "slots", "add", "tpm", "--yes")
    before = json.loads(run(server, "slots", "list", "--json").stdout)["slots"][1]["slot"]
    run(server, "rekey")
    after = json.loads(run(server, "slots", "list", "--json").stdout)["slots"][1]
    assert after["slot"] != before
    assert after["host"] == host_name()
    assert exports(server)
    run(server, "passwd", "--stdin", stdin=NEXT)
    assert exports(server)
    assert kinds(server) == ["passphrase", "TPM"]


def test_a_rekey_elsewhere_names_and_drops_it(server, tpm):
    """Another machine cannot seal for this one: it asks first, and the passphrase still opens the vault here."""
    run(server, "slots", "add", "tpm", "--yes")
    failed(server.run("rekey", AWSVAULT_TPM="unix:/no/such"), 10, "--yes")
    user = Terminal(server, "rekey", AWSVAULT_TPM="unix:/no/such")
    user.answers("Passphrase: ", PASSPHRASE)
    said = user.sees("Continue without them?")
    user.child.sendline("n")
    assert user.ends() == 10
    assert "TPM slot" in said
    assert host_name() in said
    assert exports(server)
    said = run(server, "rekey", "--yes", AWSVAULT_TPM="unix:/no/such").stderr
    assert "Removed, because its secret was not available: TPM slot" in said
    assert kinds(server) == ["passphrase"]
    assert not exports(server)
    assert server.export("dev")["AccountId"] == "222222222222"


def test_the_passphrase_stays_when_all_else_goes(server):
    """The last passphrase is not removed from beside a TPM."""
    run(server, "slots", "add", "tpm", "--yes")
    only = json.loads(run(server, "slots", "list", "--json").stdout)["slots"][0]["slot"]
    failed(server.run("slots", "remove", only, "--yes"), 2, "a keyring or TPM alone")
    assert kinds(server) == ["passphrase", "TPM"]


def test_a_backup_opens_elsewhere_by_the_passphrase(server, tpm):
    """It says so, and restore does not take the TPM for the user; the slot works again afterwards."""
    run(server, "slots", "add", "tpm", "--yes")
    copy = os.path.join(server.root, "copy")
    said = run(server, "backup", copy).stderr
    assert (
        "this machine's TPM does not unlock the copy. To restore it, you need a passphrase or a recovery code"
        in said
    )
    failed(server.run("restore", copy, "--yes", **NOBODY), 3)
    run(server, "clear")
    listed = json.loads(run(server, "restore", "--json", **NOBODY).stdout)["backups"]
    assert listed[0]["opened_by"] == ["passphrase", "TPM"]
    assert listed[0]["entries"] == ["shared-services"]
    os.unlink(server.file("vault.avlt"))
    tpm.clear()
    assert "opened by passphrase, TPM" in run(server, "restore", copy, "--yes").stderr
    assert server.export("dev")["AccountId"] == "222222222222"
    assert not exports(server)


def test_after_a_lock_no_backup_is_opened_by_the_tpm(server):
    """Its entries are not listed until unlock, as no command opens the vault by the TPM until then."""
    run(server, "slots", "add", "tpm", "--yes")
    run(server, "clear")
    run(server, "lock")
    (copy, *_) = json.loads(run(server, "restore", "--json", **NOBODY).stdout)["backups"]
    assert "entries" not in copy or copy["entries"] is None
    run(server, "unlock", **NOBODY)
    (copy, *_) = json.loads(run(server, "restore", "--json", **NOBODY).stdout)["backups"]
    assert copy["entries"] == ["shared-services"]


def test_status_tells_that_the_tpm_unlocks(server, tpm):
    """Also in JSON; after a lock it does not say so; and what is wrong with it is a warning."""
    assert "hardware" not in json.loads(run(server, "status", "--json").stdout)
    run(server, "slots", "add", "tpm", "--yes")
    said = run(server, "status", **NOBODY).stderr
    assert "This machine's TPM unlocks it for each command" in said
    (found,) = json.loads(run(server, "status", "--json").stdout)["hardware"]
    assert (found["kind"], found["usable"]) == ("TPM", True)
    run(server, "lock")
    assert "TPM unlocks it" not in run(server, "status", **NOBODY).stderr
    run(server, "unlock", **NOBODY)
    tpm.clear()
    assert "does not unlock it: it was cleared or replaced" in run(server, "status").stderr
    (found,) = json.loads(run(server, "status", "--json").stdout)["hardware"]
    assert (found["usable"], "cleared" in found["problem"]) == (False, True)
