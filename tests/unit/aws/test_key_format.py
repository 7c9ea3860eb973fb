"""Errors about text that cannot be a key: what is wrong, never the text itself."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, SECRET
from vault.aws.key_format import check_access_key_id, check_secret, odd_lengths
from vault.errors import Usage
from vault.secret import Secret


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        (KEY_ID[:9] + " " + KEY_ID[9:], "spaces or line breaks"),
        (f'"{KEY_ID}"', "quotes or a comma"),
        (KEY_ID + ",", "quotes or a comma"),
        ("aws_access_key_id=" + KEY_ID, "its name and = in front"),
        ("ASIA" + KEY_ID[4:], "begins with ASIA: this key is temporary"),
        ("AIDA" + KEY_ID[4:], "unique ID of a user"),
        ("AROA" + KEY_ID[4:], "unique ID of a role"),
        (SECRET, "looks like the secret"),
        (KEY_ID.lower(), "lowercase"),
        (KEY_ID[:15], "15 characters"),
        ("AKIA" + 125 * "A", "129 characters"),
        ("BKIA" + KEY_ID[4:], "does not begin with AKIA"),
        (KEY_ID[:-1] + "-", "other than capital letters"),
    ],
)
def test_what_is_wrong_with_an_id(text, said):
    """Each kind of bad paste has its own words, without the value."""
    with pytest.raises(Usage, match=said) as raised:
        check_access_key_id(text)
    assert not text or text not in raised.value.message + raised.value.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\u200b\n", "is empty"),
        (SECRET[:20] + "\n" + SECRET[20:], "spaces or line breaks"),
        ("é" * 40, "not ASCII"),
        (KEY_ID, "looks like an access key ID"),
        (SECRET * 7, "280 characters"),
        (SECRET[:-1] + "-", "no secret access key has"),
        ("aws_secret_access_key=" + SECRET, "its name and = in front"),
    ],
)
def test_what_is_wrong_with_a_secret(text, said):
    """As for an ID; the secret is never shown."""
    with pytest.raises(Usage, match=said) as raised:
        check_secret(Secret(text))
    assert not text or text not in raised.value.message + raised.value.hint


@pytest.mark.parametrize("before", ["", " ", "\t", "\ufeff", "\u00a0 "])
@pytest.mark.parametrize("after", ["", "\n", "\r\n", "  ", "\u200b", "\u00a0\u2060\n\n"])
def test_white_space_around_a_key_is_removed(before, after):
    """However wide or invisible it is."""
    assert check_access_key_id(before + KEY_ID + after) == KEY_ID
    assert check_secret(Secret((before + SECRET + after).encode())) == Secret(SECRET)


@pytest.mark.parametrize("key_id", [KEY_ID, KEY_ID[:-1], KEY_ID[:16], "AKIA" + 124 * "A"])
@pytest.mark.parametrize("secret", [SECRET, SECRET[:-1], SECRET + "A", SECRET * 6])
def test_aws_decides_about_lengths(key_id, secret):
    """Every length that IAM's reference allows is accepted; unusual lengths are named."""
    assert (check_access_key_id(key_id), check_secret(Secret(secret))) == (key_id, Secret(secret))
    odd = odd_lengths(key_id, Secret(secret))
    assert (f"ID has {len(key_id)} characters" in odd) == (len(key_id) != 20)
    assert (f"secret has {len(secret)} characters" in odd) == (len(secret) != 40)
