"""Time-based one-time codes (RFC 6238), computed here a second time so that the product's own are really tested."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct

HASHES = {"SHA1": hashlib.sha1, "SHA256": hashlib.sha256, "SHA512": hashlib.sha512}


def seed_bytes(seed: str) -> bytes:
    """The bytes of a base32 seed; blanks, lower case and missing padding are all right."""
    text = seed.replace(" ", "").replace("-", "").upper().rstrip("=")
    return base64.b32decode(text + "=" * (-len(text) % 8))


def code_of_step(seed: str, step: int, *, algorithm: str = "SHA1", digits: int = 6) -> str:
    mac = hmac.new(seed_bytes(seed), struct.pack(">Q", step), HASHES[algorithm]).digest()
    at = mac[-1] & 15
    number = struct.unpack(">I", mac[at : at + 4])[0] & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def code_at(seed: str, when: float, *, algorithm: str = "SHA1", digits: int = 6, period: int = 30) -> str:
    return code_of_step(seed, int(when // period), algorithm=algorithm, digits=digits)
