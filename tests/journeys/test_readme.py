"""Every command of the README, run as it is written there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.fakes.example import DEVELOPER, KEY_ID, SECRET
from tests.patience import PATIENCE

pytestmark = pytest.mark.usefixtures("unmeasured")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TOOLS = os.path.dirname(sys.executable)  # with the AWS CLI

# Lines that need more than a home and a shell, each with the test that runs it.
ELSEWHERE = {
    "uv tool install .": "tests/clients/test_install.py",
    "pipx install .": "tests/clients/test_install.py",
    "./scripts/quickstart": "tests/clients/test_quickstart.py",
    "./scripts/test": ".ci/run",
    "awsvault-py import --aws-vault": "tests/clients/test_from_aws_vault.py",
    "awsvault-py add shared-services": "tests/journeys/test_first_hour.py",
    "awsvault-py sso login": "tests/journeys/test_identity_center.py",
    "awsvault-py setup --sso corp --region us-east-1": "tests/journeys/test_identity_center.py",
}


def lines(after=""):
    """The command lines of the README, without their comments; ``after`` a heading, those of its section."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        text = file.read()
    if after:
        text = text.partition(f"\n## {after}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    return [re.sub(r" +#.*", "", line) for block in blocks for line in block.splitlines()]


def shell(home, *commands, stdin=""):
    """The lines in one bash, whose terminal nobody sits at."""
    return subprocess.run(
        ["bash", "-e", "-c", "\n".join(commands)],
        env={**home.env, "PATH": home.env["PATH"] + os.pathsep + TOOLS},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def pinned():
    """The lines of docs/how-to/install.md that check hashes, which tests/clients/test_install.py runs from there."""
    with open(os.path.join(ROOT, "docs", "how-to", "install.md"), encoding="utf-8") as file:
        section = file.read().partition("\n## Pinned, with hashes\n")[2]
    return re.search(r"```sh\n(.*?)```", section, re.DOTALL)[1].splitlines()


def test_each_line_is_run_by_a_test():
    """Here, or in the file that says the same words. All ways to install are at the top."""
    here = {*lines("I have ~/.aws/credentials"), *lines("Then"), *pinned()}
    assert lines("Install")[2:6] == pinned()
    assert set(lines()) - here == set(ELSEWHERE)
    for line, path in ELSEWHERE.items():
        with open(os.path.join(ROOT, path), encoding="utf-8") as file:
            text = re.sub(r"[\s\"',/]+", " ", file.read())
        assert set(line.removeprefix("awsvault-py ").replace("./", "").replace("/", " ").split()) - {
            "."
        } <= set(re.findall(r"[\w-]+", text)), line


def test_what_follows_the_set_up(home, aws):
    """Each line in turn: who it is, by profile and by AWS_PROFILE; the environment; the tables; a new key."""
    home.scenario()
    home.make_vault()
    commands = lines("Then")
    who, variable, run, listed, explained, rotated, hook = commands
    assert variable == "export AWS_PROFILE=dev"
    identity = shell(home, who)
    assert identity.returncode == 0, identity.stderr
    assert f":assumed-role/{DEVELOPER.rpartition('/')[2]}/" in json.loads(identity.stdout)["Arn"]
    by_name = shell(home, variable, "aws sts get-caller-identity")
    assert json.loads(by_name.stdout)["Arn"] == json.loads(identity.stdout)["Arn"]
    assert "AWS_SESSION_TOKEN=" in shell(home, run).stdout
    assert KEY_ID in shell(home, listed).stdout
    assert "config:" in shell(home, explained).stdout
    assert "--yes" in shell(home, rotated).stderr  # it asks before it changes anything
    done = shell(home, f"{rotated} --yes")
    assert done.returncode == 0, done.stderr
    assert KEY_ID not in shell(home, listed).stdout
    assert shell(home, hook, "declare -F avp").stdout == "avp\n"
    assert len(aws.calls.codes()) >= 1


def test_import_moves_a_key(home, aws):
    """The line asks before it changes anything; with a yes, the file has no key any more and the CLI goes on working."""
    (line,) = lines("I have ~/.aws/credentials")
    path = os.path.join(home.root, ".aws", "credentials")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"[default]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n")
    home.config("[default]\nregion = us-east-1\n")
    refused = shell(home, line)
    assert refused.returncode != 0
    done = shell(home, f"{line} --yes")
    assert done.returncode == 0, done.stderr
    with open(path, encoding="utf-8") as file:
        assert SECRET not in file.read()
    identity = shell(home, "aws sts get-caller-identity")
    assert identity.returncode == 0, identity.stderr
    assert json.loads(identity.stdout)["Arn"].endswith(":user/yourself"), identity.stderr


def test_doctor_finds_nothing_in_the_config(home, aws):
    """What the README shows to paste is what doctor would have a user write."""
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        (block,) = re.findall(r"```ini\n(.*?)```", file.read(), re.DOTALL)
    home.config(block.replace("/home/you/.local/bin/awsvault-py", "{command}"))
    home.make_vault()
    found = json.loads(home.run("doctor", "--json").stdout)
    assert not [one for one in found["findings"] if "config" in json.dumps(one) and one["level"] != "ok"], (
        found
    )
