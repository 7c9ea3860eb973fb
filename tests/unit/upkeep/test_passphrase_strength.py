"""Which passphrases are refused, and which are called weak."""

from __future__ import annotations

import pytest

from vault import errors
from vault.secret import Secret
from vault.upkeep import passphrase_strength


@pytest.mark.parametrize(
    ("given", "said"), [(b"\xff" * 20, "not UTF-8"), ("x" * 11, "11 characters"), ("ab" * 600, "1200 bytes")]
)
def test_a_passphrase_that_is_refused(given, said):
    """Too short, too long, or not text."""
    with pytest.raises(errors.Usage, match=said):
        passphrase_strength.check(Secret(given))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("123456789012345", "only digits"),
        ("password-password", "most common"),
        ("xyxyxyxyxyxyxy", "repeats a few"),
        ("asdfghjklqaz", "keyboard"),
        ("correct horse battery staple", None),
    ],
)
def test_why_a_passphrase_is_weak(given, said):
    """The reason is named; a good one has none."""
    found = passphrase_strength.weakness(Secret(given))
    assert found is None if said is None else said in found
