"""What commands say of vaults and files in rare states: empty ones, half-done ones, and what was left as it is."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from tests.fakes.example import KEY_ID, SECRET, SERIAL
from tests.home import PASSPHRASE
from tests.unit.aws.recorder import BODY, Recorder
from tests.vaults import CREATED, entry, new_vault, soon
from vault import limits
from vault.secret import Secret
from vault.store import vault
from vault.system.paths import from_env

OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"


def edit(home, change):
    paths = from_env(home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    return vault.edit(paths, opened.k_main, change, deadline=soon())


# ── nothing there ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list",), "The vault is empty. To add a key: awsvault-py add NAME\n"),
        (("mfa", "list"), "The vault has no MFA device. To add one: awsvault-py mfa add NAME\n"),
    ],
)
def test_an_empty_vault_says_how_to_fill_it(home, here, words, said):
    """Nothing on stdout, so that a script reads no line; a word to the user."""
    new_vault(from_env(home.env))
    done = here(home, *words)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", said)


def test_a_device_without_a_seed_is_asked_for_its_codes(home, here):
    """The serial alone is of use, and the user is told that a prompt will follow."""
    home.make_vault(seed=None, serial=None)
    done = here(home, "mfa", "add", "shared-services", "--stdin", stdin=json.dumps({"MfaSerial": SERIAL}))
    assert (done.returncode, done.stdout) == (0, "")
    assert (
        done.stderr
        == f"shared-services uses {SERIAL}.\nIts seed is not stored, so awsvault-py will prompt for its codes.\n"
    )


def test_the_environments_own_key_is_nobodys_profile(home, here):
    """A long-lived key has neither a profile nor an end, and no line says one."""
    done = here(home, "whoami", AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET)
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["account", "arn", "user"]
    assert "111111111111" in done.stdout


# ── keys ────────────────────────────────────────────────────────────────────────────────────


def test_each_key_says_what_aws_tells_of_its_use(home, here):
    """Used, interrupted, and one that AWS does not know: none keeps another from its line."""
    home.make_vault()

    def change(payload):
        held = payload.entries["shared-services"]
        again = replace(held, journal=vault.RotationJournal(step="created", began=CREATED))
        return payload.with_entry("gone", entry("AKIAGONEGONEGEXAMPLE")).with_entry("again", again)

    edit(home, change)
    done = here(home, "list", "--used")
    assert done.returncode == 0, done.stderr
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in done.stdout.splitlines()}
    assert rows["shared-services"][2].endswith(", iam")
    assert rows["gone"][2:] == ["unknown", ""]
    assert rows["again"][3] == "rotation interrupted"
    assert "gone: could not ask AWS: " in done.stderr


def test_a_key_over_its_age_whose_use_is_not_told(home, here):
    """AWS does not know it, so its age is the vault's word and its use is left out."""
    home.make_vault("gone", key_id="AKIAGONEGONEGEXAMPLE")
    done = here(home, "status", "--policy", "90d")
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("gone: AKIAGONEGONEGEXAMPLE is ")]
    assert line.endswith(" old; run: awsvault-py rotate gone")


def test_the_root_users_key_is_warned_of(home, here):
    """Nothing limits it: it is stored, and the person is told to delete it."""
    body = BODY.replace(b":user/yourself<", b":root<")
    key = json.dumps({"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
    with Recorder(bodies=[body]) as server:
        done = here(home, "add", "dev", "--stdin", stdin=key, AWS_ENDPOINT_URL=server.url)
    assert done.returncode == 0, done.stderr
    assert f"Stored {KEY_ID} as dev, the root user in account 111111111111." in done.stderr
    assert "Warning: this is an access key of the account's root user" in done.stderr


def test_a_rotation_that_is_not_under_way_needs_no_end(home, here):
    """`--finish` twice is what a careful person types: nothing is done, and the key stays."""
    home.make_vault()
    done = here(home, "rotate", "shared-services", "--finish", "--yes")
    assert done.returncode == 0, done.stderr
    assert f"shared-services: nothing to do. The key is still {KEY_ID}." in done.stderr
    dry = here(home, "rotate", "shared-services", "--finish", "--dry-run")
    assert "do nothing, because no rotation is in progress" in dry.stdout + dry.stderr


# ── new keys ────────────────────────────────────────────────────────────────────────────────


# ── AWS's files ─────────────────────────────────────────────────────────────────────────────


def test_an_undo_is_shown_first_and_says_where_nothing_is_left_to_do(home, here):
    """--dry-run changes nothing; a file that somebody put back already is as it was."""
    home.make_vault()
    before = "[profile shared-services]\nregion = us-east-1\n"
    home.config(before)
    assert here(home, "setup", "--yes").returncode == 0
    with open(home.config_path, encoding="utf-8") as file:
        after = file.read()
    dry = here(home, "setup", "--undo", "--dry-run")
    assert (dry.returncode, dry.stderr) == (0, "")
    assert "-credential_process" in dry.stdout
    with open(home.config_path, encoding="utf-8") as file:
        assert file.read() == after
    home.config(before)
    done = here(home, "setup", "--undo")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Nothing to undo: the files already are as they were before.\n"


def test_a_key_whose_profile_cannot_be_set_up_stays(home, here):
    """Without it, tools would run the other program: the key's lines stay, and the program is named."""
    home.make_vault()
    home.config("[profile shared-services]\ncredential_process = /opt/theirs/tool\n")
    path = os.path.join(home.root, ".aws", "credentials")
    text = f"[shared-services]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(text)
    done = here(home, "import", "--yes")
    assert done.returncode == 1
    assert f"would run another program ({home.config_path}:2)" in done.stderr
    with open(path, encoding="utf-8") as file:
        assert file.read() == text


@pytest.mark.parametrize(
    ("line", "others"),
    [
        ("", "keys and role"),
        ("credential_process = aws-vault export dev\n", "keys, role and credential_process"),
    ],
)
def test_lines_for_a_profile_that_is_there_already_are_said_to_be_more(home, here, line, others):
    """It has no credential_process of awsvault-py yet, though perhaps another program's: the keys go into its own section."""
    home.config(f"[profile dev]\nregion = us-west-2\n{line}")
    key = json.dumps({"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
    done = here(home, "add", "dev", "--stdin", "--no-verify", stdin=key)
    assert done.returncode == 0, done.stderr
    assert f"Add these lines to the profile at {home.config_path}:1, and remove its {others}:" in done.stderr
    assert "region = us-west-2" in done.stdout


# ── the console ─────────────────────────────────────────────────────────────────────────────


def test_a_browser_that_never_asks_is_told(home, here, monkeypatch):
    """It may have opened nothing at all: the way without it is said, and the command ends."""
    monkeypatch.setattr(limits, "HANDOFF_TIME", 0.05)
    home.scenario()
    home.make_vault()
    done = here(home, "login", "dev", "--browser", "/bin/true")
    assert (done.returncode, done.stdout) == (6, "")
    assert "error: /bin/true " in done.stderr
    assert "to open the page yourself: awsvault-py login --print" in done.stderr


def test_a_browser_that_fails_is_followed_by_the_next(home, here, tmp_path):
    """Without a wait: $BROWSER names several, and where none is left it is no success that nobody signed in."""
    good = tmp_path / "good"
    good.write_text('#!/bin/sh\nexec curl -s -o /dev/null "$1"\n')
    good.chmod(0o700)
    home.scenario()
    home.make_vault()
    none = here(home, "login", "dev", BROWSER="/bin/false:/nonexistent/one:/bin/false")
    assert (none.returncode, none.stdout) == (6, "")
    assert "error: /bin/false failed" in none.stderr
    done = here(home, "login", "dev", BROWSER=f"/bin/false:{good}")
    assert (done.returncode, done.stdout) == (0, "")
