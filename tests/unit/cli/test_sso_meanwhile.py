"""What happens while a user signs in, and what a new sign-in does to the sessions of the last one."""

from __future__ import annotations

import json
import os

import pytest

from tests.home import PASSPHRASE, failed
from tests.signins import browser, use_identity_center, visits
from tests.unit.agent.at_home import stop, unlock

pytestmark = pytest.mark.usefixtures("unmeasured")

ANOTHER = "another correct horse battery"


@pytest.fixture
def home(home, aws):
    use_identity_center(home, aws)
    return home


def login(home):
    done = home.run("sso", "login", "corp", "--browser", browser(home))
    assert done.returncode == 0, done.stderr


def login_around(home, meanwhile):
    """A sign-in in the browser, during which something else happens."""
    gate = os.path.join(home.root, "gate")
    process = home.start("sso", "login", "corp", "--browser", browser(home, gate=gate))
    while not visits(home):
        assert process.poll() is None, process.communicate()
    meanwhile()
    with open(gate, "wb"):
        pass
    said = process.communicate()[1].decode()
    os.unlink(gate)
    return process.returncode, said


def did(home, *words, **more):
    done = home.run(*words, **more)
    assert done.returncode == 0, done.stderr


def count(aws, action="GetRoleCredentials"):
    return [call.action for call in aws.calls].count(action)


@pytest.mark.parametrize("before", [False, True], ids=["first", "another"])
def test_a_rekey_meanwhile_does_not_lose_the_sign_in(home, before):
    """It is stored under the new key; also where a sign-in was there before."""
    if before:
        login(home)
        os.unlink(os.path.join(home.root, "visits"))
    code, said = login_around(home, lambda: did(home, "rekey", "--yes"))
    assert code == 0, said
    assert home.export("dev")["AccountId"] == "222222222222"
    (found,) = json.loads(home.run("sso", "status", "--json").stdout)["sessions"]
    assert found["signed_in"]
    assert len([name for name in os.listdir(home.file("signins")) if len(name) == 40]) == 1
    records = json.loads(home.run("log", "--json").stdout)["records"]
    assert [record["use"] for record in records][-2:] == ["sign-in", "export"]


def test_a_rekey_meanwhile_with_an_agent(home):
    """It has the new keys, and gives them out."""
    home.env.pop("AWSVAULT_AGENT")
    unlock(home)
    try:
        code, said = login_around(home, lambda: did(home, "rekey", "--yes", AWSVAULT_PASSPHRASE=PASSPHRASE))
        assert code == 0, said
        assert home.export("dev", AWSVAULT_PASSPHRASE=None)["AccountId"] == "222222222222"
    finally:
        stop(home)


def test_a_new_passphrase_meanwhile_is_told(home):
    """The vault does not open, so the sign-in is not stored, and the user reads it."""
    code, said = login_around(home, lambda: did(home, "passwd", "--stdin", stdin=ANOTHER))
    assert code == 4
    assert "the vault got new keys meanwhile, so the sign-in was not stored: " in said
    assert "Traceback" not in said
    failed(home.run("export", "dev", AWSVAULT_PASSPHRASE=ANOTHER), 7, "not signed in")


def test_a_vault_that_is_gone_is_told(home):
    """As by every command."""

    def gone():
        for name in ("vault.avlt", "vault.avlt.bak1"):
            os.unlink(home.file(name))

    code, said = login_around(home, gone)
    assert (code, "there is no vault at" in said) == (5, True)


def test_a_new_sign_in_ends_the_cached_sessions_of_the_last(home, aws):
    """Another user may have signed in. Neither the disk nor the agent's memory answers for the first one."""
    home.env.pop("AWSVAULT_AGENT")
    unlock(home)
    try:
        login(home)
        home.settle()
        for _ in range(2):
            home.export("dev")
        assert count(aws) == 1
        login(home)
        home.export("dev")
        assert count(aws) == 2
    finally:
        stop(home)


def test_a_sign_in_that_failed_keeps_them(home, aws):
    """The user is still the last one."""
    login(home)
    home.export("dev")
    aws.world.sso.person = "no"
    assert home.run("sso", "login", "corp", "--browser", browser(home)).returncode == 10
    home.export("dev")
    assert count(aws) == 1


def test_sessions_of_keys_are_kept(home, aws):
    """They have nothing to do with it."""
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write("[profile keyed]\nregion = us-east-1\nawsvault_credential = shared-services\n")
    home.export("keyed")
    login(home)
    home.export("keyed")
    assert count(aws, "GetSessionToken") == 1
