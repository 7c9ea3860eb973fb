"""setup and import at a terminal and without one: a line per profile, and the whole diff on request."""

from __future__ import annotations

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
    person.answers("[y/N/d] ", "d")
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


def test_json_and_another_form_is_a_mistake(plain):
    """--json has every change, and --undo is not a plan."""
    for words in (("import", "--diff"), ("import", "--undo"), ("setup", "--diff"), ("setup", "--undo")):
        assert plain.run(*words, "--json").returncode == 2
