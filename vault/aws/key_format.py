"""The forms of an access key ID and of its secret, checked before AWS is asked. Pure; never shows a secret.

IAM creates IDs of 20 characters and secrets of 40, but its reference promises neither, so AWS decides about lengths.
This module refuses only text that cannot be a key, such as a bad paste.
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
_ID_HINT = "an access key ID has 20 capital letters and digits and begins with AKIA; the IAM console shows it"
_SECRET_HINT = "a secret access key has 40 characters; AWS shows it only when you create the key. If you lost it, create a new key"  # noqa: S105
# Prefixes of IAM's other unique IDs, which are easily mistaken for access key IDs.
_OTHER_IDS = {
    "AIDA": "the unique ID of a user",
    "AROA": "the unique ID of a role",
    "AGPA": "the unique ID of a group",
    "ANPA": "the unique ID of a policy",
    "APKA": "the ID of a public key",
    "ABIA": "the ID of a bearer token",
    "ACCA": "the ID of a service credential",
    "ASCA": "the ID of a certificate",
}


def check_access_key_id(text: str) -> str:
    """``text``, trimmed, if it can be the ID of a long-lived access key. Usage says what is wrong, without showing it."""
    what = "the access key ID"
    text = trimmed(text)
    _check_paste(text, what, _ID_HINT)
    least, most = limits.ACCESS_KEY_ID
    if _ID.fullmatch(text) and least <= len(text) <= most:
        return text
    prefix = text[:4].upper()
    if prefix == "ASIA":
        raise Usage(
            f"{what} begins with ASIA: this key is temporary and works only with its session token",
            hint="give the user's long-lived key, which begins with AKIA",
        )
    if prefix in _OTHER_IDS and len(text) != SECRET_LENGTH:
        raise Usage(f"{what} begins with {prefix}: this is {_OTHER_IDS[prefix]}", hint=_ID_HINT)
    if len(text) == SECRET_LENGTH and _SECRET.fullmatch(text):
        raise Usage(
            f"{what} has {SECRET_LENGTH} characters: this looks like the secret access key",
            hint="give the ID first, then the secret",
        )
    if text.upper() != text and _ID.fullmatch(text.upper()):
        raise Usage(f"{what} has lowercase letters", hint=_ID_HINT)
    if prefix != "AKIA":
        raise Usage(f"{what} does not begin with AKIA", hint=_ID_HINT)
    if not least <= len(text) <= most:
        raise Usage(f"{what} has {len(text)} characters, but AWS allows {least} to {most}", hint=_ID_HINT)
    raise Usage(f"{what} has characters other than capital letters and digits", hint=_ID_HINT)


def check_secret(secret: Secret) -> Secret:
    """``secret``, trimmed, if it can be a secret access key. Usage says what is wrong, without showing it."""
    what = "the secret access key"
    text = trimmed(secret.reveal().decode("utf-8", "surrogateescape"))
    if not text.isascii():
        raise Usage(f"{what} has characters that are not ASCII", hint=_SECRET_HINT)
    _check_paste(text, what, _SECRET_HINT)
    if _ID.fullmatch(text) and len(text) == ID_LENGTH:
        raise Usage(
            f"{what} begins with AKIA: this looks like an access key ID",
            hint="give the ID first, then the secret",
        )
    if len(text) > limits.SECRET_ACCESS_KEY:
        raise Usage(f"{what} has {len(text)} characters, more than any secret access key", hint=_SECRET_HINT)
    if _SECRET.fullmatch(text):
        return Secret(text.encode())
    raise Usage(f"{what} has a character that no secret access key has", hint=_SECRET_HINT)


def odd_lengths(access_key_id: str, secret: Secret) -> str:
    """How the lengths differ from those of IAM's keys, after AWS refused a key; empty if they do not."""
    differences = [
        f"the {name} has {length} characters instead of {usual}"
        for name, length, usual in (
            ("ID", len(access_key_id), ID_LENGTH),
            ("secret", len(secret), SECRET_LENGTH),
        )
        if length != usual
    ]
    return "; ".join(differences)


def _check_paste(text: str, what: str, hint: str) -> None:
    """Usage for a bad paste: an empty one, spaces inside, quotes, or a whole line of a file."""
    if not text:
        raise Usage(f"{what} is empty", hint=hint)
    if any(c.isspace() for c in text):
        raise Usage(f"{what} has spaces or line breaks in it", hint="paste it again without them")
    if text[0] in "\"'" or text[-1] in "\"',":
        raise Usage(f"{what} has quotes or a comma around it", hint="paste it again without them")
    if text.lower().startswith(("aws_access_key_id=", "aws_secret_access_key=")):
        raise Usage(f"{what} has its name and = in front of it", hint="give only what follows the =")
