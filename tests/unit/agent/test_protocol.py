"""Frames: the server reads what a client writes, and refuses anything else with one declared error."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.agent.serving import export_request
from vault import limits
from vault.agent import protocol
from vault.agent.protocol import AgentRequest, BadFrame, Export

NAMES = st.text(min_size=1, max_size=40).filter(lambda s: "\0" not in s and s.isprintable())
GOOD = {
    "HELLO": {},
    "STATUS": {"first": 0},
    "ENDS": {"profile": "dev"},
    "DROP_SESSIONS": {"profile": ""},
    "HAS_ENTRY": {"name": "dev"},
    "LIST": {"first": 0},
    "GET_ENTRY": {"name": "dev"},
    "SSO_KEY": {},
    "TOTP": {"serial": "arn", "most": 1, "skew": -5, "after": 0},
    "NOTE_CODE": {"serial": "arn", "code": "123456", "within": 1},
    "UNLOCK": {
        "vault": "00" * 16,
        "keys": ["main", "cache"],
        "idle": 1,
        "hard": 2,
        "strict": 3,
        "sleep": True,
        "person": False,
    },
    "CONFIRM": {"what": "prod arn"},
    "CONFIRM_FOR": {"what": "prod arn", "seconds": 900},
    "CONFIRMED": {"what": "prod arn"},
    "LOG": {},
    "LOCK": {"hold": True},
    "PIN": {"vault": "00" * 16, "gen": 1, "digest": "ab"},
    "SEEN": {
        "vault": "00" * 16,
        "gen": 1,
        "digest": "ab" * 32,
        "rekeyed": 0,
        "macs": ["cd" * 32],
        "over": ["ef" * 32],
    },
    "SLEEP": {},
    "SHUTDOWN": {},
}


def test_each_op_has_an_example():
    """So none goes untested."""
    assert GOOD.keys() == protocol.FIELDS.keys()


@pytest.mark.parametrize("op", GOOD)
def test_round_trip_of_each_op(op):
    """Encoder and decoder agree for every op."""
    raw = protocol.object_request(op, **GOOD[op])
    assert protocol.length(raw[:4]) == len(raw) - 4
    request = protocol.parse(raw[4:])
    assert isinstance(request, AgentRequest)
    assert (request.op, request.fields) == (op, GOOD[op])
    assert request.follows == {"UNLOCK": 64}.get(op, 0)


@given(NAMES, st.binary(min_size=1, max_size=300))
def test_an_export_keeps_name_and_fingerprint(name, fingerprint):
    """The server looks a session up under the key that it was put under."""
    raw = export_request(name, fingerprint)
    assert protocol.parse(raw[4:]) == Export(protocol.session_key(name, fingerprint))


@given(
    NAMES, st.binary(min_size=1, max_size=300), st.integers(0, 2**53 - 1), st.integers(1, limits.AGENT_FRAME)
)
def test_a_session_is_announced_with_its_key(name, fingerprint, moment, size):
    """The first frame of a session is read as it was written, under the key of the export that will ask for it."""
    raw = protocol.put_request(name, fingerprint, issued=moment, expires=moment, size=size)
    key = protocol.session_key(name, fingerprint)
    assert protocol.parse(raw[4:]) == protocol.Put(moment, moment, size, key)


@pytest.mark.parametrize("op", GOOD)
def test_a_missing_unknown_or_mistyped_field_is_refused(op):
    """A server never guesses: each field is present, known and of its type."""
    good = GOOD[op]
    bad = [good | {"extra": 1}, *({k: v for k, v in good.items() if k != gone} for gone in good)]
    for name, value in good.items():
        bad += [
            good | {name: other}
            for other in (None, 1.5, [1], {}, True, 2**60, -(2**60))
            if type(other) is not type(value) or (isinstance(other, int) and abs(other) > 2**53)
        ]
    for fields in bad:
        with pytest.raises(BadFrame):
            protocol.object_request(op, **fields)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"E",
        b"Edev",
        b"Edev\0",
        b"E\0f",
        b"E" + b"x" * 600 + b"\0f",
        b"K1",
        b"P",
        b"P" + bytes(24) + b"dev\0f",
        b"P" + bytes(21) + b"\2\0\0dev\0f",
        b"P" + b"\xff" * 8 + bytes(15) + b"\1dev\0f",
        b"P" + bytes(23) + b"\1dev\0",
        b"{}",
        b"[]",
        b"{",
        b'{"op":1}',
        b'{"op":"RUN"}',
        b'{"op":"HELLO","op":"HELLO","x":1}',
        b'{"op":"STATUS","first":NaN}',
        b'{"op":"STATUS","first":1.0}',
        b'{"op":"STATUS","first":-1}',
        b'{"op":"LOCK","hold":1}',
        b"\xff\xfe",
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
)
def test_invalid_frames_are_refused(payload):
    """Each of these closes the connection with the one error that the server expects."""
    with pytest.raises(BadFrame):
        protocol.parse(payload)


@pytest.mark.parametrize(
    "keys", [[], ["main"], ["cache", "main"], ["main", "main"], ["main", "cache", "x"], ["disk"]]
)
def test_unlock_accepts_only_known_sets_of_keys(keys):
    """The list decides how the second frame's bytes are split, so it is one of four."""
    with pytest.raises(BadFrame):
        protocol.object_request("UNLOCK", **(GOOD["UNLOCK"] | {"keys": keys}))


@pytest.mark.parametrize("vault", ["", "0" * 31, "0" * 34, "0" * 31 + "g", "A" * 32, " " * 32], ids=len)
def test_unlock_accepts_only_a_vault_id(vault):
    """The ID is sent back as bytes beside the cache key, so it is 16 bytes in hex."""
    with pytest.raises(BadFrame):
        protocol.object_request("UNLOCK", **(GOOD["UNLOCK"] | {"vault": vault}))


@pytest.mark.parametrize("payload", [b"", bytes(limits.AGENT_FRAME + 1)], ids=["empty", "large"])
def test_frames_over_the_limit_are_not_sent(payload):
    """The other end refuses these lengths, so they are not sent."""
    with pytest.raises(BadFrame):
        protocol.frame(payload)


@pytest.mark.parametrize("size", [0, limits.AGENT_FRAME + 1, 2**32 - 1])
def test_a_length_out_of_bounds_is_refused(size):
    """No buffer is allocated for a frame that is not allowed."""
    with pytest.raises(BadFrame):
        protocol.length(size.to_bytes(4, "big"))


@settings(max_examples=2000)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(lambda t: ('{"op":"' + t).encode("utf-8", "replace")),
    )
)
def test_random_payloads_are_requests_or_bad_frames(payload):
    """Any payload is a request or raises BadFrame."""
    with contextlib.suppress(BadFrame):
        protocol.parse(payload)
