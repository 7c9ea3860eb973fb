"""Which stored device a wrong serial stands for: never one of another account if the own account has it too."""

from __future__ import annotations

import pytest

from vault.mfa.serials import similar_serial

FIRST, SECOND = "111111111111", "222222222222"


def device(account, name="alice"):
    return f"arn:aws:iam::{account}:mfa/{name}"


@pytest.mark.parametrize(("own", "other"), [(FIRST, SECOND), (SECOND, FIRST)])
def test_the_same_name_in_the_same_account_comes_first(own, other):
    """A user's ARN for a device's: of two devices with that name, the one in the user's own account, whichever sorts first."""
    stored = [device(own), device(other)]
    assert similar_serial(f"arn:aws:iam::{own}:user/alice", stored) == device(own)
    assert similar_serial(f"arn:aws:iam::{own}:user/alice", stored[::-1]) == device(own)


def test_the_same_name_in_another_account():
    """A role's account instead of the user's, and letters of another case."""
    assert similar_serial(device(SECOND, "Alice"), [device(FIRST)]) == device(FIRST)


def test_a_typo_in_the_name_counts_in_its_own_account_only():
    """One letter is wrong: the device of that account, not the equally similar one of another."""
    assert similar_serial(device(FIRST, "alise"), [device(FIRST)]) == device(FIRST)
    assert similar_serial(device(FIRST, "alise"), [device(SECOND)]) is None


def test_a_typo_in_the_account_and_the_name():
    """One digit of the account and one letter of the name: still close. Three digits are another account."""
    assert similar_serial(device("111111111112", "alise"), [device(FIRST)]) == device(FIRST)
    assert similar_serial(device("111111222333", "alise"), [device(FIRST)]) is None


def test_nothing_is_close():
    """Another name, the serial itself, or nothing stored: no suggestion."""
    assert similar_serial(device(FIRST), [device(FIRST, "bob")]) is None
    assert similar_serial(device(FIRST), [device(FIRST)]) is None
    assert similar_serial(device(FIRST), []) is None


def test_a_hardware_device_has_no_account():
    """A serial without a path is compared as it is."""
    assert similar_serial("GAHT12345679", ["GAHT12345678"]) == "GAHT12345678"
    assert similar_serial("GAHT12345678", [device(FIRST, "gaht12345678")]) == device(FIRST, "gaht12345678")
