"""The vault's backup, the keyring and the agent."""

from __future__ import annotations

import os
import socket
from dataclasses import replace

from tests.keyrings import Desktop
from tests.unit.agent.at_home import stop, until
from tests.unit.doctor.homes import BREAK, findings
from vault.doctor.checks import run
from vault.doctor.findings import Finding
from vault.doctor.gather import gather
from vault.system.paths import from_env


def test_an_agent_that_answers_is_not_silent(home):
    """A real one, behind the same socket."""
    home.env.pop("AWSVAULT_AGENT")
    assert home.run("unlock").returncode == 0
    try:
        assert findings(home) == {}
    finally:
        stop(home)


def test_an_agent_that_accepts_and_does_not_answer_is_silent(home):
    """A process that hangs keeps its socket; every export waits for it."""
    place = from_env(home.env).socket
    os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        os.chmod(place, 0o600)
        listener.listen()
        assert findings(home)["silent-agent"].level == "warning"


def test_a_real_keyring_is_used_or_reported_as_locked(home, tmp_path, monkeypatch):
    """GNOME's: unlocked, there is no finding; locked, it is a note, and a warning if a slot needs it."""
    home.env["AWSVAULT_KEYRING"] = "auto"
    desktop = Desktop(tmp_path)
    try:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", desktop.address)
        desktop.log_in()
        context = home.context()
        # A busy machine may keep the keyring from answering in its time, which is a note of the same name.
        until(
            lambda: (
                "keyring" not in {f.check for f in run(gather(home.context(), network=False), network=False)}
            )
        )
        desktop.lock()
        (finding,) = run(gather(context, network=False), network=False)
        assert (finding.check, finding.level) == ("keyring", "note")
        assert "locked" in finding.message
    finally:
        desktop.end()


def test_a_backup_from_before_a_rekey_is_old(home):
    """It opens only with the old passphrase. The next one ends the finding, made by the real command."""
    home.edit(lambda payload: replace(payload, rekeyed=1_000))
    assert "rekey" in findings(home)["no-backup"].message
    home.edit(lambda payload: replace(payload, rekeyed=2))
    BREAK["no-backup"](home)
    assert "never backed up" in findings(home)["no-backup"].message
    assert home.run("backup", os.path.join(home.root, "another.avlt")).returncode == 0
    assert findings(home) == {}


def test_a_vault_that_others_can_read_is_one_error(home):
    """It is not damaged: nothing says to restore a backup."""
    os.chmod(home.context().paths.vault, 0o644)
    found = findings(home)
    assert "open-vault-files" in found
    assert "vault-unreadable" not in found
    assert not any("restore" in one.hint for one in found.values())


def test_a_vault_that_is_a_link_has_the_hint_of_its_error(home):
    """Its mode is right, so the error of every command is the finding."""
    vault = home.context().paths.vault
    os.rename(vault, vault + ".real")
    os.symlink(vault + ".real", vault)
    said = home.run("list").stderr
    assert findings(home)["vault-unreadable"].hint in said


def test_the_only_slot_is_named_as_slots_list_names_it(home):
    """The note says what a forgotten passphrase costs."""
    BREAK["one-way-in"](home)
    assert findings(home)["one-way-in"].message == "only the passphrase unlocks it"


def finding(*fixes_):
    return Finding(level="error", where="x", message="x", hint="x", fixes=fixes_)
