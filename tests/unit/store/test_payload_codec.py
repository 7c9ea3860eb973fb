"""Boxes as bytes: round trips, unknown keys, and shapes that are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.secret import Secret
from vault.store.padding import pad
from vault.store.payload import Enrollment, Entry, KeyPair, Payload, RotationJournal, StoredSeed
from vault.store.payload_codec import decode_main, decode_strict, encode_main, encode_strict
from vault.store.strict_json import JsonError

text = st.text(st.characters(codec="utf-8"), max_size=20)


secret = text.map(Secret)


number = st.integers(0, 2**53)


unknown = st.dictionaries(st.from_regex(r"\Ax-[a-z]{1,4}\Z"), st.recursive(
    st.none() | st.booleans() | number | text, lambda i: st.lists(i, max_size=2) | st.dictionaries(text, i, max_size=2), max_leaves=3
), max_size=2)  # fmt: skip


pair = st.builds(KeyPair, access_key_id=text, secret=secret)


journal = st.builds(
    RotationJournal, step=text, began=number, known=st.lists(text, max_size=2).map(tuple), new=st.none() | pair, old=st.none() | pair,
    earlier=st.lists(number, max_size=2).map(tuple), taken_back=st.booleans(), at=st.none() | text, unknown=unknown,
)  # fmt: skip


enrollment = st.builds(
    Enrollment,
    step=st.sampled_from(["create", "enable"]),
    name=text,
    serial=st.none() | text,
    unknown=unknown,
)


entries = st.builds(
    Entry, access_key_id=text, secret=secret, created=number, mfa_serial=st.none() | text, account=st.none() | text,
    user=st.none() | text, journal=st.none() | journal, enrollment=st.none() | enrollment, unknown=unknown,
)  # fmt: skip


seeds = st.dictionaries(
    text,
    st.builds(
        StoredSeed,
        secret=secret,
        created=number,
        algorithm=text,
        digits=number,
        period=number,
        unknown=unknown,
    ),
    max_size=2,
)


key = st.binary(min_size=32, max_size=32).map(Secret)


payloads = st.builds(
    Payload, cache_key=key, entries=st.dictionaries(text, entries, max_size=2), seeds=seeds, gen=number, strict_gen=number,
    strict_sha256=text, strict_key=st.none() | key, rekeyed=number, ledger_key=st.none() | key, sso_key=st.none() | key,
    strict_serials=st.lists(text, max_size=2).map(tuple), unknown=unknown,
)  # fmt: skip


@given(payloads)
def test_box_main_reads_back_as_it_was_written(payload):
    """Every field, and the keys of later versions at every place that has them."""
    assert decode_main(encode_main(payload)) == payload


EVERY_KEY = (
    b'{"v":1,"gen":3,"strict_gen":2,"strict_sha256":"","cache_key":"%s","rekeyed":2,"ledger_key":"%s","strict_serials":["D"],'
    b'"entries":{"a":{"enrolment":{"step":"enable","name":"n","serial":"E"},"akid":"A","sak":"S","created":1,"journal":'
    b'{"earlier":[7,8],"taken_back":true,"at":"iam.example.org","step":"create","began":9,"known":["A"]}}},"seeds":{}}'
) % (b"A" * 43, b"A" * 43)


def test_every_key_that_the_program_writes_is_a_field():
    """None of them hides among the unknown keys, and the bytes of the file stay as they were."""
    payload = decode_main(pad(EVERY_KEY, step=4096))
    found = payload.entries["a"]
    assert (payload.unknown, found.unknown, found.journal.unknown) == ({}, {}, {})
    assert payload.strict_serials == ("D",)
    assert payload.ledger_key == Secret(bytes(32))
    assert found.enrollment == Enrollment(step="enable", name="n", serial="E")
    assert (found.journal.earlier, found.journal.taken_back, found.journal.at) == (
        (7, 8),
        True,
        "iam.example.org",
    )
    assert encode_main(payload) == pad(EVERY_KEY, step=4096)


@pytest.mark.parametrize("later", [b'"x"', b'{"step":"later","name":"n"}', b'{"step":"create","name":7}'])
def test_an_enrollment_of_a_later_version_is_kept_as_it_is(later):
    """This version cannot continue it, and another change of the vault does not lose it."""
    raw = GOOD.replace(b'{"akid"', b'{"enrolment":%s,"akid"' % later)
    payload = decode_main(pad(raw, step=4096))
    found = payload.entries["a"]
    assert found.enrollment is None
    assert encode_main(payload.with_entry("a", found)) == pad(raw, step=4096)
    begun = Enrollment(step="create", name="n")
    assert found.with_enrollment(begun).with_enrollment(None) == found.with_enrollment(None)
    assert found.with_enrollment(begun).unknown == {}


@given(seeds)
def test_box_strict_reads_back_as_it_was_written(found):
    """Seeds by serial."""
    assert decode_strict(encode_strict(found)) == found


GOOD = (
    b'{"v":1,"gen":1,"strict_gen":1,"strict_sha256":"","cache_key":"%s","entries":{"a":{"akid":"A","sak":"S","created":1}},'
    b'"seeds":{}}' % (b"A" * 43)
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"gen":1', b'"gen":true'),
        (b'"gen":1,', b""),
        (b'"v":1', b'"v":3'),
        (b'"created":1', b'"created":"1"'),
        (b'"akid":"A",', b""),
        (b'"sak":"S"', b'"sak":7'),
        (b'"seeds":{}', b'"seeds":[]'),
        (b'{"akid"', b'{"mfa_serial":null,"akid"'),
        (b'{"akid"', b'{"journal":[],"akid"'),
        (b'{"akid"', b'{"journal":{"step":"x","began":1,"known":[1]},"akid"'),
        (b'{"akid"', b'{"journal":{"step":"x","began":1,"known":[],"new":{"akid":"A"}},"akid"'),
        (b'{"akid"', b'{"journal":{"step":"x","began":1,"known":[],"earlier":[true]},"akid"'),
        (b'{"akid"', b'{"journal":{"step":"x","began":1,"known":[],"taken_back":1},"akid"'),
        (b'{"akid"', b'{"journal":{"step":"x","began":1,"known":[],"at":7},"akid"'),
        (b'"' + b"A" * 43 + b'"', b'"' + b"A" * 42 + b'"'),
        (b'"' + b"A" * 43 + b'"', b'"' + b"A" * 42 + b'B"'),
    ],
)
def test_a_payload_of_the_wrong_shape_is_refused(old, new):
    """Authentic or not: a value of the wrong type never gets in."""
    assert decode_main(pad(GOOD, step=4096)).gen == 1
    with pytest.raises(JsonError):
        decode_main(pad(GOOD.replace(old, new), step=4096))
