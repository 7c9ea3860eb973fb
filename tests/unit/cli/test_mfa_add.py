"""mfa add at a terminal: a typed seed is verified by one of its codes before it is stored."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import SEED, SERIAL
from tests.home import PASSPHRASE
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured", "clock")

NAME = "shared-services"
WRONG = SEED[:-1] + "A"
OWN = "five words for the seeds alone"


@pytest.fixture
def home(home):
    """The README's home; its vault has the key and the device, and no seed."""
    home.scenario()
    home.make_vault(seed=None)
    return home


def typing(home, *options):
    """A user at the question for the seed."""
    person = Terminal(home, "mfa", "add", NAME, *options, AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers(f"(Enter for {SERIAL}): ", "")
    return person


def seeds(home):
    """Whether the seed of each device is in the vault."""
    found = json.loads(home.run("mfa", "list", "--json").stdout)["devices"]
    return {device["serial"]: device["seed_stored"] or device["strict"] for device in found}


def test_one_code_verifies_it_and_the_first_export_needs_none(home, aws):
    """The session that AWS gives for the code is kept: a role needs one more call, and no code."""
    person = typing(home)
    person.answers("type codes instead): ", SEED)
    assert person.ends() == 0
    assert "Warning" not in person.shown
    assert aws.calls.actions() == ["GetSessionToken"]
    assert home.export("dev")["AccountId"] == "222222222222"
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]
    assert len(aws.calls.codes()) == 1


def test_its_code_counts_as_used(home, aws, clock):
    """The next code is another one: AWS would refuse the first a second time."""
    clock.early_in_a_step()
    person = typing(home)
    person.answers("type codes instead): ", SEED)
    assert person.ends() == 0
    done = home.run("otp", NAME)
    assert "for the next code" in done.stderr
    assert done.stdout.strip() not in aws.calls.codes()


@pytest.mark.parametrize("strictly", [False, True], ids=["stored", "strict"])
def test_a_wrong_seed_is_asked_for_again(home, aws, strictly):
    """AWS refuses two codes of it. Nothing is stored before the right one, and the strict passphrase is asked for after that."""
    person = typing(home, *(["--strict"] if strictly else []))
    person.answers("type codes instead): ", WRONG)
    person.sees(f"does not accept the codes of this seed for {SERIAL}")
    assert seeds(home) == {SERIAL: False}
    person.answers("type codes instead): ", SEED)
    if strictly:
        person.new_passphrase(OWN)
    assert person.ends() == 0
    assert seeds(home) == {SERIAL: True}
    assert WRONG not in person.shown
    assert [call.result for call in aws.calls.of("GetSessionToken")][-1] == "ok"


def test_a_device_of_nobody_is_asked_for_again(home):
    """Its ARN has a typing error: AWS's answer is shown, then both questions come again."""
    person = Terminal(home, "mfa", "add", NAME, AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.answers(f"(Enter for {SERIAL}): ", SERIAL + "x")
    person.answers("type codes instead): ", SEED)
    person.sees("MFA serial number is valid")
    person.answers(f"(Enter for {SERIAL}): ", "")
    person.answers("type codes instead): ", SEED)
    assert person.ends() == 0
    assert seeds(home) == {SERIAL: True}


@pytest.mark.parametrize("by", ["Enter", "--no-verify"])
def test_the_user_may_skip_it(home, aws, by):
    """Enter stores no seed; --no-verify stores the one that was typed. AWS is asked for nothing."""
    person = typing(home, *([by] if by != "Enter" else []))
    person.answers("type codes instead): ", "" if by == "Enter" else WRONG)
    assert person.ends() == 0
    assert not list(aws.calls)
    assert seeds(home) == {SERIAL: by != "Enter"}


def test_a_seed_that_cannot_be_verified_is_stored_with_a_warning(home, aws):
    """The key may not call GetSessionToken, or is inactive: that says nothing about the seed."""
    aws.world.user("yourself").denied.add("sts:GetSessionToken")
    person = typing(home)
    person.answers("type codes instead): ", SEED)
    assert person.ends() == 0
    assert "Warning: the MFA seed could not be verified with AWS: " in person.shown
    assert seeds(home) == {SERIAL: True}


def test_ctrl_c_at_the_second_question_stores_nothing(home):
    """After a seed that AWS refused: exit 130, and the entry is as before."""
    person = typing(home)
    person.answers("type codes instead): ", WRONG)
    assert person.interrupts("type codes instead): ") == 130
    assert seeds(home) == {SERIAL: False}
