"""docs/profiles.md sets three beliefs right: each is shown with the real AWS CLI, or the botocore that it stands on."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.home import COMMAND
from tests.patience import PATIENCE

AWS = os.path.join(os.path.dirname(COMMAND), "aws")
FOREIGN = {"AWS_ACCESS_KEY_ID": "AKIAGONEGONEGEXAMPLE", "AWS_SECRET_ACCESS_KEY": "x" * 40}


def who(home, *options, **env):
    """What the AWS CLI says one is."""
    return subprocess.run(
        [AWS, "sts", "get-caller-identity", "--output", "json", *options],
        env=home.with_env(env), capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_keys_in_the_environment_do_not_beat_a_named_profile(home):
    """--profile dev is taken though keys are set; AWS_PROFILE=dev is not."""
    home.scenario()
    home.make_vault()
    named = who(home, "--profile", "dev", **FOREIGN)
    assert named.returncode == 0, named.stderr
    assert ":assumed-role/DeveloperRole/" in json.loads(named.stdout)["Arn"]
    selected = who(home, AWS_PROFILE="dev", **FOREIGN)
    assert selected.returncode != 0
    assert "InvalidClientTokenId" in selected.stderr


PROCESS = (
    f"credential_process = {sys.executable} -c "
    '"print(\'{\\"Version\\":1,\\"AccessKeyId\\":\\"PROCESSEXAMPLE\\",\\"SecretAccessKey\\":\\"s\\"}\')"'
)
STATIC = "aws_access_key_id = STATICEXAMPLE\naws_secret_access_key = s\n"


@pytest.mark.parametrize(
    ("config", "credentials", "method"),
    [
        (f"[profile p]\n{PROCESS}\n", f"[p]\n{STATIC}", "shared-credentials-file"),
        (f"[profile p]\n{PROCESS}\n{STATIC}", "", "custom-process"),
        (f"[profile p]\n{STATIC}", "", "config-file"),
    ],
)
def test_credential_process_in_the_middle_of_a_chain(tmp_path, config, credentials, method):
    """Behind the keys of the credentials file, before those of the config file."""
    (tmp_path / "config").write_text(config)
    (tmp_path / "credentials").write_text(credentials)
    code = "import botocore.session; print(botocore.session.Session(profile='p').get_credentials().method)"
    env = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "HOME": str(tmp_path), "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=PATIENCE, check=True
    )
    assert done.stdout.strip() == method


def test_the_aws_cli_writes_roles_to_disk_in_plaintext(home):
    """The roles that it assumes itself; of those that come from us nothing is there."""
    home.scenario()
    home.make_vault()
    cache = os.path.join(home.root, ".aws", "cli", "cache")
    assert who(home, "--profile", "dev").returncode == 0
    assert not os.path.exists(cache)
    home.config(
        "[profile shared-services]\nregion = us-east-1\ncredential_process = {command} export shared-services\n"
        "mfa_serial = arn:aws:iam::111111111111:mfa/yourself\n"
        "[profile dev]\nregion = us-west-2\nsource_profile = shared-services\n"
        "role_arn = arn:aws:iam::222222222222:role/DeveloperRole\n"
    )
    assert who(home, "--profile", "dev").returncode == 0
    (name,) = os.listdir(cache)
    with open(os.path.join(cache, name), encoding="utf-8") as file:
        held = json.load(file)["Credentials"]
    assert held["SecretAccessKey"]
    assert held["SessionToken"]
