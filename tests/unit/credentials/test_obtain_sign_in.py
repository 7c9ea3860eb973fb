"""Profiles of IAM Identity Center as profiles of keys: without a vault, remembered, as the start of a chain, under guard rails."""

from __future__ import annotations

import json
import os
import time
from hashlib import sha1

import pytest

from tests.fakes.example import SSO_TOKEN, role
from tests.home import failed
from tests.signins import START_URL, config
from tests.unit.agent.at_home import stop, told, unlock

pytestmark = pytest.mark.usefixtures("unmeasured")

HINT = "hint: run: awsvault-py sso login corp"


@pytest.fixture
def home(home, aws):
    aws.world.assign("222222222222", "DeveloperRole")
    home.config(config())
    return home


@pytest.fixture
def signed(home):
    home.make_vault()
    done = home.run("sso", "login", "corp", "--device")
    assert done.returncode == 0, done.stderr
    return home


def more(home, text):
    home.config(config() + text)
    home.settle()


def cli_token(home, *, seconds=3600):
    """What ``aws sso login`` leaves."""
    folder = os.path.join(home.root, ".aws", "sso", "cache")
    os.makedirs(folder, exist_ok=True)
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    with open(os.path.join(folder, sha1(b"corp").hexdigest() + ".json"), "w", encoding="utf-8") as file:
        json.dump(
            {"startUrl": START_URL, "region": "us-east-1", "accessToken": SSO_TOKEN, "expiresAt": ends}, file
        )


def actions(aws):
    return [call.action for call in aws.calls]


def remembered(home, **env):
    """The profiles that an export finds on disk without reading the files, each with the expiry."""
    found = json.loads(home.run("status", "--json", **env).stdout)["sessions"]
    return {one["profile"]: one["expires"] for one in found if one["held"] == "disk"}


def test_without_a_vault_the_hint_is_the_sign_in_which_makes_one(home):
    """Nobody signed in here: that is what is missing, and not a vault."""
    failed(
        home.run("export", "dev"), 7, "profile dev uses IAM Identity Center, but you are not signed in", HINT
    )


def test_without_a_vault_an_expired_token_of_the_cli_is_no_sign_in(home):
    cli_token(home, seconds=-10)
    failed(home.run("export", "dev"), 7, "the sign-in has expired", HINT)


def test_without_a_vault_a_token_of_the_cli_is_not_enough(home, aws):
    """A session could not be sealed. The vault is what is missing; a sign-in makes one."""
    cli_token(home)
    failed(home.run("export", "dev"), 5, "there is no vault", HINT)
    assert actions(aws) == []


@pytest.mark.parametrize("profile", ["nobody", "half"])
def test_without_a_vault_other_profiles_are_as_before(home, profile):
    more(home, "[profile half]\nsso_session = corp\nsso_account_id = 222222222222\n")
    done = home.run("export", profile)
    failed(
        done,
        6 if profile == "half" else 5,
        "lacks sso_role_name" if profile == "half" else "there is no vault",
    )


def test_the_session_is_remembered(signed, aws):
    """The next export is a disk hit; one after the logout is not."""
    signed.settle()
    found = signed.export("dev")
    assert remembered(signed) == {"dev": found["Expiration"]}
    assert signed.run("sso", "logout").returncode == 0
    assert remembered(signed) == {}
    failed(signed.run("export", "dev"), 7, "not signed in")


def test_the_agent_answers_and_the_shell_prompt_shows_the_expiry(signed):
    """As for a key; a logout takes both away."""
    signed.env.pop("AWSVAULT_AGENT")
    try:
        unlock(signed)
        signed.settle()
        signed.export("dev", AWSVAULT_PASSPHRASE=None)
        assert [one["profile"] for one in told(signed)["sessions"]] == ["dev"]
        name, left = signed.run("prompt", AWS_PROFILE="dev").stdout.split()
        assert (name, left[-1]) == ("dev", "m")
        assert signed.run("sso", "logout", AWSVAULT_PASSPHRASE=None).returncode == 0
        assert told(signed)["sessions"] == []
    finally:
        stop(signed)


def test_a_hit_is_for_one_portal(signed):
    """Another endpoint is another answer."""
    signed.settle()
    signed.export("dev")
    assert list(remembered(signed)) == ["dev"]
    assert remembered(signed, AWS_ENDPOINT_URL_SSO="http://127.0.0.1:9") == {}


def test_a_chain_starts_at_the_role_of_the_sign_in(signed, aws):
    """awsvault_source_profile names a profile of Identity Center; its role assumes the next."""
    more(
        signed,
        f"[profile next]\nregion = us-east-1\nawsvault_role_arn = {role('FromInstanceRole')}\n"
        "awsvault_source_profile = first\ncredential_process = {command} export next\n"
        "[profile first]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = PortalRole\n",
    )
    aws.calls.clear()
    assert signed.export("next")["AccountId"] == "222222222222"
    assert actions(aws) == ["GetRoleCredentials", "AssumeRole"]
    assert list(remembered(signed)) == ["next"]


def test_the_prefixed_keys_are_the_same_profile(signed, aws):
    """All five, with credential_process: what AWS's tools take by awsvault-py."""
    prefixed = (
        config()
        .partition("[profile dev]")[2]
        .partition("[profile older]")[0]
        .replace("sso_", "awsvault_sso_")
    )
    more(signed, "[profile own]" + prefixed + "credential_process = {command} export own\n")
    aws.calls.clear()
    assert signed.export("own")["AccountId"] == "222222222222"
    assert actions(aws) == ["GetRoleCredentials"]


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("awsvault_confirm = always", 10, "confirm"),
        ("awsvault_read_only = true", 10, "awsvault_read_only cannot be enforced"),
        ("awsvault_max_duration = 15m", 10, "awsvault_max_duration is 900 s"),
    ],
)
def test_guard_rails_hold(signed, line, code, said):
    """A role of Identity Center cannot be narrowed or shortened, so it is refused; the user is asked as for any profile."""
    signed.config(
        config().replace("sso_role_name = DeveloperRole\n", f"sso_role_name = DeveloperRole\n{line}\n", 1)
    )
    signed.settle()
    for command in (("export", "dev"), ("exec", "dev", "--", "true")):
        failed(signed.run(*command), code, said)
    assert remembered(signed) == {}
