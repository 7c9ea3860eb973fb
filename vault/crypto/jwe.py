"""Reads one kind of JWE (RFC 7516): PBES2-HS256+A128KW with A256GCM, as in aws-vault's file store. Never writes one.

It is only used to move keys out of that format. The header of such a file decides how much work it takes to open it, so
everything in it is checked against limits first, and compression is refused.
"""

from __future__ import annotations

import hashlib
import json

from vault import limits
from vault.crypto.seal import unb64u

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.secret import Secret

_ALG, _ENC = "PBES2-HS256+A128KW", "A256GCM"
_KNOWN = frozenset({"alg", "enc", "p2c", "p2s", "created", "cty", "typ"})
_IV, _TAG, _WRAPPED = 12, 16, 40  # bytes; the wrapped key is 32 and 8 of A128KW's check
_SALT_LEAST, _SALT_MOST = 8, 1024  # bytes; RFC 7518 4.8.1.1 requires at least 8


class NotReadable(ValueError):
    """The text is not such a JWE, or asks for something that is refused. The message says which."""


class WrongJwePassphrase(ValueError):
    """The passphrase does not open it, or it was changed: the two cannot be told apart."""


def decrypt(text: str, passphrase: Secret) -> bytes:
    """The plaintext of a compact JWE. Errors: NotReadable, WrongJwePassphrase."""
    if len(text) > limits.MAX_FOREIGN_ITEM:
        raise NotReadable(f"is over {limits.MAX_FOREIGN_ITEM} bytes")
    parts = text.strip().split(".")
    if len(parts) != 5:
        raise NotReadable("is not a JWE of five parts")
    try:
        head, wrapped, iv, body, tag = (unb64u(part) for part in parts)
    except ValueError:
        raise NotReadable("is not base64url") from None
    rounds, salt = _checked(head)
    if len(wrapped) != _WRAPPED or len(iv) != _IV or len(tag) != _TAG:
        raise NotReadable("has a part of the wrong size")
    return _open(
        passphrase, rounds, salt, wrapped=wrapped, iv=iv, body=body, tag=tag, aad=parts[0].encode("ascii")
    )


def _checked(head: bytes) -> tuple[int, bytes]:
    """The rounds and the salt of a header that requires only what is supported here."""
    try:
        header: Any = json.loads(head)
    except (ValueError, RecursionError):
        raise NotReadable("has a header that is not JSON") from None
    if not isinstance(header, dict) or header.get("alg") != _ALG or header.get("enc") != _ENC:
        raise NotReadable(f"is not {_ALG} with {_ENC}")
    unknown = sorted(set(header) - _KNOWN)
    if unknown:  # such as zip: a small text that unpacks to a huge one
        raise NotReadable("has a header with unsupported fields")
    rounds = header.get("p2c")
    if not isinstance(rounds, int) or isinstance(rounds, bool):
        raise NotReadable("has no number of rounds")
    if not limits.JWE_ROUNDS_LEAST <= rounds <= limits.JWE_ROUNDS_MOST:
        raise NotReadable(
            f"asks for {rounds} rounds; {limits.JWE_ROUNDS_LEAST} to {limits.JWE_ROUNDS_MOST} are allowed"
        )
    try:
        salt = unb64u(str(header.get("p2s", "")))
    except ValueError:
        raise NotReadable("has a salt that is not base64url") from None
    if not _SALT_LEAST <= len(salt) <= _SALT_MOST:
        raise NotReadable("has a salt of the wrong size")
    return rounds, salt


def _open(
    passphrase: Secret,
    rounds: int,
    salt: bytes,
    *,
    wrapped: bytes,
    iv: bytes,
    body: bytes,
    tag: bytes,
    aad: bytes,
) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

    kek = hashlib.pbkdf2_hmac("sha256", passphrase.reveal(), _ALG.encode() + b"\0" + salt, rounds, 16)
    try:
        key = aes_key_unwrap(kek, wrapped)
        opening = Cipher(algorithms.AES(key), modes.GCM(iv, tag)).decryptor()
        opening.authenticate_additional_data(aad)
        return opening.update(body) + opening.finalize()
    except (InvalidUnwrap, InvalidTag, ValueError):
        raise WrongJwePassphrase("does not open with this passphrase") from None
