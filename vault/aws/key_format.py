"""The shapes of an access key id and of its secret, looked at before AWS is asked. Pure; a secret is never quoted.

IAM gives out ids of 20 characters and secrets of 40, and its reference promises neither: AWS decides about lengths.
What is refused here are pastes that no key can be.
"""

from __future__ import annotations

import re

from vault import limits
from vault.errors import Usage
from vault.secret import Secret
from vault.text import trimmed

ID_LENGTH = 20
SECRET_LENGTH = 40
_ID = re.compile(r"AKIA[A-Z0-9]+", re.ASCII)
_SECRET = re.compile(r"[A-Za-z0-9/+=]+", re.ASCII)
_ID_HINT = "it is 20 capital letters and digits that begin with AKIA, as the IAM console shows it"
_SECRET_HINT = "it is 40 characters, shown once when the key is made; if it is lost, make a new key"  # noqa: S105
# The prefixes of IAM's unique identifiers that people mistake for an access key's id.
_OTHER_IDS = {
    "AIDA": "a user's unique id",
    "AROA": "a role's unique id",
    "AGPA": "a group's unique id",
    "ANPA": "a policy's unique id",
    "APKA": "a public key's id",
    "ABIA": "a bearer token's id",
    "ACCA": "a service credential's id",
    "ASCA": "a certificate's id",
}


def check_access_key_id(text: str) -> str:
    """``text``, trimmed, if it can be the id of a long-lived access key. Usage names what is wrong, without repeating it."""
    what = "the access key id"
    text = trimmed(text)
    _check_paste(text, what, _ID_HINT)
    least, most = limits.ACCESS_KEY_ID
    if _ID.fullmatch(text) and least <= len(text) <= most:
        return text
    prefix = text[:4].upper()
    if prefix == "ASIA":
        raise Usage(
            f"{what} begins with ASIA: it is temporary, and works only with its session token",
            hint="add the user's own key, which begins with AKIA",
        )
    if prefix in _OTHER_IDS and len(text) != SECRET_LENGTH:
        raise Usage(f"{what} begins with {prefix}: that is {_OTHER_IDS[prefix]}", hint=_ID_HINT)
    if len(text) == SECRET_LENGTH and _SECRET.fullmatch(text):
        raise Usage(
            f"{what} has {SECRET_LENGTH} characters: that looks like the secret",
            hint="give the id first, then the secret",
        )
    if text.upper() != text and _ID.fullmatch(text.upper()):
        raise Usage(f"{what} holds small letters, and has none", hint=_ID_HINT)
    if prefix != "AKIA":
        raise Usage(f"{what} does not begin with AKIA", hint=_ID_HINT)
    if not least <= len(text) <= most:
        raise Usage(f"{what} has {len(text)} characters; AWS takes {least} to {most}", hint=_ID_HINT)
    raise Usage(f"{what} holds other characters than capital letters and digits", hint=_ID_HINT)


def check_secret(secret: Secret) -> Secret:
    """``secret``, trimmed, if it can be a secret access key. Usage names what is wrong with it."""
    what = "the secret access key"
    text = trimmed(secret.reveal().decode("utf-8", "surrogateescape"))
    if not text.isascii():
        raise Usage(f"{what} holds characters other than ASCII", hint=_SECRET_HINT)
    _check_paste(text, what, _SECRET_HINT)
    if _ID.fullmatch(text) and len(text) == ID_LENGTH:
        raise Usage(f"{what} begins with AKIA: that is a key's id", hint="give the id first, then the secret")
    if len(text) > limits.SECRET_ACCESS_KEY:
        raise Usage(f"{what} has {len(text)} characters: more than a key", hint=_SECRET_HINT)
    if _SECRET.fullmatch(text):
        return Secret(text.encode())
    raise Usage(f"{what} holds a character that no secret has", hint=_SECRET_HINT)


def odd_lengths(access_key_id: str, secret: Secret) -> str:
    """What a key that AWS refused may have lost or gained in a paste; empty where both are as IAM gives them out."""
    odd = [
        f"the {name} has {length} characters, and IAM's have {usual}"
        for name, length, usual in (
            ("id", len(access_key_id), ID_LENGTH),
            ("secret", len(secret), SECRET_LENGTH),
        )
        if length != usual
    ]
    return "; ".join(odd)


def _check_paste(text: str, what: str, hint: str) -> None:
    """Usage for what a paste brings along: nothing at all, blanks inside, quotes, a whole line of a file."""
    if not text:
        raise Usage(f"{what} is empty", hint=hint)
    if any(c.isspace() for c in text):
        raise Usage(f"{what} has blanks inside, as from a paste", hint="give it again without them")
    if text[0] in "\"'" or text[-1] in "\"',":
        raise Usage(
            f"{what} has quotes or a comma around it, as from a paste", hint="give it again without them"
        )
    if text.lower().startswith(("aws_access_key_id=", "aws_secret_access_key=")):
        raise Usage(
            f"{what} has its name and = before it, as from a paste", hint="give what stands after the ="
        )
