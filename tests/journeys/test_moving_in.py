"""Two journeys: from `aws configure` to the vault in under ten commands, and the tired person who does it all twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.fakes.example import DEVELOPER, KEY_ID, SECRET
from tests.home import PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")

AWS = os.path.join(os.path.dirname(sys.executable), "aws")


@pytest.fixture
def passphrase_file(home):
    """Where the tools of these journeys have the passphrase from, so that nobody is asked once the vault is made."""
    path = os.path.join(home.root, "passphrase")
    with open(path, "w", encoding="utf-8", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(PASSPHRASE)
    return path


def test_from_aws_configure_to_the_vault_in_under_ten_commands(home, aws, passphrase_file):
    """A user with one key in plaintext and a role on it: each command as they type it, and nothing is lost on the way."""
    typed = []
    home.env.pop("AWSVAULT_PASSPHRASE")

    def tool(*arguments: str) -> subprocess.CompletedProcess[str]:
        typed.append(("aws", *arguments))
        return subprocess.run(
            [AWS, *arguments], env={**home.env, "AWSVAULT_PASSPHRASE_FILE": passphrase_file}, capture_output=True,
            text=True, check=False, timeout=PATIENCE, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    # How they came here: what `aws configure` writes, and a role added in an editor.
    for key, value in (
        ("aws_access_key_id", KEY_ID),
        ("aws_secret_access_key", SECRET),
        ("region", "us-east-1"),
    ):
        assert tool("configure", "set", key, value).returncode == 0
    for key, value in (("role_arn", DEVELOPER), ("source_profile", "default"), ("region", "us-west-2")):
        assert tool("configure", "set", f"profile.dev.{key}", value).returncode == 0
    aws.world.roles[DEVELOPER].mfa = False
    before = tool("sts", "get-caller-identity", "--profile", "dev", "--output", "json")
    assert before.returncode == 0, before.stderr
    assert json.loads(before.stdout)["Account"] == "222222222222"
    typed.clear()

    def person(*arguments: str) -> Terminal:
        typed.append(arguments)
        return Terminal(home, *arguments)

    # What is wrong here? One command says it, with the way to go.
    look = person("doctor")
    look.sees("plaintext")
    look.sees("awsvault-py import")
    assert look.ends() == 1

    # Is it safe to try? --dry-run shows all of it and does nothing.
    dry = person("import", "--dry-run", "--diff")
    dry.sees("+credential_process")
    assert dry.ends() == 0

    move = person("import")
    move.sees("yourself in 111111111111")
    move.new_passphrase()
    move.answers("[y/N/d] ", "y")
    move.sees("awsvault-py import --undo")
    assert move.ends() == 0

    after = tool("sts", "get-caller-identity", "--profile", "dev", "--output", "json")
    assert after.returncode == 0, after.stderr
    assert json.loads(after.stdout)["Account"] == "222222222222"

    # And now? What the CLI left in plaintext before is still there, and goes with --fix.
    fix = person("doctor", "--fix")
    fix.sees("rm ")
    fix.answers("[y/N] ", "y")
    assert fix.ends() == 0
    assert len(typed) < 10, typed
    for folder, _, names in os.walk(home.root):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                assert SECRET.encode() not in file.read(), os.path.join(folder, name)

    # It was safe: the way back is one command, and gives every byte.
    back = person("import", "--undo")
    back.answers("Passphrase: ", PASSPHRASE)
    back.answers("[y/N] ", "y")
    assert back.ends() == 0
    again = tool("sts", "get-caller-identity", "--output", "json")
    assert json.loads(again.stdout)["Account"] == "111111111111"


def test_the_tired_person(home, aws):
    """Setup twice, a manual edit in between that breaks three things, doctor, doctor --fix, and it works."""
    home.make_vault()
    home.config(
        "[profile shared-services]\nregion = us-east-1\n\n[profile dev]\nregion = us-west-2\n"
        f"role_arn = {DEVELOPER}\nsource_profile = shared-services\n"
    )
    assert home.run("setup", "--yes").returncode == 0
    assert home.run("setup", "--yes").returncode == 0
    assert home.export("dev")["AccountId"] == "222222222222"

    # In an editor, late at night: a role pasted from a colleague, the command "made portable", a source misspelled.
    with open(home.config_path, encoding="utf-8") as file:
        text = file.read()
    colleagues = (
        "\n[profile ops]\ncredential_process = ~/.local/bin/awsvault-py export ops\nregion = us-east-1\n"
    )
    colleagues += f"role_arn = {DEVELOPER}\nsource_profile = shared-servces\n"
    home.config(text + colleagues)
    home.run("setup", "ops", "--yes")
    failed(home.run("export", "ops"), 6, "did you mean shared-services?")

    found = json.loads(home.run("doctor", "--json").stdout)["findings"]
    checks = {finding["check"]: finding for finding in found}
    assert {"broken-chain", "role-before-process", "process-needs-shell"} <= set(checks)
    assert checks["broken-chain"]["where"].startswith(home.config_path + ":")

    # --fix corrects what is safe; the misspelled name is left to the user, and is still named.
    home.run("doctor", "--fix", "--yes")
    left = {finding["check"] for finding in json.loads(home.run("doctor", "--json").stdout)["findings"]}
    assert "role-before-process" not in left
    assert "process-needs-shell" not in left
    assert "broken-chain" in left
    with open(home.config_path, encoding="utf-8") as file:
        text = file.read()
    home.config(text.replace("shared-servces", "shared-services"))
    assert home.export("ops")["AccountId"] == "222222222222"
    assert "Nothing to change" in home.run("setup", "--yes").stderr

    # A line that setup wrote and the user changed since belongs to the user: undo names the profile and touches nothing.
    with open(home.config_path, encoding="utf-8") as file:
        now = file.read()
    failed(home.run("setup", "--undo", "--yes"), 10, "was edited after the change in profile ops")
    with open(home.config_path, encoding="utf-8") as file:
        assert file.read() == now
