"""Checks the length of a new passphrase and estimates how easy it is to guess. Pure; never quotes the passphrase.

The estimate is rough. Only the length can refuse a passphrase; common and simple ones get a warning.
"""

from __future__ import annotations

import math

from vault import limits
from vault.errors import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.secret import Secret

_HINT = "choose five or more random words"
_COMMON = ("password", "passwort", "qwerty", "azerty", "qwertz", "letmein", "welcome", "iloveyou", "admin", "secret", "abc123",
           "monkey", "dragon", "changeme", "awsvault", "amazon", "login", "master", "trustno1")  # fmt: skip
_ROWS = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop")
_RUN = 4  # in a run of neighbors, only this many characters less one count
_ENOUGH = 50.0  # bits: at 98 ms a guess, a thousand machines need a thousand years


def check(passphrase: Secret) -> None:
    """Raise Usage if the passphrase is too short, in characters as the user counts them, or too long."""
    try:
        text = passphrase.reveal_text()
    except UnicodeDecodeError:
        raise Usage("the passphrase is not UTF-8 text", hint=_HINT) from None
    if len(text) < limits.PASSPHRASE_LEAST:
        raise Usage(
            f"the passphrase has {len(text)} characters; the minimum is {limits.PASSPHRASE_LEAST}",
            hint=_HINT,
        )
    if len(passphrase) > limits.PASSPHRASE_MOST:
        raise Usage(
            f"the passphrase has {len(passphrase)} bytes; the maximum is {limits.PASSPHRASE_MOST}",
            hint=_HINT,
        )


def weakness(passphrase: Secret) -> str | None:
    """Why the passphrase is easy to guess, or None."""
    text = passphrase.reveal_text()
    folded = text.casefold()
    left = folded
    for word in _COMMON:
        left = left.replace(word, "\0")  # a common word counts as one character, however long it is
    if bits(left) >= _ENOUGH:
        return None
    if left != folded:
        return "it contains one of the most common passwords"
    if text.isdigit():
        return "it has only digits"
    if len(set(folded)) < len(folded) / 2:
        return "it repeats a few characters"
    return "it is too short for the kinds of characters in it, or follows the keyboard"


def bits(text: str) -> float:
    """A rough estimate of the passphrase's strength in bits. Repeated characters and keyboard runs add little."""
    count = 0
    run = 1
    for before, this in zip(" " + text, text, strict=False):
        run = run + 1 if this == before or _are_neighbors(before, this) else 1
        count += run < _RUN
    kinds = ((str.isdigit, 10), (str.isalpha, 26), (lambda c: not c.isalnum(), 20))
    alphabet = sum(size for is_kind, size in kinds if any(is_kind(c) for c in text))
    distinct = len(set(text))
    return min(count * math.log2(max(alphabet, 2)), distinct * 6.0) if text else 0.0


def _are_neighbors(before: str, this: str) -> bool:
    pair, back = before + this, this + before
    return any(pair in row or back in row for row in _ROWS)
