"""Where there is no vault and the profiles only need a sign-in: list and status show them, and hints name the sign-in."""

from __future__ import annotations

import json

import pytest

from tests.home import SCENARIO, failed
from tests.keyrings import desktop, login
from tests.signins import config
from tests.unit.cli.five_profiles import at_terminal

__all__ = ["desktop", "login"]

SAID = "There is no vault yet. To create it and sign in: awsvault-py sso login corp"


@pytest.fixture
def bare(home):
    home.config(config())
    return home


def test_list_shows_the_profiles(bare):
    """With their roles; whether an export would work; and how to go on."""
    shown = at_terminal(bare, "list", NO_COLOR="1")
    rows = [line.split() for line in shown.splitlines()]
    assert ["dev", "222222222222", "DeveloperRole", "sso", "corp", "not", "signed", "in"] in rows
    assert SAID in shown
    assert "awsvault-py add" not in shown


def test_list_in_a_pipe(bare):
    """As with an empty vault: rows of profiles on request, and no entry."""
    done = bare.run("list", "--profiles")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["dev", "older"]
    assert (done.returncode, SAID in done.stderr) == (0, True)
    found = json.loads(bare.run("list", "--json").stdout)
    assert [row["profile"] for row in found["profiles"]] == ["dev", "older"]
    assert found["entries"] == []
    done = bare.run("list")
    assert (done.returncode, done.stdout, SAID in done.stderr) == (0, "", True)


def test_profiles_with_keys_are_listed_beside_them(bare):
    """And the first key is the other way to go on."""
    bare.config(config() + SCENARIO)
    done = bare.run("list", "--profiles")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == [
        "dev",
        "older",
        "shared-services",
        "prod",
    ]
    assert SAID + ". To create it with a first key: awsvault-py add NAME" in done.stderr


def test_list_without_such_profiles_is_the_error_that_it_was(home):
    home.config(SCENARIO)
    failed(home.run("list"), 5, "there is no vault", "awsvault-py add NAME")


def test_status_shows_the_sections(bare):
    """As sso status does."""
    done = bare.run("status")
    assert (done.returncode, done.stdout, SAID in done.stderr) == (0, "", True)
    (row,) = json.loads(bare.run("status", "--json").stdout)["sign_ins"]
    assert (row["session"], row["signed_in"]) == ("corp", False)
    assert ["corp", "not", "signed", "in"] in [
        line.split() for line in at_terminal(bare, "status", NO_COLOR="1").splitlines()
    ]


def test_status_with_a_broken_config_is_no_error(bare):
    """As with a vault."""
    bare.config("[profile dev\n")
    done = bare.run("status")
    assert (done.returncode, "There is no vault yet. To create it with a first key" in done.stderr) == (
        0,
        True,
    )
    assert json.loads(bare.run("status", "--json").stdout)["sign_ins"] == []


@pytest.mark.parametrize(
    "words", [("list", "--used"), ("unlock",), ("log",), ("mfa", "list"), ("export", "dev")]
)
def test_hints_name_the_sign_in(bare, words):
    done = bare.run(*words, AWSVAULT_AGENT=None)
    assert done.returncode in (5, 7)
    assert done.stdout == ""
    assert "hint: run: awsvault-py sso login corp\n" in done.stderr


def test_hints_name_the_key_where_one_is_needed(bare):
    bare.config(config() + SCENARIO)
    failed(bare.run("mfa", "list"), 5, "there is no vault", "awsvault-py add NAME")


def test_doctor_names_the_sign_in(bare):
    assert "→ awsvault-py sso login corp" in bare.run("doctor", "--notes").stdout


def test_list_of_a_vault_with_sign_ins_only(bare):
    """It is not empty."""
    from tests.vaults import new_vault
    from vault.system.paths import from_env

    new_vault(from_env(bare.env))
    shown = at_terminal(bare, "list")
    assert "The vault has no access keys. To add a key: awsvault-py add NAME" in shown
    done = bare.run("list")
    said = "The vault has no access keys. To list the profiles: awsvault-py list --profiles\n"
    assert (done.stdout, done.stderr) == ("", said)
    bare.config(config().partition("[profile")[0])
    said = "To write a profile for each of your roles: awsvault-py setup --sso corp --region REGION\n"
    assert said in bare.run("list").stderr


def test_the_keyring_unlocks_a_vault_that_a_sign_in_created(bare, aws, login):
    """From then on nothing is asked while the user is logged in; after that the passphrase is needed."""
    aws.world.assign("222222222222", "DeveloperRole")
    bare.env |= {"AWSVAULT_KEYRING": "auto", **login.env}
    done = bare.run("sso", "login", "corp", "--device")
    assert "This machine's keyring unlocks it too" in done.stderr
    bare.env.pop("AWSVAULT_PASSPHRASE")
    assert bare.export("dev")["AccountId"] == "222222222222"
    login.lock()
    failed(bare.run("export", "dev", "--fresh"), 3, "keyring (locked)")


def test_the_first_sign_in_leads_to_the_profiles(bare, aws):
    """If no profile uses it; otherwise nothing is said about them."""
    said = "To write one for each of your roles: awsvault-py setup --sso corp --region REGION"
    assert said not in bare.run("sso", "login", "--device").stderr
    bare.config(config().partition("[profile")[0])
    done = bare.run("sso", "login", "--device")
    assert (done.returncode, done.stdout, said in done.stderr) == (0, "", True)
