"""init --from with a profile whose credentials need no vault: a key in AWS's files, another program, a role; and those that do."""

from __future__ import annotations

import json
import os
import sys

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.fakes.s3 import URL
from tests.home import failed

WITHOUT = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
KEYS = f"aws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"


def program(tmp_path):
    """A credential_process that gives the key of the bucket."""
    path = tmp_path / "program.py"
    answer = {"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET}
    path.write_text(f"print({json.dumps(json.dumps(answer))})")
    return f"credential_process = {sys.executable} {path}\n"


@pytest.mark.parametrize("source", ["key", "program"])
def test_a_profile_reads_the_bucket(laptop, desktop, tmp_path, source):
    """Now, and later."""
    laptop.remote()
    section = KEYS if source == "key" else program(tmp_path)
    desktop.home.config(f"[profile bucket]\nregion = us-east-1\n{section}")
    desktop.ok("init", "--from", URL, *desktop.at, "--profile", "bucket", **WITHOUT)
    assert desktop.entries() == laptop.entries()
    desktop.add("prod", 1)
    assert [one["name"] for one in json.loads(desktop.ok("sync", "--json", **WITHOUT).stdout)["went"]] == [
        "prod"
    ]


def test_aws_profile_reads_it_too(laptop, desktop):
    laptop.remote()
    desktop.home.config(f"[profile bucket]\nregion = us-east-1\n{KEYS}")
    desktop.ok("init", "--from", URL, *desktop.at, **WITHOUT, AWS_PROFILE="bucket")


def test_a_key_of_the_vault_cannot_read_it_yet(laptop, desktop, s3):
    """Which machine has it, is not known here: the ways are named, and nothing is sent or created."""
    laptop.remote()
    desktop.home.config("[profile dev]\nregion = us-east-1\ncredential_process = {command} export dev\n")
    s3.requests.clear()
    failed(
        desktop.run("init", "--from", URL, *desktop.at, "--profile", "dev", **WITHOUT),
        6,
        "needs the key dev of the vault, which this machine does not have yet",
        "init --from FILE",
    )
    assert s3.requests == []
    assert not os.path.exists(desktop.home.file("vault.avlt"))


def test_a_sign_in_is_the_aws_clis(laptop, desktop, s3):
    """awsvault-py's own would create another vault."""
    laptop.remote()
    desktop.home.config(
        "[profile corp]\nregion = us-east-1\nsso_session = s\nsso_account_id = 222222222222\nsso_role_name = R\n"
        "[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://x.awsapps.com/start\n"
    )
    done = desktop.run("init", "--from", URL, *desktop.at, "--profile", "corp", **WITHOUT)
    failed(done, 7, "aws sso login --profile corp")
    assert "awsvault-py sso login" not in done.stderr


def test_a_profile_that_does_not_exist(laptop, desktop):
    laptop.remote()
    failed(desktop.run("init", "--from", URL, *desktop.at, "--profile", "nobody", **WITHOUT), 5, "nobody")
