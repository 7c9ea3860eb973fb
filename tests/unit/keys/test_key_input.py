"""A key on its way in: what is not a user's own key of the right form is refused before anything is stored or sent."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL, SHARED
from vault.aws.credentials import Identity
from vault.context import Context
from vault.errors import ConfigError, NotFound, Usage
from vault.keys import key_input
from vault.keys.verify import Verification
from vault.secret import Secret
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env

STATIC = f"[ci]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"


@pytest.fixture
def context(tmp_path):
    """``context(CREDENTIALS, CONFIG)`` is a run in a home with these files."""

    def make(credentials, config=""):
        for name, text in (("config", config), ("credentials", credentials)):
            (tmp_path / name).write_text(text)
        env = {
            "HOME": str(tmp_path),
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        }
        clock = SystemClock()
        return Context(env=env, paths=from_env(env), clock=clock, deadline=Deadline.after(50, clock=clock))

    return make


def refused(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    assert SECRET not in caught.value.message + caught.value.hint
    for word in words:
        assert word in caught.value.message
    return caught.value


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"AccessKeyId": "AKIA"}, ()),
        ({"SecretAccessKey": KEY_ID}, ()),
        ({"MfaSerial": "no device"}, ()),
        ({"MfaSeed": SEED}, ("MFA serial",)),
        ({"MfaSerial": SERIAL, "MfaSeed": f"otpauth://totp/x?secret={SEED}&digits=8"}, ("8", "6")),
        ({"MfaSerial": SERIAL, "MfaSeed": "not base32!"}, ()),
        ({"MfaSeet": SEED}, ("MfaSeet",)),
    ],
)
def test_json_that_is_refused(fields, words):
    """Exit 2: it was piped and is in no file. Neither the secret nor the seed is repeated."""
    raw = json.dumps({"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, **fields}).encode()
    error = refused(Usage, lambda: key_input.from_json(raw), *words)
    assert SEED not in error.message + error.hint


def test_json_with_a_device():
    """All four values, each in its type; an empty seed is none."""
    fields = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET, "MfaSerial": SERIAL, "MfaSeed": ""}
    key = key_input.from_json(json.dumps(fields).encode())
    assert key == key_input.NewKey(KEY_ID, Secret(SECRET), SERIAL)
    key = key_input.from_json(json.dumps({**fields, "MfaSeed": SEED}).encode())
    assert key.seed.digits == 6


PAIR = {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"AWS_ACCESS_KEY_ID": ""}, "AWS_ACCESS_KEY_ID"),
        ({"AWS_SECRET_ACCESS_KEY": ""}, "AWS_SECRET_ACCESS_KEY"),
        ({"AWS_SESSION_TOKEN": "t"}, "temporary"),
        ({"AWS_SECURITY_TOKEN": "t"}, "temporary"),
    ],
)
def test_an_environment_without_a_users_own_key_is_refused(change, word):
    """Half a pair, and temporary credentials under either name of the token."""
    run = SimpleNamespace(env={**PAIR, **change})
    refused(Usage, lambda: key_input.from_env(run), word)


def test_a_key_of_the_environment_warns_that_it_is_still_there():
    """The shell has it in plaintext: the warning has the names to unset."""
    key = key_input.from_env(SimpleNamespace(env=PAIR))
    assert (key.access_key_id, key.secret) == (KEY_ID, Secret(SECRET))
    assert "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY" in key.warning


@pytest.mark.parametrize(
    ("credentials", "config", "kind", "word"),
    [
        ("", "", NotFound, "ci"),
        (STATIC.replace(f"aws_secret_access_key = {SECRET}\n", ""), "", Usage, "aws_secret_access_key"),
        (STATIC.replace(f"aws_access_key_id = {KEY_ID}\n", ""), "", Usage, "aws_access_key_id"),
        (STATIC + "aws_session_token = t\n", "", Usage, "credentials:4"),
        (STATIC + "aws_security_token = t\n", "", Usage, "credentials:4"),
        (STATIC.replace(KEY_ID, "AKIA"), "", Usage, "credentials:2"),
        (STATIC, "[profile ci]\nmfa_serial = no device\n", ConfigError, "config:2"),
    ],
)
def test_a_profile_without_a_users_own_key_is_refused(context, credentials, config, kind, word):
    """File and line where there is one, or the name of what is missing."""
    run = context(credentials, config)
    refused(kind, lambda: key_input.from_profile(run, "ci"), word)


def test_a_key_of_a_profile_warns_where_it_still_is(context):
    """With the profile's device, from either file."""
    key = key_input.from_profile(context(STATIC, f"[profile ci]\nmfa_serial = {SERIAL}\n"), "ci")
    assert (key.access_key_id, key.secret, key.mfa_serial) == (KEY_ID, Secret(SECRET), SERIAL)
    assert "credentials:2" in key.warning


def test_a_device_of_another_account_is_refused():
    """Both accounts are named. Hardware devices, and a key that AWS was not asked about, pass."""
    found = Verification(Identity("222222222222", "arn:aws:iam::222222222222:user/x", "AIDAEXAMPLE"))
    refused(Usage, lambda: key_input.check_device_account(SERIAL, found), SHARED, "222222222222")
    key_input.check_device_account(SERIAL.replace(SHARED, "222222222222"), found)
    key_input.check_device_account("GAHT12345678", found)
    key_input.check_device_account(None, found)
    key_input.check_device_account(SERIAL, Verification(unreachable="no route"))
