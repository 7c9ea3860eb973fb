"""The one kind of JWE that is read: an independent library's open, and hostile ones cost nothing."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwe as peer
from joserfc.jwk import OctKey

from vault import limits
from vault.crypto import jwe
from vault.crypto.seal import b64u, unb64u
from vault.secret import Secret

PASSPHRASE = "the passphrase of another store"
ALGORITHMS = ["PBES2-HS256+A128KW", "A256GCM"]


def written(plaintext: bytes, passphrase: str = PASSPHRASE, **header: object) -> str:
    """A JWE by joserfc, 1,000 rounds unless said otherwise."""
    head = {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1], "p2c": 1000, "p2s": b64u(b"s" * 12), **header}
    registry = peer.JWERegistry(
        algorithms=[*ALGORITHMS, "A128GCM", "PBES2-HS512+A256KW", "DEF"], strict_check_header=False
    )
    return peer.encrypt_compact(head, plaintext, OctKey.import_key(passphrase.encode()), registry=registry)


@given(st.binary(max_size=2000), st.text(min_size=14, max_size=60))
def test_a_jwe_of_another_library_opens(plaintext, passphrase):
    """Any bytes under any passphrase, written by another implementation of RFC 7518 4.8."""
    assert jwe.decrypt(written(plaintext, passphrase), Secret(passphrase)) == plaintext


def test_a_wrong_passphrase_opens_nothing():
    """The error says so, and nothing more."""
    with pytest.raises(jwe.WrongJwePassphrase):
        jwe.decrypt(written(b"x"), Secret("another"))


def test_each_changed_bit_is_refused():
    """Every bit of every part: header, wrapped key, nonce, text, tag."""
    text = written(b"a key")
    parts = text.split(".")
    for number, part in enumerate(parts):
        raw = unb64u(part)
        for bit in range(0, len(raw) * 8, 3):
            changed = bytearray(raw)
            changed[bit // 8] ^= 1 << bit % 8
            bad = ".".join([*parts[:number], b64u(bytes(changed)), *parts[number + 1 :]])
            with pytest.raises((jwe.NotReadable, jwe.WrongJwePassphrase)):
                jwe.decrypt(bad, Secret(PASSPHRASE))


def with_header(**header: object) -> str:
    """A JWE with only its header changed: it is refused before any key is made."""
    head = {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1], "p2c": 1000, "p2s": b64u(b"s" * 12), **header}
    parts = written(b"x").split(".")
    raw = json.dumps({key: value for key, value in head.items() if value is not None}).encode()
    return ".".join([b64u(raw), *parts[1:]])


@pytest.mark.parametrize(
    "header",
    [
        {"p2c": limits.JWE_ROUNDS_MOST + 1},
        {"p2c": 2**63},
        {"p2c": 999},
        {"p2c": -1},
        {"p2c": True},
        {"p2c": 1000.0},
        {"p2c": "1000"},
        {"p2c": None},
        {"p2s": ""},
        {"p2s": "!"},
        {"p2s": b64u(b"s" * 2000)},
        {"p2s": None},
        {"zip": "DEF"},
        {"crit": ["exp"]},
        {"alg": "dir"},
        {"alg": "PBES2-HS512+A256KW"},
        {"alg": "none"},
        {"enc": "A128GCM"},
        {"enc": None},
    ],
)
def test_a_hostile_header_is_refused_before_any_work(header):
    """Iterations that would take hours, compression and other algorithms are refused at once."""
    text = with_header(**header)
    began = time.process_time()
    with pytest.raises(jwe.NotReadable):
        jwe.decrypt(text, Secret(PASSPHRASE))
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "....",
        "!.!.!.!.!",
        "é.a.a.a.a",
        "a" * (limits.MAX_FOREIGN_ITEM + 1),
        "W10.W10.W10.W10.W10",
    ],
)
def test_invalid_text_is_refused(text):
    """The error is never of another kind."""
    with pytest.raises(jwe.NotReadable):
        jwe.decrypt(text, Secret(PASSPHRASE))


@pytest.mark.parametrize("part", [1, 2, 4], ids=["wrapped key", "nonce", "tag"])
@pytest.mark.parametrize("size", [0, 8, 100])
def test_a_part_of_another_size_is_refused_before_any_work(part, size):
    """A short tag could be guessed; the error says that the item is wrong, not that the passphrase is."""
    parts = written(b"x").split(".")
    parts[part] = b64u(bytes(size))
    with pytest.raises(jwe.NotReadable, match="wrong size"):
        jwe.decrypt(".".join(parts), Secret(PASSPHRASE))


def test_the_messages_contain_no_passphrase_and_no_text():
    """A message about a bad item may be shown."""
    for text in (with_header(p2c=1), written(b"secret text", "other passphrase")):
        with pytest.raises(ValueError, match=r"^(?!.*(passphrase of another|secret text))"):
            jwe.decrypt(text, Secret(PASSPHRASE))


@given(st.text(alphabet='abcXYZ019-_.={}":,', max_size=200))
def test_any_text_gives_a_declared_error(text):
    """Fuzzed input raises NotReadable or WrongPassphrase, and nothing else."""
    with pytest.raises((jwe.NotReadable, jwe.WrongJwePassphrase)):
        jwe.decrypt(text, Secret(PASSPHRASE))
