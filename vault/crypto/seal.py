"""SEAL, HKDF and base64url: the one construction for all of awsvault-py's ciphertexts (format.md 3).

The only AESGCM of the program. No files, no clock, no JSON, and nothing is kept between calls. A disk hit loads this
module, so cryptography is imported by the first call and not by the module.
"""

from __future__ import annotations

import binascii
import os

from vault.crypto.sha256 import compare_digest, hmac_sha256, sha256
from vault.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Key = bytes | bytearray | memoryview | Secret

SALT = 32
OVERHEAD = 80  # salt, commitment, and the tag of 16 bytes
_NONCE = bytes(12)  # the salt gives each message its own key, so a fixed nonce is used once
_PREFIX = b"awsvault/v1/"
_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


class SealBroken(ValueError):
    """The box was not sealed with this key, label and AAD, is too short, or was changed. The error does not say which."""


def hkdf(key: Key, *, info: bytes, salt: bytes = bytes(32), length: int = 32) -> bytes:
    """HKDF-SHA256 (RFC 5869): ``length`` bytes, at most 8,160."""
    if not 0 < length <= 255 * 32:
        raise ValueError(f"HKDF-SHA256 gives 1 to 8160 bytes, not {length}")
    prk = hmac_sha256(salt, _raw(key))
    block, out, counter = b"", b"", 0
    while len(out) < length:
        counter += 1
        block = hmac_sha256(prk, block + info + bytes((counter,)))
        out += block
    return out[:length]


def seal(key: Key, *, label: str, aad: bytes, plaintext: bytes, salt: bytes | None = None) -> bytes:
    """Salt | commitment | ciphertext and tag: ``OVERHEAD`` bytes more than ``plaintext``.

    Only test vectors give a ``salt``; otherwise 32 random bytes make the key of this message.
    """
    used = os.urandom(SALT) if salt is None else salt
    if len(used) != SALT:
        raise ValueError(f"a seal's salt is {SALT} bytes, not {len(used)}")
    encryption, commitment = _derive(key, used, label, aad)
    return used + commitment + _aesgcm()(encryption).encrypt(_NONCE, plaintext, aad)


def unseal(key: Key, *, label: str, aad: bytes, box: bytes) -> bytes:
    """The plaintext of ``box``. SealBroken if key, label, AAD or any bit of the box differs from what was sealed."""
    if len(box) < OVERHEAD:
        raise SealBroken
    encryption, commitment = _derive(key, box[:SALT], label, aad)
    # Before decrypting: AES-GCM alone does not commit to its key; one ciphertext can open with two keys (format.md 3).
    if not compare_digest(commitment, box[SALT : 2 * SALT]):
        raise SealBroken
    try:
        return _aesgcm()(encryption).decrypt(_NONCE, box[2 * SALT :], aad)
    except Exception as error:
        from cryptography.exceptions import InvalidTag  # not at the top: it imports typing, which is slow

        if isinstance(error, InvalidTag):
            raise SealBroken from None
        raise


def b64u(raw: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return binascii.b2a_base64(raw, newline=False).rstrip(b"=").translate(_TO_URL).decode("ascii")


def unb64u(text: str) -> bytes:
    """The bytes of ``text``. ValueError unless it is exactly what ``b64u`` writes: each value has one text."""
    try:
        padded = text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4)
        raw = binascii.a2b_base64(padded, strict_mode=True)
    except (UnicodeEncodeError, binascii.Error):
        raise ValueError("not base64url") from None
    if b64u(raw) != text:
        raise ValueError("not canonical base64url")
    return raw


def _aesgcm() -> type[AESGCM]:
    """AESGCM from the module that defines it: the public module imports all other ciphers too, which takes longer than
    the rest of a disk hit. If a version of cryptography defines it elsewhere, from the public module.
    """
    try:
        from cryptography.hazmat.bindings._rust import openssl

        made = openssl.aead.AESGCM
    except (ImportError, AttributeError):
        from cryptography.hazmat.primitives.ciphers import aead

        made = aead.AESGCM
    return made


def _derive(key: Key, salt: bytes, label: str, aad: bytes) -> tuple[bytes, bytes]:
    info = b"\0" + _PREFIX + label.encode("ascii") + b"\0" + sha256(aad).digest()
    return hkdf(key, salt=salt, info=b"enc" + info), hkdf(key, salt=salt, info=b"cmt" + info)


def _raw(key: Key) -> bytes | bytearray | memoryview:
    return key.reveal() if isinstance(key, Secret) else key
