"""``exec --profile-env``: the command gets AWS_PROFILE, and no credentials."""

from __future__ import annotations

import json
import os
import sys

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.home import COMMAND, failed

pytestmark = pytest.mark.usefixtures("unmeasured")

SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
STALE = {
    "AWS_PROFILE": "other", "AWS_DEFAULT_PROFILE": "other", "AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_SESSION_TOKEN": "older", "AWS_SECURITY_TOKEN": "older", "AWS_CREDENTIAL_EXPIRATION": "older",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/x", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
    "AWSVAULT_PROFILE": "outer", "AWS_VAULT": "outer",
}  # fmt: skip


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


def run(home, *words, **env):
    return home.run("exec", "--profile-env", *words, **env)


def environment(home, *words, **env):
    done = run(home, *words, "--", sys.executable, "-c", SHOW, **env)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_the_child_has_the_profile_and_no_credentials(ready, aws):
    """AWS_PROFILE is all that names credentials, and AWS is not called for it."""
    env = environment(ready, "dev", **STALE)
    assert env["AWS_PROFILE"] == "dev"
    assert not [name for name in STALE if name != "AWS_PROFILE" and name in env]
    assert "AWSVAULT_PASSPHRASE" not in env
    assert len(aws.calls) == 0


def test_the_region_of_the_user_stays(ready):
    """The profile has its own; one that the user set is the user's."""
    assert "AWS_REGION" not in environment(ready, "dev")
    assert environment(ready, "dev", AWS_REGION="eu-central-1")["AWS_REGION"] == "eu-central-1"


def test_an_sdk_in_it_gets_the_role(ready):
    """boto3 runs the profile's credential_process by itself."""
    secret = os.path.join(ready.root, "passphrase")
    with open(secret, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(ready.env["AWSVAULT_PASSPHRASE"])
    ready.settings(f'passphrase_command = ["cat", "{secret}"]\n')
    asked = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    done = run(ready, "dev", "--", sys.executable, "-c", asked)
    assert done.stdout.startswith("arn:aws:sts::222222222222:assumed-role/DeveloperRole/"), done.stderr


def test_a_start_of_the_name_is_enough(ready):
    """As for every exec; the command gets the whole name."""
    assert environment(ready, "sha")["AWS_PROFILE"] == "shared-services"


def test_the_exit_code_is_the_commands_own(ready):
    """CMD replaces this process here too."""
    done = run(ready, "dev", "--", "sh", "-c", "exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")


def test_a_profile_that_does_not_exist_runs_nothing(ready):
    """It would fail in the command, where nobody knows why."""
    failed(run(ready, "prdo", "--", "true"), 5, "'prdo'", "prod")


ROLE = "arn:aws:iam::222222222222:role/A"
KEY = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}"
OWN = f"credential_process = {COMMAND} export other"
CENTER = """\
sso_start_url = https://x.example/start
sso_region = eu-west-1
sso_account_id = 111111111111
sso_role_name = R"""


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (f"role_arn = {ROLE}\nsource_profile = dev", "assume its role themselves"),
        (f"{OWN}\nrole_arn = {ROLE}\nsource_profile = dev", "assume its role themselves"),
        ("credential_process = /bin/true", "run another program"),
        (KEY, "use a plaintext key"),
        (f"{OWN}\nawsvault_role_arn = {ROLE}\nawsvault_source_profile = dev\n{KEY}", "use a plaintext key"),
        (CENTER, "use other credentials"),
    ],
)
def test_a_profile_that_does_not_call_awsvault_py_is_refused(ready, lines, what):
    """Tools would get its credentials without awsvault-py, and without its guard rails. setup changes that."""
    with open(ready.config_path, "a", encoding="utf-8") as file:
        file.write(f"[profile other]\n{lines}\n")
    failed(run(ready, "other", "--", "true"), 6, "--profile-env", what, "awsvault-py setup other")


def test_a_profile_that_exports_another_is_refused(ready):
    """Its own guard rails would not apply. The hint names the profile whose guard rails would."""
    with open(ready.config_path, "a", encoding="utf-8") as file:
        file.write(f"[profile other]\ncredential_process = {COMMAND} export dev\nawsvault_confirm = always\n")
    failed(
        run(ready, "other", "--", "true"),
        6,
        "profile other: --profile-env",
        "run awsvault-py export dev",
        "name profile dev instead",
    )


def test_a_broken_chain_is_told_before_the_command_runs(ready):
    """The tools would only report that credential_process failed."""
    with open(ready.config_path, encoding="utf-8") as file:
        text = file.read()
    ready.config(text.replace("arn:aws:iam::222222222222:role/DeveloperRole", "DeveloperRole"))
    failed(run(ready, "dev", "--", "true"), 6, "'DeveloperRole'")


@pytest.mark.parametrize(
    "other",
    [
        ["--server"],
        ["--no-session"],
        ["--mfa-code", "123456"],
        ["--duration", "1h"],
        ["--fresh"],
        ["--write"],
        ["--policy", ""],
        ["--policy-arn", ""],
        ["--source", ""],
        ["--duration", ""],
        ["--mfa-code", ""],
    ],
    ids=" ".join,
)
def test_what_decides_a_session_does_not_go_with_it(ready, other):
    """exec gets no session here, so such an option would be lost."""
    failed(run(ready, *other, "dev", "--", "true"), 2, "--profile-env", other[0], "leave out one of them")
