"""whoami: a profile's identity, and the environment's."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.home import failed


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


def test_a_profile(home):
    """Account, ARN and end, as AWS says them."""
    done = home.run("whoami", "dev", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["account"] == "222222222222"
    assert found["arn"].startswith("arn:aws:sts::222222222222:assumed-role/DeveloperRole/")
    assert found["profile"] == "dev"
    assert found["expires"].endswith("Z")


def test_the_selected_profile(home):
    """Without a name, AWS_PROFILE's."""
    done = home.run("whoami", AWS_PROFILE="prod")
    assert "333333333333" in done.stdout
    assert done.stdout.splitlines()[0].split() == ["profile", "prod"]


def test_inside_exec_the_environment_counts(home):
    """In a shell of exec the keys there are asked about, without opening the vault."""
    session = home.export("dev")
    done = home.run(
        "whoami",
        "--json",
        AWS_ACCESS_KEY_ID=session["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=session["SecretAccessKey"],
        AWS_SESSION_TOKEN=session["SessionToken"],
        AWS_CREDENTIAL_EXPIRATION=session["Expiration"].replace("Z", " UTC"),
        AWSVAULT_PASSPHRASE=None,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["account"] == "222222222222"
    assert json.loads(done.stdout)["expires"] == session["Expiration"]
    assert "profile" not in json.loads(done.stdout)


def test_the_tokens_older_name_counts(home):
    """A session whose token is in AWS_SECURITY_TOKEN alone, as old tools leave it."""
    session = home.export("dev")
    done = home.run(
        "whoami",
        "--json",
        AWS_ACCESS_KEY_ID=session["AccessKeyId"],
        AWS_SECRET_ACCESS_KEY=session["SecretAccessKey"],
        AWS_SECURITY_TOKEN=session["SessionToken"],
        AWSVAULT_PASSPHRASE=None,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["account"] == "222222222222"


def test_half_a_key_is_said(home):
    """One variable without the other is a usage error."""
    failed(home.run("whoami", AWS_ACCESS_KEY_ID=KEY_ID), 2, "only one of")


def test_a_key_that_aws_refuses(home):
    """Exit 7 with AWS's own code; the secret is not said."""
    done = home.run("whoami", AWS_ACCESS_KEY_ID="AKIAGONEGONEGEXAMPLE", AWS_SECRET_ACCESS_KEY=SECRET)
    failed(done, 7, "InvalidClientTokenId")
    assert SECRET not in done.stderr
