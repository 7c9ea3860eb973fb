"""One AES-GCM ciphertext that decrypts under two keys, made for SEAL's two derived keys. Shares nothing with the program.

GHASH is linear in the ciphertext, so one free block can be solved for: the tag that the first key asks for is then the
one that the second asks for (Dodis, Grubbs, Ristenpart and Woodage, CRYPTO 2018).
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.vectors.reader import hkdf

R = 0xE1 << 120


class TwoKeys(NamedTuple):
    """``ciphertext`` with its tag opens under both keys' AES keys; each box has the commitment of one of them."""

    key_a: bytes
    key_b: bytes
    aad: bytes
    box_for_a: bytes
    box_for_b: bytes
    plain_a: bytes
    plain_b: bytes


def times(x, y):
    """Multiplication in GCM's field (NIST SP 800-38D, 6.3)."""
    product = 0
    for bit in range(127, -1, -1):
        if y >> bit & 1:
            product ^= x
        x = x >> 1 ^ R if x & 1 else x >> 1
    return product


def inverse(x):
    """x to the power 2^128 - 2."""
    result = 1 << 127
    for _ in range(127):
        x = times(x, x)
        result = times(result, x)
    return result


def block(key, value):
    return int.from_bytes(Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(value), "big")


def blocks(data):
    data += bytes(-len(data) % 16)
    return [int.from_bytes(data[i : i + 16], "big") for i in range(0, len(data), 16)]


def digest(h, aad, ciphertext):
    value = 0
    for word in [*blocks(aad), *blocks(ciphertext), len(aad) * 8 << 64 | len(ciphertext) * 8]:
        value = times(value ^ word, h)
    return value


def keys_of(key, salt, label, aad):
    info = b"\x00awsvault/v1/" + label.encode() + b"\x00" + hashlib.sha256(aad).digest()
    return hkdf(key, salt, b"enc" + info), hkdf(key, salt, b"cmt" + info)


def collide(first, second, aad, ciphertext):
    """``ciphertext`` (whole blocks) with its last block solved so that one tag fits both AES keys; the tag behind it."""
    assert len(ciphertext) % 16 == 0
    start = ciphertext[:-16] + bytes(16)
    nonce = bytes(15) + b"\x01"
    h = [block(key, bytes(16)) for key in (first, second)]
    mask = [block(key, nonce) for key in (first, second)]
    known = [digest(h[i], aad, start) ^ mask[i] for i in (0, 1)]
    squares = [times(h[i], h[i]) for i in (0, 1)]  # the last block is followed by the lengths: H squared
    free = times(known[0] ^ known[1], inverse(squares[0] ^ squares[1]))
    tag = known[0] ^ times(free, squares[0])
    return start[:-16] + free.to_bytes(16, "big") + tag.to_bytes(16, "big")


def salamander(*, label="main", aad=b"aad", size=64):
    """The pair of boxes; asserts that bare AES-GCM takes the one ciphertext under both keys."""
    key_a, key_b, salt = b"a" * 32, b"b" * 32, bytes(range(32))
    (aes_a, commitment_a), (aes_b, commitment_b) = (keys_of(key, salt, label, aad) for key in (key_a, key_b))
    ciphertext = collide(aes_a, aes_b, aad, bytes(range(size)))
    return TwoKeys(
        key_a=key_a,
        key_b=key_b,
        aad=aad,
        box_for_a=salt + commitment_a + ciphertext,
        box_for_b=salt + commitment_b + ciphertext,
        plain_a=AESGCM(aes_a).decrypt(bytes(12), ciphertext, aad),
        plain_b=AESGCM(aes_b).decrypt(bytes(12), ciphertext, aad),
    )
