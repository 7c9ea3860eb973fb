"""What a child is given: its credentials and nothing of others', never a way to the passphrase."""

import os

import pytest

from tests.home import PASSPHRASE
from vault.aws import credential_json
from vault.context import from_process
from vault.credentials.planned import load
from vault.credentials.profile_metadata import metadata_of
from vault.run import exec_env
from vault.system.passphrase_variables import OWN_KEYS_ALONE
from vault.system.paths import OUTER

STALE = {
    "AWS_PROFILE": "other",
    "AWS_DEFAULT_PROFILE": "other",
    "AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "older",
    "AWS_SESSION_TOKEN": "older",
    "AWS_SECURITY_TOKEN": "older",
    "AWS_ACCOUNT_ID": "999999999999",
    "AWS_CREDENTIAL_EXPIRATION": "older",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/x",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN": "older",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/older",
    "AWSVAULT_PROFILE": "outer",
}


def test_the_child_has_these_credentials_and_no_others(desk):
    """Every variable that could bring other credentials, or a profile that is used first, is removed or replaced."""
    got = desk.ask("dev")
    found = credential_json.fields(got.line)
    env = exec_env.environment({**STALE, "KEPT": "yes"}, credential_json.fields(got.line), metadata_of(got))
    assert env == {
        "KEPT": "yes",
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
        "AWS_SECURITY_TOKEN": found["SessionToken"],  # the only one that boto 2 reads
        "AWS_CREDENTIAL_EXPIRATION": found["Expiration"],
        "AWS_SESSION_EXPIRATION": found["Expiration"],
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWSVAULT_OUTER_REGION": "us-west-2",
        "AWSVAULT_PROFILE": "dev",
        "AWS_VAULT": "dev",
    }


def test_a_key_without_a_session_leaves_no_older_token(desk):
    """--no-session: a stale token beside the key would make every call fail."""
    got = desk.ask("shared-services", session=False)
    env = exec_env.environment(STALE, credential_json.fields(got.line), metadata_of(got))
    assert not {"AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"} & env.keys()
    assert "AWS_CREDENTIAL_EXPIRATION" not in env


def test_the_served_child_has_a_url_and_no_credentials(desk):
    """No key, secret or session is in its environment: only the address, the token, the region, the name."""
    got = desk.ask("dev")
    env = exec_env.server_environment(
        STALE,
        metadata_of(got),
        url="http://127.0.0.1:1/credentials",
        token="t",
        token_file="/run/x.token",
        hidden=exec_env.hidden(load(desk.context()).config),
    )
    assert env == {
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/credentials",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "t",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/run/x.token",
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWSVAULT_OUTER_REGION": "us-west-2",
        "AWSVAULT_PROFILE": "dev",
        "AWS_VAULT": "dev",
    }


def test_default_credentials_are_hidden_from_a_served_child(desk, home, monkeypatch):
    """SDKs read [default] before they ask an endpoint: where it brings credentials, they see an empty file, and we do not."""
    home.config("[default]\ncredential_process = x export default\n[profile dev]\nregion = us-west-2\n")
    config = load(desk.context()).config
    home.scenario()
    terms = metadata_of(desk.ask("dev"))
    env = exec_env.server_environment(
        {}, terms, url="u", token="t", token_file="/x", hidden=exec_env.hidden(config)
    )
    assert env["AWS_CONFIG_FILE"] == env["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert env[OUTER + "AWS_CONFIG_FILE"] == home.config_path
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    env = from_process(attended=False).env
    assert env["AWS_CONFIG_FILE"] == home.config_path
    assert not any(name.startswith(OUTER) for name in env)


def test_a_nested_command_has_its_own_region(desk, monkeypatch):
    """A region that came with the outer profile is not the user's word; one that the user set is."""
    for chosen, kept in ((None, None), ("eu-central-1", "eu-central-1")):
        env = {"AWS_REGION": chosen} if chosen else {}
        got = desk.ask("dev", env=env)
        child = exec_env.environment(env, credential_json.fields(got.line), metadata_of(got))
        assert child["AWS_REGION"] == child["AWS_DEFAULT_REGION"] == (chosen or "us-west-2")
        monkeypatch.delenv(OUTER + "REGION", raising=False)
        for name, value in child.items():
            monkeypatch.setenv(name, value)
        assert from_process(attended=False).env.get("AWS_REGION") == kept


def test_the_child_never_gets_the_passphrase(desk, monkeypatch):
    """None of the variables that have or lead to the passphrase is passed on, and the value is nowhere."""
    for name in OWN_KEYS_ALONE:
        monkeypatch.setenv(name, PASSPHRASE)
    context = from_process(attended=True)
    env = context.child_env()
    assert not set(OWN_KEYS_ALONE) & set(env)
    assert PASSPHRASE not in env.values()
    assert "AWSVAULT_PASSPHRASE" not in os.environ


@pytest.mark.parametrize(
    ("env", "expected"), [({"SHELL": "/bin/dash"}, ("/bin/dash",)), ({"SHELL": "dash"}, None), ({}, None)]
)
def test_the_shell_is_the_users_own(env, expected):
    """SHELL where it is a path; else what the password database says, and that is a path too."""
    shell = exec_env.shell(env)
    assert shell == expected or (expected is None and os.path.isabs(shell[0]))


def test_a_user_without_an_account_has_a_shell(monkeypatch):
    """A container's user id that no passwd names, and no SHELL: the one shell that is always there."""

    def unknown(_uid):
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert exec_env.shell({}) == ("/bin/sh",)
    assert exec_env.shell({"SHELL": "not/absolute"}) == ("/bin/sh",)
    assert exec_env.shell({"SHELL": "/bin/zsh"}) == ("/bin/zsh",)
