"""The profile that the start of a name means: never one of several."""

from __future__ import annotations

import pytest

from tests.unit.profiles.files import config_of
from vault import errors
from vault.credentials.prefix_match import chosen

CONFIG = config_of(
    "".join(f"[profile {name}]\n" for name in ("dev", "dev-eu", "prod", *(f"x{n}" for n in range(7))))
)


def test_several_are_refused():
    """Five of them are named, and how many more there are."""
    with pytest.raises(errors.NotFound) as caught:
        chosen(CONFIG, "x")
    for word in ("7", "x0, x1, x2, x3, x4 and 2 more"):
        assert word in caught.value.message
    assert "x5" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "found"), [("dev", "dev"), ("dev-", "dev-eu"), ("p", "prod"), ("none", "none"), ("", "")]
)
def test_one_is_chosen(name, found):
    """A whole name before a longer one; a name that nothing starts with stays as it is, and nothing means nothing."""
    assert chosen(CONFIG, name) == found


def test_an_entry_comes_before_a_longer_profile():
    """Its exact name is the vault's; a profile of that name is the profile."""
    assert chosen(CONFIG, "pro", has_entry=lambda name: name == "pro") == "pro"
    assert chosen(CONFIG, "pro", has_entry=lambda _name: False) == "prod"
