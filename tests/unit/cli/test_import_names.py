"""`import` and odd names: what boto3 signs with is moved, and every other secret in AWS's files is named with its reason."""

from __future__ import annotations

import json
import os
import re
import shlex

import pytest

from tests.fakes.example import SECRET
from tests.properties.graphs import session_of
from tests.unit.cli.test_import import credentials, keys, names, plaintext_home, read

__all__ = ["plaintext_home"]

pytestmark = pytest.mark.usefixtures("inside")

NAMES = ("R&D", "my dev", "b\u00fcro", "profile bob", "O'Brien", "C#", "a=b;c")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_boto3_takes_is_taken_over(plaintext_home, name):
    """boto3 signs with such a profile before; afterwards it gets the same user's session from the vault."""
    credentials(plaintext_home, keys(name))
    plaintext_home.env["AWS_REGION"] = "us-east-1"
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 0, done.stderr
    assert SECRET not in read(plaintext_home, "credentials")
    assert names(plaintext_home) == [name]
    config = os.path.join(plaintext_home.root, ".aws", "config")
    session = session_of(config, os.path.join(plaintext_home.root, ".aws", "credentials"))
    (call,) = [
        shlex.split(p["credential_process"]) for n, p in session.full_config["profiles"].items() if n == name
    ]
    assert call[1:] == ["export", name]
    assert plaintext_home.run(*call[1:]).returncode == 0


def test_a_name_that_a_shell_reads_otherwise_is_left_with_a_reason(plaintext_home):
    """It would stand in a command that some SDKs hand to a shell."""
    credentials(plaintext_home, keys("a$(id)b"))
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 1
    assert read(plaintext_home, "credentials") == keys("a$(id)b")
    assert "$" in done.stderr.partition(": a$(id)b: ")[2].partition("\n")[0] or "contain" in done.stderr


STRAY = "aws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\n"


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (f"[profile a]\nregion = x\n  {STRAY}", "config:3: .*indented"),
        (f"[DEFAULT]\n{STRAY}", "config:2: .*botocore lets every profile of the file inherit this key"),
        (f"[a]\n{STRAY}", r"config:2: .*check the line and the header \[a\]"),
        (f"[profile my dev]\n{STRAY}", r"config:2: .*the header \[profile my dev\]"),
        (f"[profile a]\n# {STRAY}", "config:2: .*in a comment"),
        (f"[services s]\n{STRAY}", "config:2: .*check the line"),
        (f"[profile a]\nexport {STRAY}", "config:2: .*check the line"),
        (f"[default]\n{STRAY}[profile default]\nregion = x\n", "config:2: .*check the line"),
    ],
)
def test_a_secret_that_is_no_profiles_key_is_named(plaintext_home, config, said):
    """import lists what it leaves and why, doctor reports it, and neither shows it."""
    plaintext_home.config(config)
    credentials(plaintext_home, "")
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 1
    assert re.search(said, done.stderr), done.stderr
    found = [
        f
        for f in json.loads(plaintext_home.run("doctor", "--json").stdout)["findings"]
        if f["check"] == "plaintext-keys"
    ]
    assert len(found) == 1
    assert re.search(said, f"{found[0]['where']}: {found[0]['message']}")
    assert "je7Mt" not in done.stdout + done.stderr + repr(found)


def test_a_placeholder_in_a_comment_is_no_secret(plaintext_home):
    """Documents and templates have them."""
    credentials(
        plaintext_home,
        "# aws_secret_access_key = YOUR_SECRET_KEY\n; aws_secret_access_key = your-secret-goes-here-x\n",
    )
    assert plaintext_home.run("import", "--yes").returncode == 0


def test_a_key_that_every_profile_inherits_is_left(plaintext_home):
    """[DEFAULT] of the credentials file: taken out, boto3 would find no key in any profile."""
    credentials(plaintext_home, keys("DEFAULT"))
    done = plaintext_home.run("import", "--yes")
    assert done.returncode == 1
    assert read(plaintext_home, "credentials") == keys("DEFAULT")
    assert "inherit" in done.stderr
