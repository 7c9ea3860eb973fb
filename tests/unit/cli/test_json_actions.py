"""docs/reference/json.md against what the commands that change the vault print; test_json_reference.py has the others."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import PASSPHRASE
from tests.unit.agent.at_home import stop, with_agent
from tests.unit.benches import Bench
from tests.unit.cli.json_tables import compare, extend, printed, typed
from tests.unit.cli.test_mfa_yubikey import ykman
from tests.unit.cli.test_serve import serving
from tests.vaults import new_vault
from vault import errors
from vault.cli.mfa_devices import enrolled_fields
from vault.cli.rekey import replaced_fields
from vault.keys.mfa_enrollment import EnrolledDevice
from vault.secret import Secret
from vault.store.slots.recovery import RecoverySlot
from vault.system.paths import from_env
from vault.upkeep.rekey import Rekeyed

__all__ = ["ykman"]

pytestmark = pytest.mark.usefixtures("inside")

NAME = "shared-services"
KEY = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
DEVICE = {"MfaSerial": SERIAL, "MfaSeed": SEED}
OWN = "five words for the seeds alone"
NEXT = "five other words for the same"


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def stdin_of(home, words, document, **more):
    """What a command prints that reads this document."""
    done = home.run(*words, "--stdin", "--json", stdin=json.dumps(document), **more)
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout
    assert SEED not in done.stdout
    return json.loads(done.stdout)


def test_init_and_add(home, aws):
    """A weak passphrase; the vault that add creates; an entry that is replaced, whose profile calls the program."""
    weak = printed(home, "init", "--json", AWSVAULT_PASSPHRASE="password1234")
    assert weak["warnings"]
    assert weak["vault"] == home.file("vault.avlt")
    compare("init", weak)
    shutil.rmtree(home.awsvault_home)
    home.settings("")
    first = stdin_of(home, ("add", NAME), KEY)
    assert first["config_lines"][0] == f"[profile {NAME}]"
    assert (first["verified"], first["replaced"], first["mfa"]) == (True, False, "none")
    home.scenario()
    second = stdin_of(home, ("add", NAME, "--replace"), {**KEY, **DEVICE})
    assert (second["replaced"], second["mfa"]) == (True, "stored")
    assert "config_lines" not in second
    compare("add NAME", first, second)
    unreached = stdin_of(home, ("add", "other"), KEY, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert not unreached["verified"]
    assert "could not be verified with AWS" in unreached["warnings"][0]


def test_remove(home, aws):
    """With the seed, of a user that AWS named; and nothing before the confirmation."""
    home.scenario()
    stdin_of(home, ("add", NAME), {**KEY, **DEVICE})
    declined = home.run("remove", NAME, "--json")
    assert (declined.returncode, declined.stdout) == (10, "")
    found = printed(home, "remove", NAME, "--yes", "--json")
    assert (found["name"], found["access_key_id"], found["seed_removed"]) == (NAME, KEY_ID, True)
    compare("remove NAME", found)


def test_mfa_add_and_remove(ready, aws):
    """A stored seed, one that is asked for, and a device that goes from AWS too."""
    stored = stdin_of(ready, ("mfa", "add", NAME), DEVICE)
    compare("mfa add NAME", stored)
    assert (stored["serial"], stored["mfa"], stored["verified"]) == (SERIAL, "stored", False)
    gone = printed(ready, "mfa", "remove", NAME, "--deactivate", "--yes", "--json")
    compare("mfa remove NAME", gone)
    assert gone == {"serial": SERIAL, "entries": [NAME], "seed_removed": True, "deactivated": True}
    assert SERIAL not in aws.world.devices


def test_mfa_enroll_and_resync(ready, aws, clock):
    """Beside the device of the profiles; what an interrupted run may leave is only a part of the form here."""
    clock.early_in_a_step()
    found = printed(ready, "mfa", "enroll", NAME, "--device-name", "desk", "--yes", "--json")
    assert aws.world.devices[found["serial"]].user == aws.world.user("yourself").arn
    assert found["previous_device_in"]
    left = EnrolledDevice(serial=found["serial"], resumed=True, left=f"{SERIAL}-left")
    compare("mfa enroll NAME", found, enrolled_fields(NAME, left) | {"previous_device_in": []})
    again = printed(ready, "mfa", "resync", NAME, "--json")
    assert again == {"serial": found["serial"], "entry": NAME}
    compare("mfa resync NAME", again)


def test_mfa_add_of_a_yubikey(home, ykman):
    """The lines are on stderr; a second run changes nothing."""
    words = ("mfa", "add", NAME, "--yubikey", "AWS:yourself", "--yes", "--json")
    done = home.run(*words)
    assert done.returncode == 0, done.stderr
    assert "+mfa_process = " in done.stderr.replace("+ ", "+")
    first, second = json.loads(done.stdout), printed(home, *words)
    assert (first["applied"], second["applied"]) == (True, False)
    compare("mfa add NAME --yubikey ACCOUNT", first, second)


def test_panic(ready, aws):
    """Each key inactive; a key that AWS does not know, AWS out of reach, and a vault that cannot be locked."""
    bench = Bench(ready, aws)
    out = printed(ready, "panic", "--yes", "--json", code=8, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert (out["keys"][0]["inactive"], out["keys"][0]["exit_code"], out["locked"]) == (False, 8, True)
    state = bench.context().paths.state

    def gone():
        shutil.rmtree(state)
        with open(state, "w", encoding="utf-8"):
            pass

    aws.faults.hook("UpdateAccessKey", "before", gone)
    done = printed(ready, "panic", "--yes", "--json", code=errors.UnsafeFile.exit_code)
    assert (done["keys"][0]["inactive"], done["locked"]) == (True, False)
    assert done["policy"]["Statement"][0]["Effect"] == "Deny"
    os.unlink(state)
    aws.world.keys.clear()
    bench.edit(lambda p: p.with_entry(NAME, replace(p.entries[NAME], user="yourself")))
    unknown = printed(ready, "panic", "--yes", "--json", code=7)
    assert not unknown["keys"][0]["known"]
    compare("panic", out, done, unknown)


def test_lock_and_unlock_without_an_agent(ready):
    """A server is ended; each command unlocks the vault again."""
    with serving(ready, "dev"):
        found = printed(ready, "lock", "--json")
    assert (found["locked"], len(found["ended_servers"])) == (True, 1)
    compare("lock", found)
    assert printed(ready, "unlock", "--json") == {"kept": False, "warnings": []}
    shutil.rmtree(ready.awsvault_home)
    assert printed(ready, "lock", "--json")["locked"] is False


def test_strict_seeds_and_an_agent(home, aws):
    """At a terminal, where the prompts are, and the object after them."""
    with_agent(home)
    main, strict = ("Passphrase: ", PASSPHRASE), "Passphrase of the strict seeds: "
    twice = [("New passphrase: ", OWN), ("Repeat the new passphrase: ", OWN)]
    words = ("mfa", "add", NAME, "--strict", "--no-verify")
    stored = typed(home, words, main, ("ARN of", ""), (" seed", SEED), *twice)
    assert stored["mfa"] == "strict"
    try:
        compare("unlock", typed(home, ("unlock", "--strict"), main, (strict, OWN)))
    finally:
        stop(home)
    twice = [("New passphrase: ", NEXT), ("Repeat the new passphrase: ", NEXT)]
    changed = typed(home, ("passwd", "--strict"), (strict, OWN), *twice, AWSVAULT_PASSPHRASE=PASSPHRASE)
    lost = {**changed, "removed": [{"slot": "x", "kind": "security key"}]}
    compare("passwd --strict", changed, lost)
    kept = typed(home, ("rekey", "--yes"), main, (strict, ""))
    assert kept["strict_kept"]


def test_the_service(home):
    """The units and the command that starts them."""
    home.make_vault()
    found = printed(home, "unlock", "--install-service", "--json")
    assert all(os.path.exists(path) for path in found["files"])
    compare("unlock --install-service", found)


def test_new_keys(home):
    """Recovery codes that cannot be kept; a log that cannot be read is only a part of the form here."""
    codes = [RecoverySlot(Secret(bytes([n] * 20))) for n in (1, 2)]
    opened = new_vault(from_env(home.env), others=codes)
    done = home.run("passwd", "--stdin", "--yes", "--json", stdin="password1234\n")
    assert done.returncode == 0, done.stderr
    changed = json.loads(done.stdout)
    assert (changed["opened_by"], len(changed["removed"])) == (["passphrase"], 2)
    assert changed["warnings"]
    home.env["AWSVAULT_PASSPHRASE"] = "password1234"
    unread = replaced_fields(
        Rekeyed(opened=opened, left=(), log="it is damaged", removed=opened.header.slots)
    )
    compare("passwd", changed, {**unread, "warnings": []})
    rekeyed = printed(home, "rekey", "--yes", "--json")
    assert rekeyed["generation"] > changed["generation"]
    compare("rekey", {k: v for k, v in rekeyed.items() if v is not None}, unread)


def test_slots(ready, tpm):
    """A TPM comes and goes; a passphrase is typed."""
    ready.env["AWSVAULT_TPM"] = tpm.place
    added = printed(ready, "slots", "add", "tpm", "--yes", "--json")
    compare("slots add WAY", added)
    listed = printed(ready, "slots", "list", "--json")["slots"]
    assert listed[-1] == {k: v for k, v in added.items() if k != "warnings"}
    removed = printed(ready, "slots", "remove", added["slot"], "--yes", "--json")
    assert (removed["slot"], removed["kind"], removed["opened_by"]) == (added["slot"], "TPM", ["passphrase"])
    unread = {**removed, "log_unreadable": "why", "removed": [{"slot": "x", "kind": "keyring"}]}
    compare("slots remove SLOT", removed, unread)
    second = [("New passphrase: ", "aaaabbbbcccc"), ("Repeat the new passphrase: ", "aaaabbbbcccc")]
    typed_in = typed(ready, ("slots", "add", "passphrase"), ("Passphrase: ", PASSPHRASE), *second)
    assert (typed_in["kind"], len(typed_in["warnings"])) == ("passphrase", 1)


def test_restore(ready):
    """An automatic backup, and the vault itself."""
    stdin_of(ready, ("mfa", "add", NAME), DEVICE)
    found = printed(ready, "restore", "bak1", "--yes", "--json")
    assert (found["name"], found["entries"]) == ("bak1", [NAME])
    compare("restore FILE", found)
    accepted = printed(ready, "restore", "--accept", "--yes", "--json")
    assert accepted["generation"] > found["generation"]
    compare("restore FILE", accepted)


def test_undo(home):
    """The lines that come back are on stderr; a key that is in plaintext again is named."""
    home.config(f"[profile {NAME}]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    printed(home, "import", "--yes", "--json")
    planned = printed(home, "import", "--undo", "--dry-run", "--json")
    done = home.run("import", "--undo", "--yes", "--json")
    assert (done.returncode, SECRET in done.stdout) == (0, False)
    undone = json.loads(done.stdout)
    assert undone["keys"] == [{"access_key_id": KEY_ID, "profile": NAME, "file": home.config_path}]
    assert (planned["applied"], undone["applied"]) == (False, True)
    compare("import --undo", planned, undone)
    extend(home, f"[profile dev]\nrole_arn = arn:aws:iam::222222222222:role/R\nsource_profile = {NAME}\n")
    printed(home, "setup", "--yes", "--json")
    back = printed(home, "setup", "--undo", "--yes", "--json")
    assert back == {"applied": True, "files": [{"file": home.config_path, "removed": False}]}
    compare("setup --undo", back)


def test_login(ready, tmp_path):
    """The URL, if it is printed; with a browser, only what it shows."""
    script = tmp_path / "open"
    script.write_text('#!/bin/sh\nexec curl -s -o /dev/null "$1"\n')
    script.chmod(0o700)
    shown = printed(ready, "login", "dev", "--print", "--json")
    assert shown["url"].startswith("http://127.0.0.1:")
    opened = printed(ready, "login", "dev", "--browser", str(script), "--json")
    assert (opened["profile"], "url" in opened) == ("dev", False)
    compare("login PROFILE", shown, opened)
    env = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    assert "profile" not in printed(ready, "login", "--env", "--print", "--json", **env)
