"""Strict seeds behind a security key: a touch for each code, and every way out if the key is gone."""

from __future__ import annotations

import json
import os

import pytest

from tests.fakes.example import SEED, SERIAL
from tests.fakes.security_key import SoftKey
from tests.fakes.security_key_usb import PluggedKey
from tests.home import PASSPHRASE, failed
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")

PIN = "PIN of the security key: "
TOUCH = "Touch the security key."
NEXT = "five words for the seeds alone"
SECOND = "arn:aws:iam::111111111111:mfa/second"


@pytest.fixture
def key(home):
    """A home whose only seed is strict, and opens by a touch of the security key that is plugged in."""
    home.scenario()
    home.make_vault(seed=None)
    plugged = PluggedKey(SoftKey(), os.path.join(home.root, "k"))
    home.env |= plugged.env
    user = Terminal(
        home, "mfa", "add", "shared-services", "--strict", "--fido2", AWSVAULT_PASSPHRASE=PASSPHRASE
    )
    user.answers("ARN of", "")
    user.answers(" seed", SEED)
    user.answers(PIN, "1234")
    user.sees("(2 of 2)")
    assert user.ends() == 0, user.shown
    assert "A touch of the security key unlocks its seed for one code." in user.shown
    plugged.key.touches = 0
    yield plugged
    if not plugged.key.gone:
        plugged.unplug()


def at_terminal(home, *words):
    return Terminal(home, *words, AWSVAULT_PASSPHRASE=PASSPHRASE)


def strict_slots(home):
    rows = json.loads(home.run("slots", "list", "--json").stdout)["slots"]
    return [(row["kind"], row["about"].split(",")[0]) for row in rows if row["opens"] == "strict"]


def test_each_code_needs_a_touch(home, key, aws):
    """No PIN, no second passphrase; without the user there is none."""
    assert strict_slots(home) == [("security key", "touch")]
    user = at_terminal(home, "export", "--fresh-all", "dev")
    user.sees(TOUCH)
    assert user.ends() == 0
    assert key.key.touches == 1
    failed(home.run("export", "--fresh-all", "dev"), 3, "the strict seeds are locked")
    assert key.key.touches == 1


def test_the_agent_does_not_keep_them_open(home, key, aws):
    """A touch is for one use, also while the agent has the vault unlocked."""
    home.env["AWSVAULT_AGENT"] = "auto"
    try:
        assert home.run("unlock").returncode == 0
        user = at_terminal(home, "export", "--fresh-all", "dev")
        user.sees(TOUCH)
        assert user.ends() == 0, user.shown
        assert "strict_until" not in json.loads(home.run("status", "--json").stdout)
        failed(home.run("export", "--fresh-all", "dev"), 3)
        assert key.key.touches == 1
    finally:
        home.run("lock")


def test_rekey_keeps_the_security_key(home, key):
    """With a new strict key and another salt: one touch to open, one to wrap."""
    user = at_terminal(home, "rekey")
    user.sees(TOUCH)
    user.sees("to keep its slot")
    assert user.ends() == 0, user.shown
    assert strict_slots(home) == [("security key", "touch")]
    user = at_terminal(home, "export", "--fresh-all", "dev")
    user.sees(TOUCH)
    assert user.ends() == 0


def test_a_passphrase_takes_its_place(home, key):
    """passwd --strict, by a touch."""
    user = at_terminal(home, "passwd", "--strict")
    user.sees(TOUCH)
    user.new_passphrase(NEXT)
    assert user.ends() == 0, user.shown
    assert strict_slots(home)[0][0] == "passphrase"
    refused = at_terminal(home, "mfa", "add", "shared-services", "--strict", "--fido2", "--no-verify")
    assert refused.ends() == 2, "nothing is asked for"
    assert "already have a passphrase" in refused.shown
    assert f"awsvault-py mfa remove {SERIAL}" in refused.shown


def test_a_key_that_cannot_be_used_is_told_before_any_question(home, key):
    """Not plugged in: no passphrase is typed in vain, neither for the first strict seed nor for another."""
    key.unplug()
    add = ("mfa", "add", "shared-services", "--strict", "--fido2")
    user = Terminal(home, *add)
    assert user.ends() == 6
    assert "it is not plugged in" in user.shown
    assert home.run("mfa", "remove", SERIAL, "--yes").returncode == 0
    user = Terminal(home, *add)
    assert user.ends() == 6
    assert "none is plugged in" in user.shown


def test_the_option_is_for_strict_seeds(home, key):
    """And a key that cannot be used is told."""
    failed(home.run("mfa", "add", "shared-services", "--fido2"), 2, "--fido2 is for --strict")
    key.unplug()
    user = at_terminal(home, "export", "--fresh-all", "dev")
    assert user.ends() == 3
    assert "the security key of the strict seeds does not unlock them: it is not plugged in" in user.shown


def test_a_lost_key_loses_only_the_seed(home, key):
    """The device is removed without it, and its slot goes; the vault is as it was. Of two seeds, one goes after a question."""
    user = at_terminal(home, "mfa", "add", "shared-services", "--strict", "--fido2", "--no-verify")
    user.answers("ARN of", SECOND)
    user.answers(" seed", SEED)
    user.sees(TOUCH)
    assert user.ends() == 0, user.shown
    key.unplug()
    failed(home.run("mfa", "remove", SECOND, "--yes"), 3)
    user = at_terminal(home, "mfa", "remove", SECOND, "--yes")
    user.answers("it is not plugged in. Continue without it?", "y")
    assert user.ends() == 0, user.shown
    assert home.run("mfa", "remove", SERIAL, "--yes").returncode == 0
    assert strict_slots(home) == []
    assert home.run("export", "--no-session", "shared-services").returncode == 0
