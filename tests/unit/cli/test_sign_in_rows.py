"""Sign-ins in list and status, as the user sees them."""

from __future__ import annotations

import json

import pytest

from tests.home import PASSPHRASE
from tests.signins import use_identity_center
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def home(home, aws):
    use_identity_center(home, aws)
    done = home.run("sso", "login", "corp", "--device")
    assert done.returncode == 0, done.stderr
    return home


def listed(home):
    lines = home.run("list", "--profiles").stdout.splitlines()
    return {line.split("\t")[0]: line.split("\t")[1:] for line in lines}


def test_list_shows_source_and_expiry(home):
    """Before and after an export, and of a profile that is not signed in."""
    assert listed(home)["dev"] == ["222222222222", "DeveloperRole", "sso corp", ""]
    assert listed(home)["older"] == ["222222222222", "DeveloperRole", "sso", "not signed in"]
    home.export("dev")
    assert listed(home)["dev"][3].endswith("m") or "h" in listed(home)["dev"][3]


def test_status_lists_the_sign_ins_for_scripts(home):
    (one,) = json.loads(home.run("status", "--json").stdout)["sign_ins"]
    assert (one["session"], one["signed_in"], one["refreshes"]) == ("corp", True, True)
    assert "token_expires" in one
    locked = json.loads(home.run("status", "--json", AWSVAULT_PASSPHRASE=None).stdout)
    assert "sign_ins" not in locked


def test_status_shows_the_sign_ins_at_a_terminal(home):
    user = Terminal(home, "status", AWSVAULT_PASSPHRASE=PASSPHRASE)
    assert user.ends() == 0
    assert "SIGN-IN" in user.shown
    assert ", refreshed" in user.shown


def test_status_names_a_sign_in_that_is_over(home, aws):
    """With the command that begins another."""
    aws.world.sso.expire_sign_ins()
    aws.world.sso.expire_access()
    home.run("export", "dev")
    done = home.run("status")
    assert done.stdout == ""
    assert "corp: the sign-in is over. To sign in again: awsvault-py sso login corp" in done.stderr
