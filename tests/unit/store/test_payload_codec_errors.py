"""Errors of the codec: whatever in a box has another type, the message names the key and never a value."""

from __future__ import annotations

import json

import pytest

from vault.secret import Secret
from vault.store.padding import pad, unpad
from vault.store.payload import Entry, KeyPair, Payload, RotationJournal, StoredSeed
from vault.store.payload_codec import decode_main, decode_strict, encode_main, encode_strict
from vault.store.strict_json import JsonError

SEED = StoredSeed(secret=Secret("SECRETSEED"), created=1)
PAIR = KeyPair(access_key_id="IDOFAKEY", secret=Secret("SECRETKEY"))
JOURNAL = RotationJournal(
    step="retire", began=2, known=("IDOFAKEY",), new=PAIR, old=PAIR, earlier=(1,), taken_back=True, at="host"
)
FULL = Payload(
    cache_key=Secret(b"c" * 32),
    entries={
        "ANENTRY": Entry(
            access_key_id="IDOFAKEY", secret=Secret("SECRETKEY"), created=3, mfa_serial="ADEVICE",
            account="ANACCOUNT", user="AUSER", journal=JOURNAL,
        ),
    },
    seeds={"ADEVICE": SEED}, gen=4, strict_gen=4, strict_sha256="ADIGEST", strict_key=Secret(b"s" * 32), rekeyed=2,
    ledger_key=Secret(b"l" * 32), strict_serials=("ADEVICE",),
)  # fmt: skip
VALUES = ("SECRETSEED", "SECRETKEY", "IDOFAKEY", "ADEVICE", "ANACCOUNT", "AUSER", "ADIGEST", "AVALUE")


def places(value, path=()):
    """The path of every value in a JSON document."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in below:
        yield (*path, key)
        yield from places(inner, (*path, key))


def with_another_type(document, path):
    """``document`` where the value at ``path`` is of a type that has no place there."""
    changed = json.loads(document)
    *above, last = path
    place = changed
    for key in above:
        place = place[key]
    place[last] = {"AVALUE": "AVALUE"} if isinstance(place[last], str) else "AVALUE"
    return json.dumps(changed).encode()


def without(document, path):
    """``document`` without the value at ``path``."""
    changed = json.loads(document)
    *above, last = path
    place = changed
    for key in above:
        place = place[key]
    del place[last]
    return json.dumps(changed).encode()


MAIN = unpad(encode_main(FULL))
STRICT = unpad(encode_strict({"ADEVICE": SEED}))


@pytest.mark.parametrize("path", list(places(json.loads(MAIN))), ids=str)
def test_a_value_of_another_type_in_box_main(path):
    """Refused at every place, in words that contain neither that value nor one beside it."""
    with pytest.raises(JsonError) as caught:
        decode_main(pad(with_another_type(MAIN, path), step=4096))
    assert not [value for value in VALUES if value in str(caught.value)]


@pytest.mark.parametrize("path", list(places(json.loads(STRICT))), ids=str)
def test_a_value_of_another_type_in_box_strict(path):
    """Likewise."""
    with pytest.raises(JsonError) as caught:
        decode_strict(pad(with_another_type(STRICT, path), step=4096))
    assert not [value for value in VALUES if value in str(caught.value)]


REQUIRED = [
    ("v",),
    ("gen",),
    ("cache_key",),
    ("entries", "ANENTRY", "sak"),
    ("entries", "ANENTRY", "journal", "step"),
    ("entries", "ANENTRY", "journal", "new", "sak"),
    ("seeds", "ADEVICE", "secret"),
]


@pytest.mark.parametrize("path", REQUIRED, ids=str)
def test_a_value_that_is_missing(path):
    """Its key is named, and no value beside it."""
    with pytest.raises(JsonError) as caught:
        decode_main(pad(without(MAIN, path), step=4096))
    assert not [value for value in VALUES if value in str(caught.value)]


def test_what_is_not_set_is_not_written():
    """A reader of the format distinguishes an absent key from null, and refuses null."""
    small = json.loads(
        unpad(
            encode_main(
                Payload(
                    cache_key=Secret(bytes(32)),
                    entries={"a": Entry(access_key_id="A", secret=Secret("S"), created=1)},
                )
            )
        )
    )
    assert set(small) == {"v", "gen", "strict_gen", "strict_sha256", "cache_key", "entries", "seeds"}
    assert set(small["entries"]["a"]) == {"akid", "sak", "created"}
