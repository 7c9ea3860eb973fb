"""docs/how-to/leave.md, by its own words: every key and seed comes out, the tools go on, and no file of awsvault-py is left."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import segno

from tests.fakes.example import DEVELOPER, KEY_ID, SECRET, SEED, SERIAL
from tests.fakes.remote import ROOT
from tests.home import PASSPHRASE
from tests.keyrings import Desktop
from tests.patience import PATIENCE
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")

NAME = "shared-services"
BEFORE = f"""\
[profile shared-services]
region = us-east-1

[profile dev]
region = us-west-2
role_arn = {DEVELOPER}
source_profile = shared-services
"""


@pytest.fixture(scope="module")
def page():
    with open(os.path.join(ROOT, "docs", "how-to", "leave.md"), encoding="utf-8") as file:
        return file.read()


@pytest.fixture
def lived_in(home, aws, clock):
    """A home as `setup` leaves it, with a vault in the usual folders instead of one of its own."""
    aws.world.roles[DEVELOPER].mfa = False
    home.env.pop("AWSVAULT_HOME")
    home.env |= dict.fromkeys(
        (f"XDG_{name}" for name in ("CONFIG_HOME", "DATA_HOME", "STATE_HOME", "CACHE_HOME", "RUNTIME_DIR")),
        "",
    )
    shutil.rmtree(home.awsvault_home)
    trusted = os.path.join(home.root, ".config", "awsvault-py")
    os.makedirs(trusted, mode=0o700)
    with open(os.path.join(trusted, "config.toml"), "w", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write('trusted_hosts = ["127.0.0.1"]\n')
    home.make_vault()
    home.config(BEFORE)
    done = home.run("setup", "--yes")
    assert done.returncode == 0, done.stderr
    home.export("dev")
    return home


def shell(home, block):
    path = os.path.dirname(sys.executable) + os.pathsep + home.env["PATH"]
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block], env={**home.env, "PATH": path}, capture_output=True,
        stdin=subprocess.DEVNULL, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def files(root):
    return {
        os.path.relpath(os.path.join(folder, name), root)
        for folder, _, names in os.walk(root)
        for name in names
    }


def test_each_command_in_its_order(lived_in, page):
    """At the end AWS's own CLI has both identities from the plaintext files, and the home has a sealed backup and nothing else of awsvault-py."""
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    assert len(blocks) == 7
    said = []
    for block in blocks:
        done = shell(lived_in, block)
        assert done.returncode == 0, (block, done.stderr)
        said.append(done.stdout)
    assert KEY_ID in said[0]
    assert SERIAL in said[0]
    assert said[2] == "1\n"
    assert "111111111111" in said[4]
    done = shell(lived_in, "aws sts get-caller-identity --profile dev")
    assert "assumed-role/DeveloperRole" in done.stdout, done.stderr
    left = {name for name in files(lived_in.root) if not name.startswith(".aws/cli/")}
    assert left == {".aws/config", ".aws/config.bak", ".aws/credentials", "before-leaving.avlt"}
    with open(lived_in.config_path, encoding="utf-8") as file:
        assert file.read() == BEFORE
    with open(os.path.join(lived_in.root, ".aws", "credentials"), encoding="utf-8") as file:
        assert SECRET in file.read()
    assert os.stat(os.path.join(lived_in.root, ".aws", "credentials")).st_mode & 0o077 == 0


def test_the_backup_brings_the_vault_back(lived_in):
    """As the first step says."""
    assert shell(lived_in, "awsvault-py backup ~/before-leaving.avlt; rm -rf ~/.local").returncode == 0
    assert shell(lived_in, "awsvault-py restore ~/before-leaving.avlt --yes").returncode == 0
    assert lived_in.export("dev")["AccountId"] == "222222222222"


def test_the_seed_comes_out_as_a_code_to_scan(lived_in, page):
    """And only so: the QR code on the terminal is that of the seed that was stored."""
    (command,) = re.findall(r"^awsvault-py (mfa qr .*)$", page, re.MULTILINE)
    person = Terminal(lived_in, *command.split(), AWSVAULT_PASSPHRASE=PASSPHRASE, TERM="xterm")
    person.answers("Anyone who sees the QR code", "y")
    assert person.ends() == 0
    picture = io.StringIO()
    address = f"otpauth://totp/AWS:yourself@111111111111?secret={SEED}&issuer=AWS"
    segno.make(address, error="m", micro=False).terminal(picture, compact=True)
    assert picture.getvalue().splitlines()[3] in person.shown.splitlines()
    assert SEED not in person.shown
    refused = lived_in.run(*command.split(), "--yes")
    assert (refused.returncode, refused.stdout) == (2, "")


def test_an_entry_without_a_profile_comes_out_by_its_name(lived_in):
    """Its key too, though no line of ~/.aws/config names it."""
    key = {
        "AccessKeyId": "AKIAI44QH8DHBEXAMPLE",
        "SecretAccessKey": "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
    }
    assert lived_in.run("add", "colleague", "--stdin", stdin=json.dumps(key)).returncode == 0
    done = lived_in.run("export", "colleague", "--no-session", "--format", "ini")
    assert done.returncode == 0, done.stderr
    assert all(value in done.stdout for value in key.values())


def test_undo_gives_the_profiles_back_to_the_byte(lived_in):
    """Where nothing was changed since."""
    done = lived_in.run("setup", "--undo", "--yes")
    assert done.returncode == 0, done.stderr
    with open(lived_in.config_path, encoding="utf-8") as file:
        assert file.read() == BEFORE


def test_the_keyrings_items_go_too(lived_in, page, tmp_path):
    """`slots remove` takes the slot's item; the last command takes whatever is left under the service's name."""
    desktop = Desktop(tmp_path / "d")
    try:
        desktop.log_in()
        lived_in.env |= {**desktop.env, "AWSVAULT_KEYRING": "auto"}
        assert lived_in.run("slots", "add", "keyring").returncode == 0
        search = "secret-tool search --all service awsvault-py 2>&1"
        assert "awsvault-py" in shell(lived_in, search).stdout
        slot = next(
            line.split("\t")[0]
            for line in lived_in.run("slots", "list").stdout.splitlines()
            if "\tkeyring\t" in line
        )
        done = lived_in.run("slots", "remove", slot, "--yes")
        assert done.returncode == 0, done.stderr
        (clear,) = re.findall(r"^secret-tool .*$", page, re.MULTILINE)
        shell(lived_in, clear)
        assert "awsvault-py" not in shell(lived_in, f"{search} || true").stdout
    finally:
        desktop.end()


def test_the_systemd_units_are_those_that_are_named(lived_in, page):
    """The paths of the page are where --install-service writes."""
    assert lived_in.run("unlock", "--install-service").returncode == 0
    written = {name for name in files(lived_in.root) if "systemd" in name}
    (line,) = re.findall(r"^rm (~/\.config.*)$", page, re.MULTILINE)
    assert {word.removeprefix("~/") for word in line.split()} == written
