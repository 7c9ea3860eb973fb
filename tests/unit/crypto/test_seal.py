"""SEAL, HKDF and base64url against their specifications."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.crypto.seal import OVERHEAD, SealBroken, _aesgcm, b64u, hkdf, seal, unb64u, unseal
from vault.secret import Secret

KEY = bytes(range(32))
SALT = bytes(range(0x20, 0x40))
COMMITMENT = "5db0a2350fc010eed77096c1603e0afd999da36ca684ceea530292cb6e7f1121"
CIPHERTEXT = "791e2d2b3932ad21225d6e804139c446a33fe8e9a7"


def test_the_vector_of_the_format():
    """format.md 7 gives commitment and ciphertext for a fixed salt."""
    box = seal(KEY, label="main", aad=b"aad", plaintext=b"hello", salt=SALT)
    assert box.hex() == SALT.hex() + COMMITMENT + CIPHERTEXT
    assert unseal(Secret(KEY), label="main", aad=b"aad", box=box) == b"hello"


def test_hkdf_vectors_of_rfc_5869():
    """Cases 1 and 3 of RFC 5869, appendix A."""
    ikm = bytes([0x0B]) * 22
    one = hkdf(ikm, salt=bytes(range(13)), info=bytes(range(0xF0, 0xFA)), length=42)
    assert one.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    three = hkdf(ikm, salt=b"", info=b"", length=42)
    assert three.hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )
    assert hkdf(ikm, info=b"", length=42) == three, "no salt is 32 zero bytes, as RFC 5869 2.2 has it"


@pytest.mark.parametrize("length", [0, -1, 255 * 32 + 1])
def test_hkdf_refuses_lengths_over_its_limit(length):
    """RFC 5869 bounds the output to 255 blocks."""
    with pytest.raises(ValueError):
        hkdf(KEY, info=b"", length=length)


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_round_trip(plaintext, aad):
    """What was sealed opens, and is OVERHEAD bytes longer."""
    box = seal(KEY, label="cache", aad=aad, plaintext=plaintext)
    assert len(box) == len(plaintext) + OVERHEAD
    assert unseal(KEY, label="cache", aad=aad, box=box) == plaintext


def test_every_flipped_bit_and_every_truncation_is_refused():
    """Salt, commitment, ciphertext and tag are all bound."""
    box = seal(KEY, label="main", aad=b"aad", plaintext=b"hello")
    changed = [
        box[:i] + bytes([box[i] ^ 1 << bit]) + box[i + 1 :] for i in range(len(box)) for bit in range(8)
    ]
    changed += [box[:n] for n in range(len(box))] + [box + b"\0"]
    for wrong in changed:
        with pytest.raises(SealBroken):
            unseal(KEY, label="main", aad=b"aad", box=wrong)


@pytest.mark.parametrize(
    ("key", "label", "aad"),
    [(bytes(32), "main", b"aad"), (KEY, "strict", b"aad"), (KEY, "main", b"aae"), (KEY, "main", b"")],
)
def test_key_label_and_aad_are_bound(key, label, aad):
    """A box opens only where it was sealed for."""
    box = seal(KEY, label="main", aad=b"aad", plaintext=b"hello")
    with pytest.raises(SealBroken):
        unseal(key, label=label, aad=aad, box=box)


def test_two_seals_of_one_message_share_nothing():
    """Each message has its own salt and so its own key."""
    one, two = (seal(KEY, label="main", aad=b"", plaintext=b"hello") for _ in range(2))
    assert one[:32] != two[:32]
    assert one[64:] != two[64:]


def test_a_salt_of_another_size_is_refused():
    """Vectors cannot weaken the salt."""
    with pytest.raises(ValueError):
        seal(KEY, label="main", aad=b"", plaintext=b"", salt=b"short")


@given(st.binary(max_size=100))
def test_base64url_round_trip(raw):
    """Every value has a text without padding."""
    assert unb64u(b64u(raw)) == raw
    assert "=" not in b64u(raw)


@pytest.mark.parametrize(
    "text", ["AB", "AAB", "AA==", "A", "A+__", "A/__", "AA AA", "AAAA\n", "\u0662AAA", "AAAAA"]
)
def test_other_spellings_of_base64_are_refused(text):
    """Spare bits, padding, the other alphabet, white space and odd lengths all give a second text for one value."""
    with pytest.raises(ValueError):
        unb64u(text)


def test_the_direct_import_of_the_cipher_is_the_public_class():
    """The class that is imported without the other ciphers is the one that cryptography documents."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    assert _aesgcm() is AESGCM


def test_a_version_without_the_direct_import_works_too(monkeypatch):
    """If cryptography has its cipher elsewhere, the public place is used."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.bindings._rust", None)
    box = seal(KEY, label="main", aad=b"a", plaintext=b"text")
    assert unseal(KEY, label="main", aad=b"a", box=box) == b"text"


def test_running_out_of_memory_is_not_reported_as_damage(monkeypatch):
    """Only a wrong tag means that a box was changed; any other error is passed on."""

    class Exhausted:
        def __init__(self, _key):
            pass

        def decrypt(self, *_args):
            raise MemoryError

    box = seal(KEY, label="main", aad=b"", plaintext=b"x")
    monkeypatch.setattr("vault.crypto.seal._aesgcm", lambda: Exhausted)
    with pytest.raises(MemoryError):
        unseal(KEY, label="main", aad=b"", box=box)
