"""The forms of exported credentials."""

import re
import subprocess

import pytest

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")


@pytest.fixture
def ready(home):
    home.scenario()
    home.make_vault()
    return home


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (
            "env",
            r"^export AWS_ACCESS_KEY_ID='ASIA\w+'\nexport AWS_SECRET_ACCESS_KEY='[^']+'\nexport AWS_SESSION_TOKEN='",
        ),
        ("dotenv", r'^AWS_ACCESS_KEY_ID="ASIA\w+"\n'),
        (
            "ini",
            r"^\[dev\]\naws_access_key_id = ASIA\w+\naws_secret_access_key = \S+\naws_session_token = \S+\n$",
        ),
        ("fish", r"^set -gx AWS_ACCESS_KEY_ID 'ASIA\w+'\n"),
        ("powershell", r"^\$Env:AWS_ACCESS_KEY_ID = 'ASIA\w+'\n"),
        ("json", r'^{"Version": 1, '),
    ],
)
def test_formats(ready, form, expected):
    """Each form is what its readers take."""
    done = ready.run("export", "dev", "--format", form)
    assert done.returncode == 0, done.stderr
    assert re.search(expected, done.stdout)
    if form not in ("ini", "json"):
        assert "us-west-2" in done.stdout


def test_env_format_is_read_by_a_shell(ready):
    """eval of the env form sets the very values that the JSON has, and unsets a stale token."""
    found = ready.export("shared-services", "--no-session")
    text = ready.run("export", "shared-services", "--no-session", "--format", "env").stdout
    out = subprocess.run(
        ["sh", "-c", 'eval "$1"; echo "$AWS_ACCESS_KEY_ID $AWS_SECRET_ACCESS_KEY [$AWS_SESSION_TOKEN]"', "sh", text],
        capture_output=True, env={"AWS_SESSION_TOKEN": "stale"}, check=True,
    ).stdout.decode()  # fmt: skip
    assert out == f"{found['AccessKeyId']} {found['SecretAccessKey']} []\n"


@pytest.mark.parametrize(
    ("form", "written"),
    [
        ("env", "export AWS_SECURITY_TOKEN='{}'"),
        ("dotenv", 'AWS_SECURITY_TOKEN="{}"'),
        ("fish", "set -gx AWS_SECURITY_TOKEN '{}'"),
        ("powershell", "$Env:AWS_SECURITY_TOKEN = '{}'"),
    ],
)
def test_the_tokens_older_name(ready, form, written):
    """boto 2 reads AWS_SECURITY_TOKEN alone, and boto3 before the other: a stale one never outlives an export."""
    token = ready.export("dev")["SessionToken"]
    lines = ready.run("export", "dev", "--format", form).stdout.splitlines()
    assert written.format(token) in lines
    without = ready.run("export", "shared-services", "--no-session", "--format", form).stdout.splitlines()
    assert [n for n in without if "AWS_SECURITY_TOKEN" in n] == [
        n.replace("SESSION", "SECURITY") for n in without if "AWS_SESSION_TOKEN" in n
    ]
