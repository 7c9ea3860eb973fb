"""A passphrase being chosen: long enough, and a word where it is easy to guess. Pure; never quotes it.

A rough count of guesses, not a proof: it warns of what a list of common passwords has, and refuses only what is short.
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
_RUN = 4  # so many neighbours in a row count as one character
_ENOUGH = 50.0  # bits: at 98 ms a guess, a thousand machines need a thousand years


def check(passphrase: Secret) -> None:
    """Usage where the passphrase is shorter than we take, in characters as a person counts them."""
    try:
        text = passphrase.reveal_text()
    except UnicodeDecodeError:
        raise Usage("the passphrase is not UTF-8 text", hint=_HINT) from None
    if len(text) < limits.PASSPHRASE_LEAST:
        raise Usage(
            f"the passphrase has {len(text)} characters, at least {limits.PASSPHRASE_LEAST} are needed",
            hint=_HINT,
        )
    if len(passphrase) > limits.PASSPHRASE_MOST:
        raise Usage(
            f"the passphrase has {len(passphrase)} bytes, at most {limits.PASSPHRASE_MOST} are kept",
            hint=_HINT,
        )


def weakness(passphrase: Secret) -> str | None:
    """Why the passphrase is easy to guess, or None."""
    text = passphrase.reveal_text()
    folded = text.casefold()
    left = folded
    for word in _COMMON:
        left = left.replace(word, "\0")  # a word of the list is one guess more, however long it is
    if bits(left) >= _ENOUGH:
        return None
    if left != folded:
        return "it is built on one of the most common passwords"
    if text.isdigit():
        return "it holds digits only"
    if len(set(folded)) < len(folded) / 2:
        return "it repeats few characters"
    return "it is short for what it is made of, or follows the keyboard"


def bits(text: str) -> float:
    """A rough logarithm of the guesses: characters that follow from their neighbours count once."""
    count = 0
    run = 1
    for before, this in zip(" " + text, text, strict=False):
        run = run + 1 if this == before or _neighbours(before, this) else 1
        count += run < _RUN
    kinds = ((str.isdigit, 10), (str.isalpha, 26), (lambda c: not c.isalnum(), 20))
    alphabet = sum(size for is_kind, size in kinds if any(is_kind(c) for c in text))
    distinct = len(set(text))
    return min(count * math.log2(max(alphabet, 2)), distinct * 6.0) if text else 0.0


def _neighbours(before: str, this: str) -> bool:
    pair, back = before + this, this + before
    return any(pair in row or back in row for row in _ROWS)
