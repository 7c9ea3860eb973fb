"""Moving in from a desktop's keyring, real on both sides: the real aws-vault writes into GNOME's, and we read it."""

from __future__ import annotations

import pytest

from tests.clients.aws_vault_peer import AwsVault
from tests.fakes.example import KEY_ID, SECRET
from tests.home import failed
from tests.keyrings import Desktop

OTHER_ID, OTHER = "AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"


@pytest.fixture
def desktop(tmp_path, home):
    """GNOME's keyring, unlocked at login, on the bus that the home is on."""
    found = Desktop(tmp_path)
    found.log_in()
    home.env |= found.env
    yield found
    found.end()


def test_keys_of_the_real_aws_vault_are_moved_out_of_the_keyring(home, desktop, aws):
    """Proved, stored, the profile calls us; the keyring keeps its copy, and the way to drop it is said."""
    desktop.add_collection("awsvault")
    theirs = AwsVault(home, desktop=desktop)
    theirs.add("shared-services", KEY_ID, SECRET)
    home.config(
        "[profile shared-services]\ncredential_process = aws-vault export --format=json shared-services\n"
    )
    done = home.run("import", "--aws-vault", "--yes")
    assert done.returncode == 0, done.stderr
    assert "keyring item shared-services" in done.stderr
    assert "aws-vault remove NAME" in done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert aws.calls.count("GetCallerIdentity", result="ok") == 1
    assert home.export("shared-services")["AccountId"] == "111111111111"
    assert theirs.names() == ["shared-services"]
    theirs.run("remove", "--force", "shared-services")
    failed(home.run("import", "--aws-vault", "--yes"), 5, "aws-vault has no key", "add NAME")


def test_a_locked_collection_is_said(home, desktop):
    """Nobody is asked by a window: exit 3 with what to do."""
    desktop.add_collection("awsvault")
    AwsVault(home, desktop=desktop).add("shared-services", KEY_ID, SECRET)
    desktop.lock("awsvault")
    failed(home.run("import", "--aws-vault", "--yes"), 3, "aws-vault's collection in the keyring is locked")


def test_the_collection_that_granted_makes_is_found(home, desktop):
    """A name with dashes, which the bus writes with escapes; granted's library and item are aws-vault's."""
    name = "granted-aws-iam-credentials"
    desktop.add_collection(name)
    theirs = AwsVault(home, desktop=desktop, AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME=name)
    theirs.add("colleague", OTHER_ID, OTHER)
    home.config("[profile colleague]\ncredential_process = granted credential-process --profile=colleague\n")
    done = home.run("import", "--granted", "--yes")
    assert done.returncode == 0, done.stderr
    assert "granted credentials remove NAME" in done.stderr
    with open(home.config_path, encoding="utf-8") as file:
        assert "granted" not in file.read()
    assert home.export("colleague")["AccountId"] == "111111111111"
