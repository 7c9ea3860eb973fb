"""Moving in from granted's files. Their writer here is the real aws-vault: both programs keep keys by one library.

The collection that granted makes in a desktop's keyring is in test_from_keyrings.
"""

from __future__ import annotations

import os

import pytest

from tests.clients.aws_vault_peer import AwsVault
from tests.fakes.example import DEVELOPER, KEY_ID, SECRET
from tests.home import failed
from tests.terminal_user import Terminal

STORE = "secure-storage-aws-iam-credentials"


def stocked(home, folder):
    """A store of one key in ``folder``, and the profiles as granted writes them."""
    home.config(
        "[profile shared-services]\nregion = us-east-1\n"
        "credential_process = granted credential-process --profile=shared-services\n\n"
        f"[profile dev]\nregion = us-west-2\nrole_arn = {DEVELOPER}\nsource_profile = shared-services\n"
    )
    os.makedirs(folder)
    theirs = AwsVault(home, AWS_VAULT_FILE_DIR=folder)
    theirs.add("shared-services", KEY_ID, SECRET)
    return theirs


def test_a_user_moves_in_from_granted(home, aws):
    """The passphrase of their files is asked for; the key goes in and its file goes, and --undo brings it back."""
    home.make_vault("another", key_id="AKIAI44QH8DHBEXAMPLE", serial=None, seed=None)
    folder = os.path.join(home.root, ".granted", STORE)
    theirs = stocked(home, folder)
    aws.world.roles[DEVELOPER].mfa = False
    move = Terminal(home, "import", "--granted", AWSVAULT_PASSPHRASE=home.env["AWSVAULT_PASSPHRASE"])
    move.answers("Passphrase of granted's file store: ", theirs.passphrase)
    move.sees("yourself in 111111111111")
    move.answers("[y/N/d] ", "y")
    assert move.ends() == 0
    assert SECRET not in move.shown
    assert os.listdir(folder) == []
    with open(home.config_path, encoding="utf-8") as file:
        assert "granted" not in file.read()
    assert home.export("dev")["AccountId"] == "222222222222"
    assert home.run("import", "--undo", "--yes").returncode == 0
    assert theirs.names() == ["shared-services"]


@pytest.mark.parametrize("place", ["XDG_CONFIG_HOME", "FileDir"])
def test_the_store_is_where_granted_puts_it(home, place):
    """Its configuration folder moves with XDG_CONFIG_HOME, its files with FileDir. Nobody to ask is exit 3."""
    theirs = os.path.join(home.root, "elsewhere")
    if place == "FileDir":
        os.makedirs(os.path.join(home.root, ".granted"))
        with open(os.path.join(home.root, ".granted", "config"), "w", encoding="utf-8") as file:
            file.write(f'Ordering = ""\n\n[Keyring]\nBackend = "file"\nFileDir = "{theirs}"\n')
        stocked(home, theirs)
    else:
        home.env["XDG_CONFIG_HOME"] = theirs
        stocked(home, os.path.join(theirs, "granted", STORE))
    failed(
        home.run("import", "--granted", "--yes"),
        3,
        "granted's files are encrypted",
        "run the command at a terminal",
    )


def test_without_a_store_there_is_no_key(home):
    """Where it was looked for is said; a key that was asked for by name is not found."""
    failed(home.run("import", "--granted", "--yes"), 5, "granted has no key", "add NAME")
    failed(home.run("import", "nobody", "--granted", "--yes"), 5, "granted has no key nobody")
    failed(home.run("import", "--granted", "--aws-vault", "--yes"), 2, "only one of")


def test_a_configuration_that_is_none_is_named(home):
    """Exit 6 with the file."""
    os.makedirs(os.path.join(home.root, ".granted"))
    with open(os.path.join(home.root, ".granted", "config"), "w", encoding="utf-8") as file:
        file.write("Keyring = {\n")
    failed(home.run("import", "--granted", "--yes"), 6, ".granted/config cannot be read as TOML")
