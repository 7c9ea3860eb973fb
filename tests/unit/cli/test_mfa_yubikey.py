"""MFA codes from a YubiKey: a stand-in for ykman computes them, and refuses what ykman refuses."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.fakes.example import SEED, SERIAL
from tests.home import PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.terminal_user import Terminal
from vault import limits
from vault.context import Context
from vault.credentials.mfa_code import NoCode, code_of_program
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env

pytestmark = pytest.mark.usefixtures("unmeasured")

YKMAN = """#!{python}
import base64, hmac, os, sys, time
if sys.argv[1:-1] != ["oath", "accounts", "code", "-s"]:
    sys.exit(2)
if any(name.startswith("AWSVAULT_") for name in os.environ):
    sys.exit(3)
behavior = open({behavior!r}).read()
if behavior == "unplugged" or sys.argv[-1] != "AWS:yourself":
    print("Error: No YubiKey detected!" , file=sys.stderr)
    sys.exit(1)
if behavior == "nonsense":
    print("AWS:yourself  123456")
    sys.exit()
if behavior == "never touched":
    print("Touch your YubiKey...", file=sys.stderr)
    time.sleep(600)
mac = hmac.digest(base64.b32decode({seed!r}), int(time.time() // 30).to_bytes(8, "big"), "sha1")
at = mac[-1] & 15
print(f"{{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}}")
"""


@pytest.fixture
def ykman(home):
    """A home without a seed, and a ykman; what it does is written to the file that is returned."""
    home.scenario()
    home.make_vault(seed=None)
    folder = os.path.join(home.root, "bin")
    os.mkdir(folder)
    behavior = os.path.join(home.root, "behavior")
    text = YKMAN.format(python=sys.executable, seed=SEED, behavior=behavior)
    path = os.path.join(folder, "ykman")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755)
    home.env["PATH"] = folder + os.pathsep + home.env["PATH"]

    def behave(how):
        with open(behavior, "w", encoding="ascii") as file:
            file.write(how)

    behave("touched")
    behave.path = path
    return behave


def config(home):
    with open(home.config_path, encoding="utf-8") as file:
        return file.read()


def test_profiles_take_their_codes_from_it(home, ykman):
    """One code is checked, the lines are shown and written, an export works, and setup --undo takes them out."""
    before = config(home)
    user = Terminal(
        home, "mfa", "add", "shared-services", "--yubikey", "AWS:yourself", AWSVAULT_PASSPHRASE=PASSPHRASE
    )
    user.sees("If the YubiKey blinks, touch it")
    user.answers("Write this to", "y")
    assert user.ends() == 0, user.shown
    line = f"mfa_process = {ykman.path} oath accounts code -s AWS:yourself\n"
    assert config(home).count(line) == 3
    assert home.export("dev")["AccountId"] == "222222222222"
    again = home.run("mfa", "add", "shared-services", "--yubikey", "AWS:yourself", "--yes")
    assert "already use it" in again.stderr
    assert home.run("setup", "--undo", "--yes").returncode == 0
    assert config(home) == before


def test_a_stored_seed_is_used_first(home, ykman):
    """So the user is told how to remove it, at each run; explain says where the codes come from."""
    add = ("mfa", "add", "shared-services", "--yubikey", "AWS:yourself", "--yes")
    assert "used first" not in home.run(*add).stderr
    assert f"code from  {ykman.path} oath accounts code" in home.run("explain", "dev").stdout
    device = json.dumps({"MfaSerial": SERIAL, "MfaSeed": SEED})
    assert home.run("mfa", "add", "shared-services", "--stdin", stdin=device).returncode == 0
    said = f"the vault has a seed of {SERIAL}, which is used first. To take the codes from the YubiKey, run: awsvault-py mfa remove {SERIAL}"
    assert f"{said}\n" in home.run(*add).stderr
    assert "code from  the seed in the vault" in home.run("explain", "dev").stdout
    home.config(config(home).replace(f"mfa_serial = {SERIAL}\n", ""))
    again = f"{said}, then awsvault-py mfa add shared-services, and leave the seed empty"
    assert again in home.run(*add).stderr


def test_without_a_terminal_the_hint_is_yes(home, ykman):
    done = home.run("mfa", "add", "shared-services", "--yubikey", "AWS:yourself")
    assert (done.returncode, "hint: use --yes to skip the prompt" in done.stderr) == (10, True)


@pytest.mark.parametrize(
    ("how", "account", "code", "said"),
    [
        ("unplugged", "AWS:yourself", 3, "plug in the YubiKey, and touch it within 15 s"),
        ("touched", "another", 3, "ykman oath accounts code -s another\n"),
        ("nonsense", "AWS:yourself", 6, "did not give the 6 digits"),
        ("touched", "AWS;yourself", 2, "ykman oath accounts rename"),
    ],
)
def test_nothing_is_written_without_a_code(home, ykman, how, account, code, said):
    """Each reason, and what to do."""
    before = config(home)
    ykman(how)
    failed(home.run("mfa", "add", "shared-services", "--yubikey", account, "--yes"), code, said)
    assert config(home) == before


def test_a_seed_in_the_vault_comes_first_and_that_is_said(home, ykman):
    """The user believes that the YubiKey gives the codes from now on."""
    device = json.dumps({"MfaSerial": SERIAL, "MfaSeed": SEED})
    assert home.run("mfa", "add", "shared-services", "--stdin", "--no-verify", stdin=device).returncode == 0
    said = home.run("mfa", "add", "shared-services", "--yubikey", "AWS:yourself", "--yes").stderr
    assert f"the vault has a seed of {SERIAL}, which is used first" in said
    assert home.run("mfa", "remove", SERIAL, "--yes").returncode == 0
    said = home.run("mfa", "add", "shared-services", "--yubikey", "AWS:yourself", "--yes").stderr
    assert "has a seed" not in said


def test_without_a_device_no_code_is_needed_and_that_is_said(home, ykman):
    """The profiles have their line, and AWS is never sent a code."""
    home.config("[profile shared-services]\ncredential_process = {command} export shared-services\n")
    assert home.run("mfa", "remove", "shared-services", "--yes").returncode == 0
    add = ("mfa", "add", "shared-services", "--yubikey", "AWS:yourself", "--yes")
    said = home.run(*add).stderr
    assert "neither the key nor its profiles name an MFA device" in said
    device = json.dumps({"MfaSerial": SERIAL})
    assert home.run("mfa", "add", "shared-services", "--stdin", stdin=device).returncode == 0
    assert "neither the key" not in home.run(*add).stderr


def test_what_it_needs(home, ykman):
    """ykman, an entry, a profile; and no seed."""
    add = ("mfa", "add", "shared-services", "--yubikey", "AWS:yourself")
    failed(home.run(*add, "--strict"), 2, "--yubikey stores no seed")
    failed(home.run("mfa", "add", "nobody", "--yubikey", "AWS:yourself"), 5)
    asks_nothing = {"AWSVAULT_PASSPHRASE": None}  # it would be typed in vain
    failed(home.run(*add, PATH="/nowhere", **asks_nothing), 6, "ykman is not installed")
    failed(home.run(*add[:-1], "AWS;yourself", **asks_nothing), 2, "ykman oath accounts rename")
    home.config("")
    failed(home.run(*add, "--yes"), 5, "uses the key shared-services", "setup")


@pytest.mark.parametrize("entry", ["", ".", "bin"])
def test_a_ykman_of_the_present_folder_is_never_run(home, ykman, entry):
    """PATH may name the folder of a project; nothing of it is written to the config, which is used everywhere."""
    folder = os.path.dirname(os.path.dirname(ykman.path)) if entry == "bin" else os.path.dirname(ykman.path)
    before = config(home)
    home.env["PATH"] = entry
    words = [home.command, "mfa", "add", "shared-services", "--yubikey", "AWS:yourself", "--yes"]
    done = subprocess.run(words, env=home.env, cwd=folder, capture_output=True, text=True, check=False)
    failed(done, 6, "ykman is not installed")
    assert config(home) == before


@pytest.mark.parametrize("name", ["a\n[profile b]", "a;b", "a'b", "\udcff"])
def test_a_path_that_a_config_cannot_have_is_not_written(home, ykman, name):
    """A line end would begin another profile."""
    before = config(home)
    folder = os.path.join(home.root, name)
    os.rename(os.path.dirname(ykman.path), folder)
    home.env["PATH"] = folder
    failed(
        home.run("mfa", "add", "shared-services", "--yubikey", "AWS:yourself", "--yes"),
        6,
        "ykman is installed at",
    )
    assert config(home) == before


def test_a_touch_that_never_comes(home, ykman, monkeypatch):
    """It is waited for as long as the YubiKey blinks, and the hint says so."""
    ykman("never touched")
    monkeypatch.setattr(limits, "YUBIKEY_TIME", 0.3)
    words = (ykman.path, "oath", "accounts", "code", "-s", "AWS:yourself")
    context = Context(
        env=home.env, paths=from_env(home.env), clock=SystemClock(), deadline=Deadline.after(PATIENCE)
    )
    with pytest.raises(NoCode, match="did not finish in time") as caught:
        code_of_program(context, words, what="it")
    assert "touch it within" in caught.value.hint
