"""mfa and otp: devices in and out, and codes that are each given once."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import SEED, SERIAL
from tests.home import PASSPHRASE, SCENARIO, failed
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("inside", "clock")


def devices(home):
    return json.loads(home.run("mfa", "list", "--json").stdout)["devices"]


def put(home, value, name="shared-services"):
    return home.run("mfa", "add", name, "--stdin", stdin=json.dumps(value))


def test_a_seed_added_later_makes_codes(home, aws, clock):
    """From a key whose codes are asked for to one whose codes are made."""
    home.make_vault(seed=None)
    home.scenario()
    assert devices(home) == [
        {"serial": SERIAL, "seed_stored": False, "strict": False, "entries": ["shared-services"]}
    ]
    failed(home.run("otp", "shared-services"), 5, "no seed is stored")
    done = put(home, {"MfaSeed": SEED})
    assert done.returncode == 0, done.stderr
    assert "both factors" in done.stderr
    clock.early_in_a_step()
    assert home.run("otp", "shared-services").stdout == aws.code() + "\n"


def test_an_otpauth_address_is_a_seed(home):
    """Algorithm, digits and period come with it."""
    home.make_vault(seed=None, serial=None)
    uri = f"otpauth://totp/AWS:yourself?secret={SEED}&period=60&algorithm=SHA256"
    assert put(home, {"MfaSerial": SERIAL, "MfaSeed": uri}).returncode == 0
    assert devices(home)[0]["seed_stored"] is True
    assert len(home.run("mfa", "code", SERIAL).stdout.strip()) == 6


@pytest.mark.parametrize("name", ["shared-services", "dev", SERIAL])
def test_a_code_by_entry_profile_or_device(home, name):
    """Each of the three names leads to the one device."""
    home.make_vault()
    home.scenario()
    done = home.run("mfa", "code", name)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().isdigit()


def test_two_codes_are_never_the_same(home, clock):
    """The second waits for the next step and says so."""
    home.make_vault()
    clock.early_in_a_step()
    first = home.run("otp", "shared-services")
    second = home.run("otp", "shared-services")
    assert first.stdout != second.stdout
    assert "for the next code" in second.stderr


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [
        ({}, 2, "neither MfaSerial nor MfaSeed"),
        ({"MfaSeed": "short"}, 2, "seed"),
        ({"MfaSerial": SERIAL.replace(":mfa/", ":user/")}, 2, "is the ARN of a user"),
        ({"MfaSerial": SERIAL.replace(":mfa/", ":u2f/")}, 2, "FIDO"),
        ({"Seed": SEED}, 2, "unknown key"),
        ({"MfaSeed": SEED}, 2, "has no MFA device, and no ARN"),
    ],
)
def test_what_is_no_device_is_exit_2(home, value, code, said):
    """Each mistake in words, and the vault unchanged."""
    home.make_vault(seed=None, serial=None)
    done = put(home, value)
    failed(done, code, said)
    assert SEED not in done.stderr
    assert devices(home) == []


def test_an_unknown_entry_is_exit_5(home):
    """With the nearest name."""
    home.make_vault()
    failed(put(home, {"MfaSeed": SEED}, name="shared"), 5, "no entry")
    failed(home.run("otp", "nothing"), 5, "nothing")
    failed(home.run("mfa", "remove", "nothing", "--yes"), 5, "nothing")


def test_a_seed_is_never_an_argument(home):
    """A second argument is refused, and not repeated."""
    home.make_vault()
    done = home.run("mfa", "add", "shared-services", SEED)
    failed(done, 2)
    assert SEED not in done.stderr


def test_remove_takes_seed_and_serial(home):
    """After a question; the entry stays."""
    home.make_vault()
    failed(home.run("mfa", "remove", "shared-services"), 10, "--yes")
    assert home.run("mfa", "remove", "shared-services", "--yes").returncode == 0
    assert devices(home) == []
    assert json.loads(home.run("list", "--json").stdout)["entries"][0]["mfa"] == "none"


def test_add_at_a_terminal(home):
    """Enter keeps the known device; the seed is not shown."""
    home.make_vault(seed=None)
    person = Terminal(home, "mfa", "add", "shared-services")
    person.answers("Passphrase: ", PASSPHRASE)
    person.answers(f"(Enter for {SERIAL}): ", "")
    person.answers("type codes instead): ", "not base32!")
    person.sees("not a base32 character")
    person.answers("type codes instead): ", SEED.lower())
    assert person.ends() == 0
    assert SEED.lower() not in person.shown
    assert devices(home)[0]["seed_stored"] is True


def test_a_code_of_a_misspelt_device_names_the_stored_one(home):
    """The ARN is close to one that has a seed."""
    home.make_vault()
    home.scenario()
    home.config(SCENARIO.replace("mfa/yourself", "mfa/yourslef"))
    failed(home.run("otp", "dev"), 5, "one is stored for " + SERIAL, "mfa code")
