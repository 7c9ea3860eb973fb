"""backup: the copy and what is said of it, the sheet without secrets, and which calls are mistakes."""

from __future__ import annotations

import json
import os

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import failed

pytestmark = pytest.mark.usefixtures("inside")


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


@pytest.fixture
def copy(ready):
    return os.path.join(ready.root, "copy.avlt")


def content(path):
    with open(path, "rb") as file:
        return file.read()


def test_the_copy_is_the_vault(ready, copy):
    """To the byte; its generation and its size are said and reported."""
    done = ready.run("backup", copy, "--json")
    vault = content(ready.file("vault.avlt"))
    assert (done.returncode, content(copy)) == (0, vault)
    assert json.loads(done.stdout) == {"file": copy, "generation": 2, "bytes": len(vault)}
    assert f"Copied generation 2 to {copy} ({len(vault)} bytes) and verified the copy." in done.stderr
    assert "TPM" not in done.stderr


def test_a_copy_is_remembered(ready, copy):
    """doctor then asks for none."""
    assert "no-backup" in ready.run("doctor", "--json").stdout
    assert ready.run("backup", copy).returncode == 0
    assert "no-backup" not in ready.run("doctor", "--json").stdout


def test_a_file_that_is_there_is_not_replaced(ready, copy):
    """It may be the only good copy."""
    with open(copy, "w", encoding="utf-8") as file:
        file.write("another")
    failed(ready.run("backup", copy), 10, "already exists")
    assert content(copy) == b"another"


def test_the_sheet_names_keys_and_devices_and_no_secret(ready):
    """It is for paper."""
    done = ready.run("backup", "--sheet")
    assert done.returncode == 0, done.stderr
    for text in (KEY_ID, SERIAL, "passphrase"):
        assert text in done.stdout
    for secret in (SECRET, SEED, ready.env["AWSVAULT_PASSPHRASE"]):
        assert secret not in done.stdout


def test_a_copy_and_the_sheet_in_one_call(ready, copy):
    """Both are made."""
    done = ready.run("backup", copy, "--sheet")
    assert (done.returncode, KEY_ID in done.stdout) == (0, True)
    assert content(copy) == content(ready.file("vault.avlt"))


def test_the_sheet_is_text(ready):
    """--json with it is a mistake; so is a call that asks for nothing."""
    failed(ready.run("backup", "--sheet", "--json"), 2, "--sheet prints text")
    failed(ready.run("backup"), 2, "give FILE or --sheet")
