"""setup and import at a terminal and without one: a line per profile, and the whole diff on request."""

from __future__ import annotations

import json
import os

import pytest

from tests.fakes.example import SECRET
from tests.home import PASSPHRASE
from tests.terminal_user import Terminal
from tests.unit.inspect.chains import KEYS

pytestmark = pytest.mark.usefixtures("unmeasured")

CONFIG = (
    f"[profile shared-services]\n{KEYS}[profile dev]\nrole_arn = arn:aws:iam::222222222222:role/DeveloperRole\n"
    "source_profile = shared-services\n"
)


@pytest.fixture
def plain(home):
    """A key in plaintext and a role on it; the vault has another key."""
    home.make_vault("other", key_id="AKIAI44QH8DHBEXAMPLE", serial=None, seed=None)
    home.config(CONFIG)
    return home


def script(home, name, text):
    path = os.path.join(home.root, name)
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o700)) as file:
        file.write(f"#!/bin/sh\n{text}\n")
    return path


def credentials(home):
    """Only ~/.aws/credentials has the profile."""
    path = os.path.join(os.path.dirname(home.config_path), "credentials")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(f"[work]\n{KEYS}")


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


@pytest.mark.parametrize("command", ["import", "setup"])
def test_d_shows_the_diff_in_the_pager_and_asks_again(plain, command):
    """The pager gets the changed lines without a secret, and no passphrase in its environment. Then a no changes nothing."""
    if command == "setup":
        plain.config("[profile other]\n" + CONFIG.replace(KEYS, "").replace("shared-services", "other2"))
    before = read(plain.config_path)
    pager = script(plain, "pager", f'env > "{plain.root}/env"; tee "{plain.root}/seen"')
    person = Terminal(plain, command, AWSVAULT_PASSPHRASE=PASSPHRASE, PAGER=f"{pager} -x")
    person.answers("(d: show every changed line) [y/N/d] ", "d")
    person.answers("[y/N/d] ", "maybe")
    person.sees("Answer y, n or d.")
    person.answers("[y/N/d] ", "n")
    assert person.ends() == 10
    seen = read(os.path.join(plain.root, "seen"))
    assert "+credential_process = " in seen
    assert seen.replace("\n", "\r\n") in person.shown
    assert SECRET not in seen + person.shown
    assert PASSPHRASE not in read(os.path.join(plain.root, "env"))
    assert read(plain.config_path) == before


def test_a_yes_after_the_diff_applies_the_changes(plain):
    """With less, which ends by itself."""
    person = Terminal(plain, "import", AWSVAULT_PASSPHRASE=PASSPHRASE, PAGER=None, TERM="xterm")
    person.answers("[y/N/d] ", "d")
    person.sees("+credential_process = ")
    person.answers("[y/N/d] ", "y")
    assert person.ends() == 0
    assert "credential_process" in read(plain.config_path)


@pytest.mark.parametrize(
    "words", [("import",), ("import", "--diff"), ("setup", "--all"), ("setup", "--diff")], ids=" ".join
)
def test_without_a_terminal_nothing_waits(plain, words):
    """No pager is started, and no answer is a no."""
    plain.config("[profile other]\nregion = eu-west-1\n" + CONFIG)
    done = plain.run(*words, PAGER="/bin/false", stdin="d\n")
    assert done.returncode == 10
    assert "credential_process" in done.stdout
    assert ("+credential_process" in done.stdout) == ("--diff" in words)
    assert SECRET not in done.stdout


def test_other_programs_file_is_shown_whole(plain, tmp_path):
    """Beside the line per profile: the user has to make the change."""
    os.rename(plain.config_path, tmp_path / "store")
    os.symlink(tmp_path / "store", plain.config_path)
    done = plain.run("import", "--dry-run")
    assert done.stdout.startswith("shared-services: credential_process added; ")
    assert "+credential_process = " in done.stdout


def test_a_profile_of_the_credentials_file_is_not_new(home):
    """It is added to the other file. A profile that no file has is new, in the lines and in the JSON."""
    credentials(home)
    shown = home.run("import", "--dry-run").stdout
    assert shown.startswith(f"work: added to {home.config_path}; credential_process added; ")
    (profile,) = json.loads(home.run("import", "--dry-run", "--json").stdout)["profiles"]
    assert profile["new"] is False
    home.make_vault("robot")
    assert home.run("setup", "robot", "--dry-run").stdout.startswith("robot: new profile; ")


def test_import_says_which_profile_has_no_region(home):
    """Not where the profile or the environment has one."""
    credentials(home)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        home.env.pop(name, None)
    said = home.run("import", "--yes", "--no-verify").stderr
    assert (
        "No region is set for work. To set one, for example: aws configure set region us-east-1 --profile work"
        in said
    )
    credentials(home)
    assert "No region" not in home.run("import", "--yes", "--no-verify", AWS_REGION="eu-west-1").stderr


def test_a_reason_names_its_profile_once(home):
    """The error of a profile has its name already, for setup and for doctor."""
    home.make_vault()
    home.config(
        "[profile typo]\nregion = us-east-1\nrole_arn = arn:aws:iam::222222222222:role/X\nsource_profile = nobody\n"
    )
    said = home.run("setup", "typo").stderr
    assert said.startswith(f"Not changed: {home.config_path}:4: profile typo names ")
    report = home.run("doctor")
    assert "profile typo names source_profile 'nobody'" in report.stdout + report.stderr
    assert "profile typo: profile typo" not in report.stdout + report.stderr


def test_json_and_another_form_is_a_mistake(plain):
    """--json has every change."""
    for words in (("import", "--diff"), ("setup", "--diff")):
        assert plain.run(*words, "--json").returncode == 2
