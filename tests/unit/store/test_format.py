"""The header codec: what it takes, what it refuses, and that every decoder has its encoder."""

from __future__ import annotations

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import limits
from vault.crypto.seal import OVERHEAD, b64u
from vault.store import strict_json
from vault.store.format import (
    MAGIC,
    Ext,
    FormatError,
    Header,
    SlotRecord,
    encode_header,
    encode_prefix,
    parse_file,
    parse_header,
    slot_aad,
)
from vault.store.kdf import KdfParams

WRAP = bytes(112)
PASS = {
    "t": "pass",
    "sid": b64u(b"8bytes-1"),
    "g": ["main"],
    "kdf": {"a": "argon2id", "m": 65536, "t": 3, "p": 4, "salt": b64u(bytes(16))},
    "wrap": b64u(WRAP),
}
GOOD = {"v": 1, "id": b64u(bytes(16)), "gen": 7, "time": 1700000000, "len": [4176, 1104], "slots": [PASS]}


def header_with(**changes):
    return json.dumps({**GOOD, **changes}).encode()


def slot_with(**changes):
    return header_with(slots=[{k: v for k, v in {**PASS, **changes}.items() if v is not None}])


def kdf_with(**changes):
    return slot_with(kdf={**PASS["kdf"], **changes})


sids = st.binary(min_size=8, max_size=8)
wraps = st.binary(min_size=112, max_size=112)
params = st.builds(KdfParams, st.integers(19_456, 131_072), st.integers(2, 16), st.integers(1, 16)).filter(
    lambda p: limits.KDF_WORK_LEAST <= p.memory_kib * p.passes <= limits.KDF_WORK_MOST
)
hosts = st.text(st.characters(codec="utf-8"), max_size=255)
slots = st.one_of(
    st.builds(
        SlotRecord, type=st.just("pass"), sid=sids, opens=st.sampled_from(["main", "strict"]), wrap=wraps,
        kdf=params, salt=st.binary(min_size=16, max_size=16),
    ),
    st.builds(SlotRecord, type=st.just("keyring"), sid=sids, opens=st.just("main"), wrap=wraps, host=hosts),
    st.builds(SlotRecord, type=st.just("recovery"), sid=sids, opens=st.just("main"), wrap=wraps),
    st.builds(
        SlotRecord, type=st.just("ext"), sid=sids, opens=st.sampled_from(["main", "strict"]), wrap=wraps,
        ext=st.builds(Ext, name=st.from_regex(r"\A[a-z0-9]{1,24}\Z"), data=st.binary(max_size=100)),
    ),
)  # fmt: skip
numbers = st.integers(0, 2**53)
headers = st.builds(
    Header,
    vault_id=st.binary(min_size=16, max_size=16),
    gen=numbers,
    time=numbers,
    main_size=st.integers(80, 300),
    strict_size=st.integers(80, 300),
    slots=st.lists(slots, min_size=1, max_size=8, unique_by=lambda s: s.sid)
    .filter(lambda found: any(s.opens == "main" for s in found))
    .map(tuple),
)


@given(headers)
def test_every_header_reads_back_as_it_was_written(header):
    """Header to bytes to Header, for every kind of slot."""
    assert parse_header(encode_header(header)) == header


@given(headers)
def test_a_file_comes_apart_and_goes_together_again(header):
    """The layout loses no byte: prefix, main box, strict box."""
    raw = encode_prefix(header) + bytes(header.main_size) + bytes([1]) * header.strict_size
    file = parse_file(raw)
    assert (file.header, file.raw) == (header, raw)
    assert (len(file.main), len(file.strict)) == (header.main_size, header.strict_size)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything_but_format_error(raw):
    """Noise behind a right magic is refused in words."""
    for wrong in (raw, MAGIC + raw, MAGIC + len(raw).to_bytes(4, "big") + raw):
        with pytest.raises(FormatError):
            parse_file(wrong)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(GOOD)), json_values)
def test_no_value_in_a_header_raises_anything_but_format_error(key, value):
    """Any JSON in the place of any key: the header is refused, or it is a header."""
    try:
        parse_header(json.dumps({**GOOD, key: value}).encode())
    except FormatError:
        return


def test_the_example_itself_is_taken():
    """Else every refusal below would prove nothing."""
    assert parse_header(header_with()).gen == 7


NINE = [{**PASS, "sid": b64u(bytes([n]) * 8)} for n in range(9)]
REFUSED = {
    "no JSON": b"{",
    "not UTF-8": b'{"v":"\xff"}',
    "another version": header_with(v=2),
    "true for version 1": header_with(v=True),
    "a duplicate key": header_with()[:-1] + b',"gen":7}',
    "a duplicate key deep inside": header_with().replace(b'"m": 65536', b'"m": 65536, "m": 65536'),
    "an unknown key": header_with(x=1),
    "a missing key": json.dumps({k: v for k, v in GOOD.items() if k != "time"}).encode(),
    "a float": header_with(gen=7.0),
    "an exponent": header_with().replace(b'"gen": 7', b'"gen": 7e0'),
    "NaN": header_with(gen=float("nan")),
    "infinity": header_with(gen=float("inf")),
    "a negative integer": header_with(gen=-1),
    "minus zero": header_with().replace(b'"gen": 7', b'"gen": -0'),
    "an integer over 2^53": header_with(gen=2**53 + 1),
    "an integer of 5,000 digits": header_with().replace(b'"gen": 7', b'"gen": ' + b"7" * 5000),
    "true for an integer": header_with(gen=True),
    "a string for an integer": header_with(gen="7"),
    "an id that is too short": header_with(id=b64u(bytes(15))),
    "an id with padding": header_with(id=b64u(bytes(16)) + "=="),
    "an id with spare bits": header_with(id="AAAAAAAAAAAAAAAAAAAAAB"),
    "an id in the other alphabet": header_with(id="+" * 22),
    "one box": header_with(len=[4176]),
    "three boxes": header_with(len=[4176, 1104, 1]),
    "a box under 80 bytes": header_with(len=[4176, 79]),
    "nesting of nine": header_with(x=[[[[[[[[1]]]]]]]]),
    "nesting of 5,000": b'{"v":' + b"[" * 5000 + b"]" * 5000 + b"}",
    "half a surrogate pair": slot_with(t="keyring", kdf=None, ref={"host": "\ud800"}),
    "no slot": header_with(slots=[]),
    "nine slots": header_with(slots=NINE),
    "two slots of one id": header_with(slots=[PASS, PASS]),
    "no slot of main": slot_with(g=["strict"]),
    "a slot of both": slot_with(g=["main", "strict"]),
    "a slot of none": slot_with(g=[]),
    "a slot of another box": slot_with(g=["other"]),
    "an unknown slot type": slot_with(t="fido", kdf=None),
    "a pass slot without kdf": slot_with(kdf=None),
    "a recovery slot with kdf": slot_with(t="recovery"),
    "a keyring slot of strict": header_with(
        slots=[
            PASS,
            {
                "t": "keyring",
                "sid": b64u(bytes(8)),
                "g": ["strict"],
                "ref": {"host": "h"},
                "wrap": b64u(WRAP),
            },
        ]
    ),
    "a host name that is too long": slot_with(t="keyring", kdf=None, ref={"host": "h" * 256}),
    "a sid of 7 bytes": slot_with(sid=b64u(bytes(7))),
    "a wrap that is too short": slot_with(wrap=b64u(bytes(111))),
    "an ext name with a slash": slot_with(t="ext", kdf=None, ext={"name": "../x", "data": ""}),
    "an ext name of 25": slot_with(t="ext", kdf=None, ext={"name": "a" * 25, "data": ""}),
    "an empty ext name": slot_with(t="ext", kdf=None, ext={"name": "", "data": ""}),
    "ext data over 8 KiB": slot_with(t="ext", kdf=None, ext={"name": "a", "data": b64u(bytes(8193))}),
    "another KDF": kdf_with(a="scrypt"),
    "memory of 64 GiB": kdf_with(m=67_108_864),
    "memory of 2 GiB": kdf_with(m=2_097_152),
    "too little memory": kdf_with(m=19_455),
    "memory that is true": kdf_with(m=True),
    "one pass over the least memory": kdf_with(m=19_456, t=1),
    "no pass": kdf_with(t=0),
    "17 passes": kdf_with(t=17),
    "no lane": kdf_with(p=0),
    "17 lanes": kdf_with(p=17),
    "1 GiB three times": kdf_with(m=1_048_576, t=3),
    "a salt of 15 bytes": kdf_with(salt=b64u(bytes(15))),
    "an unknown key in kdf": kdf_with(x=1),
}


@pytest.mark.parametrize("raw", REFUSED.values(), ids=REFUSED.keys())
def test_a_header_that_we_would_not_write_is_refused(raw):
    """Each refusal of format.md 2 and 4."""
    with pytest.raises(FormatError):
        parse_header(raw)


def test_kdf_bounds_say_value_limit_and_remedy():
    """A user who meets a hostile or a too strong vault learns what is wrong with it."""
    with pytest.raises(FormatError, match=r"67108864 KiB, and the limit is 19456 to 1048576 KiB.*backup"):
        parse_header(kdf_with(m=67_108_864))


LAYOUT = {
    "nothing": b"",
    "the magic alone": MAGIC,
    "another magic": b"AWSVLT2\n" + bytes(100),
    "a header of 1 byte": MAGIC + b"\0\0\0\1{",
    "a header over 64 KiB": MAGIC + (65537).to_bytes(4, "big") + bytes(65537),
    "a header that is not there": MAGIC + b"\0\0\1\0{}",
}


@pytest.mark.parametrize("raw", LAYOUT.values(), ids=LAYOUT.keys())
def test_a_file_with_wrong_sizes_is_refused(raw):
    """Before a byte of JSON is read."""
    with pytest.raises(FormatError):
        parse_file(raw)


@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_one_byte_longer_or_shorter_is_refused(change):
    """Nothing follows the second box, and nothing of it is missing."""
    header = dataclasses.replace(parse_header(header_with()), main_size=OVERHEAD, strict_size=OVERHEAD)
    with pytest.raises(FormatError, match="its header says"):
        parse_file(encode_prefix(header) + bytes(2 * OVERHEAD + change))


def test_a_header_that_would_not_fit_is_not_written():
    """Seven ext slots of 8 KiB are over 64 KiB of header."""
    ext = [SlotRecord(type="ext", sid=bytes([n]) * 8, opens="main", wrap=WRAP, ext=Ext(name="x", data=bytes(8192)))
           for n in range(7)]  # fmt: skip
    header = Header(vault_id=bytes(16), gen=1, time=1, main_size=80, strict_size=80, slots=tuple(ext))
    with pytest.raises(FormatError, match="over the limit"):
        encode_prefix(header)


@pytest.mark.parametrize("sids", [range(9), (1, 1), ()])
def test_a_header_that_no_reader_takes_is_not_written(sids):
    """Nine slots, two of one ID, none."""
    found = tuple(SlotRecord(type="recovery", sid=bytes([n]) * 8, opens="main", wrap=WRAP) for n in sids)
    header = Header(vault_id=bytes(16), gen=1, time=1, main_size=80, strict_size=80, slots=found)
    with pytest.raises(FormatError, match="slot"):
        encode_prefix(header)


@given(slots, st.binary(min_size=16, max_size=16))
def test_a_slots_aad_binds_everything_but_the_wrap(slot, vault_id):
    """Sorted keys, no spaces, ASCII: one text for a slot, whatever order the header had."""
    aad = slot_aad(slot, vault_id=vault_id)
    assert aad.startswith(b"slot\0" + vault_id + b"\0{")
    text = aad[5 + 16 + 1 :]
    assert text.isascii()
    value = json.loads(text)
    assert "wrap" not in value
    assert json.dumps(value, sort_keys=True, separators=(",", ":")).encode() == text
    assert slot_aad(dataclasses.replace(slot, wrap=bytes(112)), vault_id=vault_id) == aad
    assert slot_aad(dataclasses.replace(slot, sid=bytes(8)), vault_id=vault_id) != aad or slot.sid == bytes(8)


plain = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
    max_leaves=10,
)


@given(plain)
def test_the_json_dialect_reads_back_what_it_writes(value):
    """Unknown keys of any shape survive a rewrite, up to eight levels."""
    try:
        raw = strict_json.compact(value)
    except strict_json.JsonError as e:
        assert "nested" in str(e)
        return
    assert strict_json.parse(raw) == value
