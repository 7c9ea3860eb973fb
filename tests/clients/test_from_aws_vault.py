"""Moving in from the real aws-vault: a file store that it wrote itself is imported, and put back so that it reads it."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.clients.aws_vault_peer import AwsVault
from tests.fakes.example import DEVELOPER, KEY_ID, SECRET, SERIAL
from tests.home import failed

OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"


def contents(folder):
    """Each file of a folder by its name."""
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as file:
            found[name] = file.read()
    return found


@pytest.fixture
def theirs(home):
    """A home as aws-vault leaves it: keys in its store, roles and its credential_process in AWS's file."""
    home.config(
        "[profile shared-services]\nregion = us-east-1\n"
        "credential_process = aws-vault export --format=json shared-services\n\n"
        f"[profile dev]\nrole_arn = {DEVELOPER}\nsource_profile = shared-services\nmfa_serial = {SERIAL}\n"
    )
    theirs = AwsVault(home)
    theirs.add("shared-services", KEY_ID, SECRET)
    theirs.add("team/colleague 100%", OTHER_ID, OTHER)
    return theirs


def test_a_store_of_the_real_aws_vault_is_moved(home, theirs, aws):
    """Its keys are proved, stored and taken out; the profiles call us; --undo gives aws-vault its store back."""
    session = os.path.join(theirs.folder, "sts.GetSessionToken,c2hhcmVk,,1900000000")
    shutil.copy(os.path.join(theirs.folder, "shared-services"), session)
    before = contents(theirs.folder)
    done = home.run("import", "--aws-vault", "--yes", AWS_VAULT_FILE_PASSPHRASE=theirs.passphrase)
    assert done.returncode == 1, done.stderr
    assert (
        "team/colleague 100%: " in done.stderr
    )  # a name that a command line cannot carry is left, with the reason
    assert sorted(os.listdir(theirs.folder)) == sorted(set(before) - {"shared-services"})
    assert home.export("dev", "--mfa-code", aws.code())["AccountId"] == "222222222222"
    with open(home.config_path) as file:
        config = file.read()
    assert "aws-vault" not in config.replace("awsvault-py", "")
    assert SECRET not in done.stdout + done.stderr
    assert home.run("import", "--undo", "--yes").returncode == 0
    assert contents(theirs.folder) == before
    assert "shared-services" in theirs.names()


def test_a_name_with_a_slash_is_found(home, theirs):
    """aws-vault writes it as %2F into a file's name."""
    theirs.add("team/colleague", OTHER_ID, OTHER)
    done = home.run(
        "import", "team/colleague", "--aws-vault", "--yes", AWS_VAULT_FILE_PASSPHRASE=theirs.passphrase
    )
    assert done.returncode == 0, done.stderr
    assert home.export("team/colleague")["AccountId"] == "111111111111"


def test_a_wrong_passphrase_is_said(home, theirs):
    """Exit 4, nothing is moved."""
    failed(
        home.run("import", "--aws-vault", "--yes", AWS_VAULT_FILE_PASSPHRASE="another"),
        4,
        "aws-vault's store",
    )
    assert "shared-services" in theirs.names()


def test_without_a_passphrase_or_a_user_the_vault_is_locked(home, theirs):
    """Exit 3 with the variable that can give it; nothing is moved."""
    failed(
        home.run("import", "--aws-vault", "--yes"),
        3,
        "aws-vault's files are encrypted",
        "AWS_VAULT_FILE_PASSPHRASE",
    )
    assert "shared-services" in theirs.names()


def test_the_way_out_is_as_honest(home, theirs):
    """export --no-session gives the very key that came in, in a form that aws-vault takes back."""
    home.run("import", "--aws-vault", "--yes", AWS_VAULT_FILE_PASSPHRASE=theirs.passphrase)
    out = home.run("export", "shared-services", "--no-session", "--format", "ini").stdout
    assert f"aws_access_key_id = {KEY_ID}\n" in out
    assert f"aws_secret_access_key = {SECRET}\n" in out
