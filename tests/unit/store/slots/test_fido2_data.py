"""The data of a fido2 slot: written and read back; anything else is none."""

from __future__ import annotations

import json

import pytest

from vault.store.slots import fido2_data
from vault.store.slots.fido2_data import Fido2Data

DATA = Fido2Data(b"c" * 64, bytes(range(32)), True, bytes(range(16)))


@pytest.mark.parametrize("data", [DATA, DATA._replace(uv=False), DATA._replace(credential=b"c" * 1023)])
def test_what_is_written_is_read(data):
    """Byte for byte."""
    raw = fido2_data.encode(data)
    assert fido2_data.decode(raw) == data
    assert fido2_data.encode(fido2_data.decode(raw)) == raw
    assert len(raw) < 8192


def test_the_model_as_makers_write_it():
    """A UUID in lower case."""
    assert DATA.model == "00010203-0405-0607-0809-0a0b0c0d0e0f"


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"v": True}, {"x": 1}, {"cred": ""}, {"cred": "AA=="}, {"cred": 1}, {"salt": "AAAA"}, {"uv": 1}, {"uv": "yes"},
        {"aaguid": "AAAA"}, {"cred": "A" * 1368}, {"salt": None},
    ],
)  # fmt: skip
def test_other_data_is_none(change):
    """A later version's, a key more, a wrong type or size."""
    value = {**json.loads(fido2_data.encode(DATA)), **change}
    assert fido2_data.decode(json.dumps(value).encode()) is None


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", b"{}"])
def test_no_object_is_none(raw):
    """Nor is what is no JSON."""
    assert fido2_data.decode(raw) is None
