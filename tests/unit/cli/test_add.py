"""add, by the installed command and against the stand-in."""

from __future__ import annotations

import json
import os

import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import failed

pytestmark = pytest.mark.usefixtures("inside")


GOOD = {"AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}


FULL = {**GOOD, "MfaSerial": SERIAL, "MfaSeed": SEED}


COLLEAGUE = {
    "AccessKeyId": "AKIAI44QH8DHBEXAMPLE",
    "SecretAccessKey": "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
}


def add(home, key, *options, name="dev", **env):
    return home.run("add", name, "--stdin", *options, stdin=json.dumps(key), **env)


def listed(home, **env):
    done = home.run("list", "--json", **env)
    assert done.returncode == 0, done.stderr
    return {e["name"]: e for e in json.loads(done.stdout)["entries"]}


def test_the_first_add_makes_the_vault_and_prints_the_profile(home):
    """One command from nothing: vault, entry with account and user, and the block to paste, alone on stdout."""
    done = add(home, FULL, name="shared-services", AWS_REGION="eu-west-1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "[profile shared-services]\nregion = eu-west-1\ncredential_process = awsvault-py export shared-services\n"
        f"mfa_serial = {SERIAL}\n"
    )
    assert "yourself in account 111111111111" in done.stderr
    assert "both factors" in done.stderr
    entry = listed(home)["shared-services"]
    assert (entry["account"], entry["user"], entry["mfa"]) == ("111111111111", "yourself", "stored")
    home.config(done.stdout)
    assert home.export("shared-services")["AccountId"] == "111111111111"


def test_no_secret_is_said(home):
    """Neither output of add holds the secret or the seed."""
    done = add(home, FULL)
    assert SECRET not in done.stdout + done.stderr
    assert SEED not in done.stdout + done.stderr


def test_files_are_closed_to_others(home):
    """Under any umask the vault is 0600 and its folder 0700."""
    before = os.umask(0)
    try:
        assert add(home, GOOD).returncode == 0
    finally:
        os.umask(before)
    assert os.stat(home.file("vault.avlt")).st_mode & 0o777 == 0o600
    assert os.stat(home.awsvault_home).st_mode & 0o777 == 0o700


def test_a_key_that_aws_does_not_know_is_not_stored(home):
    """A deleted or mistyped key is said at once, and no vault is made for it."""
    done = add(home, {**GOOD, "AccessKeyId": "AKIAGONEGONEGEXAMPLE"})
    failed(done, 7, "InvalidClientTokenId")
    assert not os.path.exists(home.file("vault.avlt"))


def test_a_wrong_secret_is_not_stored(home):
    """AWS answers SignatureDoesNotMatch, and the vault stays as it was."""
    done = add(home, {**GOOD, "SecretAccessKey": SECRET[:-1] + "Z"})
    failed(done, 7, "SignatureDoesNotMatch")
    assert SECRET[:-1] not in done.stderr
    for name, value in (("AccessKeyId", KEY_ID[:-1]), ("SecretAccessKey", SECRET + "A")):
        failed(add(home, {**GOOD, name: value}), 7, f"has {len(value)} characters", "nothing was stored")


def test_aws_out_of_reach_is_a_warning(home):
    """On a train the key is stored all the same, without account and user."""
    done = add(home, GOOD, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert done.returncode == 0
    assert "could not be verified with AWS" in done.stderr
    assert "account" not in listed(home)["dev"]


def test_no_verify_asks_nobody(home, aws):
    """--no-verify makes no call."""
    assert add(home, GOOD, "--no-verify").returncode == 0
    assert not list(aws.calls)


def test_a_device_of_another_account_is_named(home):
    """A serial copied from the wrong account would fail at the first export; it is said here."""
    done = add(home, {**GOOD, "MfaSerial": SERIAL.replace("111111111111", "222222222222")})
    failed(done, 2, "222222222222", "111111111111")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"AccessKeyId": "ASIAIOSFODNN7EXAMPLE"}, "temporary"),
        ({"AccessKeyId": "AKIAIOSFODNN7EX"}, "15 characters"),
        ({"AccessKeyId": "akiaiosfodnn7example"}, "lowercase"),
        ({"AccessKeyId": "AIDAIOSFODNN7EXAMPLE"}, "unique ID of a user"),
        ({"AccessKeyId": "AROAIOSFODNN7EXAMPLE"}, "unique ID of a role"),
        ({"AccessKeyId": "XKIAIOSFODNN7EXAMPLE"}, "does not begin with AKIA"),
        ({"AccessKeyId": "AKIAIOSFODNN7-XAMPLE"}, "other than capital letters"),
        ({"AccessKeyId": SECRET}, "looks like the secret"),
        ({"AccessKeyId": KEY_ID[:9] + "\n" + KEY_ID[9:]}, "spaces or line breaks"),
        ({"AccessKeyId": f'"{KEY_ID}"'}, "quotes or a comma"),
        ({"AccessKeyId": f"aws_access_key_id={KEY_ID}"}, "its name and = in front"),
        ({"SecretAccessKey": SECRET[:20] + " " + SECRET[21:]}, "spaces or line breaks"),
        ({"SecretAccessKey": f"'{SECRET}'"}, "quotes or a comma"),
        ({"SecretAccessKey": KEY_ID}, "looks like an access key ID"),
        ({"SecretAccessKey": SECRET[:-1] + "\u00e9"}, "not ASCII"),
        ({"SecretAccessKey": SECRET[:-1] + "!"}, "a character that no secret access key has"),
        ({"MfaSerial": SERIAL.replace(":mfa/", ":user/")}, "is the ARN of a user"),
        ({"MfaSerial": SERIAL.replace(":mfa/", ":u2f/")}, "FIDO"),
        ({"MfaSerial": SERIAL.replace("mfa/", "mfa/ ")}, "has a space in it"),
        ({"MfaSerial": f'"{SERIAL}"'}, "quotes"),
        ({"MfaSerial": "arn:aws:iam::1111:mfa/yourself"}, "not the ARN of an MFA device"),
        ({"MfaSerial": SERIAL, "MfaSeed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1"}, "not a base32 character"),
        ({"MfaSerial": SERIAL, "MfaSeed": "GEZDGNBV"}, "are supported"),
        ({"MfaSerial": SERIAL, "MfaSeed": "123456"}, "an MFA code of 6 digits"),
        ({"MfaSerial": SERIAL, "MfaSeed": "https://example"}, "not an otpauth://"),
        ({"MfaSerial": SERIAL, "MfaSeed": f"otpauth://hotp/x?secret={SEED}"}, "type totp"),
        ({"MfaSerial": SERIAL, "MfaSeed": f"otpauth://totp/x?secret={SEED}&digits=8"}, "8 digits"),
        ({"MfaSeed": SEED}, "no MFA serial"),
    ],
)
def test_each_mistake_of_a_paste_is_named(home, change, said):
    """Exit 2, what is wrong in words, the secret not repeated, nothing made."""
    done = add(home, {**GOOD, **change})
    failed(done, 2, said)
    assert SECRET[:20] not in done.stderr
    assert SEED[:20] not in done.stderr
    assert not os.path.exists(home.file("vault.avlt"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "--stdin is empty"),
        ("AKIA", "not JSON"),
        ("[]", "not an object"),
        ("{}", "does not have AccessKeyId"),
        ('{"AccessKeyId":"x"}', "does not have SecretAccessKey"),
        ('{"AccessKeyId":"x","AccessKeyId":"y"}', "twice"),
        ('{"AccessKeyId":1}', "AccessKeyId is not text"),
        ('{"accesskeyid":"x"}', "unknown key"),
        ("[" * 30_000, "nested too deeply"),
        ('{"AccessKeyId":"' + "x" * 70_000 + '"}', "more than 65536 bytes"),
        ('{"AccessKeyId":"\\ud800"}', "does not have SecretAccessKey"),
    ],
)
def test_stdin_that_is_not_the_form_is_exit_2(home, text, said):
    """Every other text on --stdin is a usage error that says what the form is."""
    failed(home.run("add", "dev", "--stdin", stdin=text), 2, said)


def test_stdin_in_another_encoding_is_exit_2(home):
    """Bytes that are not UTF-8."""
    failed(home.run("add", "dev", "--stdin", stdin=b'{"AccessKeyId":"\xff"}'), 2, "not UTF-8")


def test_a_byte_order_mark_is_no_mistake(home):
    """PowerShell writes one."""
    assert home.run("add", "dev", "--stdin", stdin="\ufeff" + json.dumps(GOOD)).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "NAME is missing"),
        ((KEY_ID,), "shell's history"),
        ((SECRET,), "shell's history"),
        (("dev", KEY_ID), "shell's history"),
        (("dev", KEY_ID, SECRET), "shell's history"),
        (("dev", "prod"), "one NAME"),
        (("dev", "--secret", SECRET), "no such option"),
        (("dev", "--env", "--stdin"), "only one of"),
        (("",), "the name is empty"),
        (("x" * 129,), "129 characters"),
        (("a\nb",), "invisible characters"),
        (("a\x1b[31m",), "invisible characters"),
        (("a\u202eb",), "invisible characters"),
        (("a\u200bb",), "invisible characters"),
        (("$(id)",), "special to shells"),
        (("a]b",), "special to shells"),
        (("a # b",), "special to shells"),
        ((" dev",), "ends with a space"),
        (("--", "-x"), "starts with -"),
    ],
)
def test_what_cannot_be_a_name_is_named(home, arguments, said):
    """A key given as an argument, and names that would be read otherwise elsewhere: exit 2, and no key is repeated."""
    done = home.run("add", *arguments, stdin=json.dumps(GOOD))
    failed(done, 2, said)
    assert KEY_ID not in done.stderr
    assert SECRET not in done.stderr


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/passwd", "my dev", "dev@example:1+2.3_4", "a" * 128, "été"]
)
def test_an_odd_name_is_a_name_and_never_a_path(home, name):
    """Nothing outside the vault's folder appears, and the entry can be listed and removed."""
    assert add(home, GOOD, name=name).returncode == 0
    assert set(os.listdir(home.root)) <= {".aws", "vault", ".cache", ".local"}
    assert name in listed(home)
    assert home.run("remove", name, "--yes").returncode == 0
    assert listed(home) == {}


def test_a_known_name_needs_replace(home):
    """Exit 10 without --replace; with it the new key takes the name."""
    assert add(home, FULL).returncode == 0
    failed(add(home, COLLEAGUE), 10, "already", "--replace")
    assert add(home, COLLEAGUE, "--replace").returncode == 0
    entry = listed(home)["dev"]
    assert (entry["access_key_id"], entry["user"], entry["mfa"]) == (
        "AKIAI44QH8DHBEXAMPLE",
        "colleague",
        "none",
    )


def test_replacing_a_key_of_the_same_user_keeps_the_device(home):
    """The device belongs to the user, so a new key needs no new seed."""
    assert add(home, FULL).returncode == 0
    assert add(home, GOOD, "--replace").returncode == 0
    assert listed(home)["dev"]["mfa"] == "stored"


def test_from_env(home):
    """--env takes the two variables, and says that they are still there."""
    done = home.run("add", "dev", "--env", AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET)
    assert done.returncode == 0, done.stderr
    assert "unset AWS_ACCESS_KEY_ID" in done.stderr
    assert "dev" in listed(home)


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "AWS_ACCESS_KEY_ID is not set"),
        ({"AWS_ACCESS_KEY_ID": KEY_ID}, "AWS_SECRET_ACCESS_KEY is not set"),
        (
            {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": "x"},
            "temporary",
        ),
    ],
)
def test_from_env_without_a_key_is_said(home, env, said):
    """A variable that is missing is named, and temporary credentials are refused."""
    failed(home.run("add", "dev", "--env", **env), 2, said)


def credentials(home, text):
    with open(os.path.join(home.root, ".aws", "credentials"), "w") as file:
        file.write(text)


def test_from_profile(home):
    """--from-profile takes key and device from AWS's files, and says where the key is still in plaintext."""
    credentials(home, f"[old]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    home.config(f"[profile old]\nmfa_serial = {SERIAL}\n")
    done = home.run("add", "dev", "--from-profile", "old")
    assert done.returncode == 0, done.stderr
    assert ".aws/credentials:2" in done.stderr
    assert listed(home)["dev"]["mfa_serial"] == SERIAL


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", 5, "no profile 'old'"),
        ("[old]\naws_access_key_id = x\n", 2, "has no aws_secret_access_key"),
        (
            f"[old]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = sho-rt\n",
            2,
            "credentials:2: the secret",
        ),
        (
            f"[old]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\naws_session_token = x\n",
            2,
            "temporary",
        ),
        (
            f"[old]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\nmfa_serial = x\n",
            6,
            "credentials:4",
        ),
    ],
)
def test_from_profile_without_a_usable_key_is_said(home, text, code, said):
    """The file and line of what is wrong."""
    credentials(home, text)
    failed(home.run("add", "dev", "--from-profile", "old"), code, said)


def test_a_profile_that_calls_us_is_not_printed_again(home):
    """Where the block is in the file already, stdout stays empty and the place is named."""
    home.scenario()
    done = add(home, GOOD)
    assert done.stdout == ""
    assert ".aws/config:8" in done.stderr


def test_default_is_its_own_section(home):
    """[default] has no prefix in AWS's file."""
    done = add(home, GOOD, name="default")
    assert done.stdout == "[default]\nregion = us-east-1\ncredential_process = awsvault-py export default\n"
    assert "No region is set" in done.stderr


def test_without_a_terminal_the_ways_are_named(home):
    """No key and nobody to ask: exit 2 with the three other ways."""
    failed(home.run("add", "dev"), 2, "--stdin, --env or --from-profile")
