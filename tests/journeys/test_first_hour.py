"""A user's first hour: from nothing to `aws --profile prod`, with three mistakes on the way, at a terminal."""

from __future__ import annotations

import json
import os
import sys

import pexpect
import pytest

from tests.fakes.example import KEY_ID, SECRET, SEED, SERIAL
from tests.home import PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")

AWS = os.path.join(os.path.dirname(sys.executable), "aws")
ROLES = """
[profile dev]
region = us-west-2
credential_process = awsvault-py export dev
awsvault_role_arn = arn:aws:iam::222222222222:role/DeveloperRole
awsvault_source_profile = shared-servces

[profile prod]
region = eu-west-1
credential_process = awsvault-py export prod
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = shared-services
"""


def aws_at_a_terminal(home, profile):
    """`aws sts get-caller-identity` as a user types it; the vault's question comes through on the terminal."""
    changes = {"AWSVAULT_PASSPHRASE": None, "AWSVAULT_PROMPT": "tty", "AWS_PAGER": ""}
    return pexpect.spawn(
        AWS,
        ["--profile", profile, "sts", "get-caller-identity", "--output", "json"],
        env=home.with_env(changes),
        encoding="utf-8",
        timeout=PATIENCE,
        dimensions=(40, 400),
    )


def who(child):
    """Answer the vault's question; the identity that AWS CLI prints."""
    child.expect_exact("Passphrase: ")
    child.sendline(PASSPHRASE)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0, child.before
    return json.loads(child.before[child.before.index("{") :])


def test_from_nothing_to_prod(home, aws):
    """Every step follows the program's own words; each mistake is named with its fix, and nothing has to be undone."""
    # Nothing is known yet: the bare command says where to begin.
    first = home.run()
    assert first.returncode == 0
    assert "awsvault-py add NAME" in first.stdout

    # Mistake one: the key on the command line, as `aws configure set` would take it.
    failed(home.run("add", "shared-services", KEY_ID, SECRET), 2, "shell's history", "rotate the key")
    assert not os.path.exists(home.file("vault.avlt"))

    # The key by its questions. Mistake two: the user's ARN where the device's belongs.
    person = Terminal(home, "add", "shared-services")
    person.new_passphrase()
    person.answers("Access key ID for shared-services: ", KEY_ID)
    person.answers("Secret access key (not shown): ", SECRET)
    person.answers("(Enter for none): ", SERIAL.replace(":mfa/", ":user/"))
    person.sees(f"device may be {SERIAL}")
    person.answers("(Enter for none): ", SERIAL)
    person.answers("type codes instead): ", SEED)
    person.profiles()
    assert person.ends() == 0
    block = person.shown[person.shown.rindex("[profile shared-services]") :].replace("\r\n", "\n")
    block = block[: block.index("\n\n") + 1]

    # The block goes into AWS's file, and the roles are written below it. Mistake three: a name misspelt.
    home.config(block + ROLES)
    dev = aws_at_a_terminal(home, "dev")
    dev.expect_exact("Passphrase: ")  # the vault may hold a key of that name, so it is opened to know
    dev.sendline(PASSPHRASE)
    dev.expect(pexpect.EOF)
    dev.close()
    said = " ".join(dev.before.split())
    assert dev.exitstatus != 0
    assert "shared-servces" in said
    assert ".aws/config:10" in said or ".aws/config:11" in said
    assert "Traceback" not in said

    home.config(block + ROLES.replace("servces", "services"))
    assert who(aws_at_a_terminal(home, "dev"))["Account"] == "222222222222"
    prod = who(aws_at_a_terminal(home, "prod"))
    assert prod["Arn"].startswith("arn:aws:sts::333333333333:assumed-role/ReadOnlyRole/")

    # One code for all of it, and no plain key anywhere under the home.
    assert len(aws.calls.codes()) == 1
    for folder, _, names in os.walk(home.root):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                content = file.read()
            assert SECRET.encode() not in content
            assert SEED.encode() not in content
