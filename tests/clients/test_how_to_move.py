"""The guides of moving in, by their own words: each command is run as it stands there, with the real AWS CLI."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.clients.aws_vault_peer import AwsVault
from tests.fakes.example import DEVELOPER, KEY_ID, SECRET
from tests.fakes.remote import ROOT
from tests.home import COMMAND
from tests.patience import PATIENCE
from tests.vaults import new_vault
from vault.system.paths import from_env


def guide(name):
    with open(os.path.join(ROOT, "docs", "how-to", name), encoding="utf-8") as file:
        return file.read()


def shell(home, block, **env):
    """A block of a guide in bash, this Python's AWS CLI and our command first on the PATH."""
    path = os.path.dirname(sys.executable) + os.pathsep + home.env["PATH"]
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block], env={**home.env, "PATH": path, **env}, capture_output=True,
        stdin=subprocess.DEVNULL, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_from_plaintext_keys_and_back(home, aws):
    """Each block succeeds (doctor with what it found); in the middle nothing is in plaintext, at the end all is as before."""
    aws.world.roles[DEVELOPER].mfa = False
    home.config(
        f"[default]\nregion = us-east-1\n\n[profile dev]\nregion = us-west-2\nrole_arn = {DEVELOPER}\nsource_profile = default\n"
    )
    credentials = os.path.join(home.root, ".aws", "credentials")
    with open(credentials, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    with open(home.config_path, encoding="utf-8") as file:
        before = file.read()
    new_vault(from_env(home.env))
    blocks = re.findall(r"```sh\n(.*?)```", guide("from-plaintext-keys.md"), re.DOTALL)
    assert len(blocks) == 7
    for number, block in enumerate(blocks):
        for asking in ("import\n", "doctor --fix\n"):  # the user says yes
            block = block.replace(asking, asking.rstrip() + " --yes\n")  # noqa: PLW2901
        done = shell(home, block)
        found = "doctor" in block  # the passphrase in this home's environment is a finding
        assert done.returncode == (1 if found else 0), (block, done.stderr)
        if "get-caller-identity" in block:
            assert "222222222222" in done.stdout
        if number == 4:
            with open(credentials, encoding="utf-8") as file:
                assert SECRET not in file.read()
    with open(home.config_path, encoding="utf-8") as file:
        assert file.read() == before
    with open(credentials, encoding="utf-8") as file:
        assert SECRET in file.read()
    assert os.stat(credentials).st_mode & 0o077 == 0


def test_aws_vault_hands_a_key_over_and_takes_it_back(home, aws):
    """For the stores that are not read: by the environment of one process, both ways, with the real aws-vault."""
    new_vault(from_env(home.env))
    theirs = AwsVault(home)
    theirs.add("shared-services", KEY_ID, SECRET)
    page = guide("from-aws-vault.md")
    (over,) = re.findall(r"`(aws-vault exec NAME --no-session -- awsvault-py add NAME --env)`", page)
    (back,) = re.findall(r"\n(\(eval .*aws-vault add NAME --env\))\n", page)
    tools = os.path.join(home.root, "tools")
    os.mkdir(tools)
    os.symlink(theirs.program, os.path.join(tools, "aws-vault"))
    env = {**theirs.env, "PATH": os.pathsep.join((tools, os.path.dirname(COMMAND), os.environ["PATH"]))}
    done = shell(home, over.replace("NAME", "shared-services"), **env)
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert home.export("shared-services")["AccountId"] == "111111111111"
    theirs.run("remove", "--force", "shared-services")
    done = shell(home, back.replace("NAME", "shared-services"), **env)
    assert done.returncode == 0, done.stderr
    assert "shared-services" in theirs.names()
