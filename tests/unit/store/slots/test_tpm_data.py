"""The data of a tpm slot: what is written is read, and nothing else is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vault.hardware.tpm import SealedKey
from vault.store import strict_json
from vault.store.slots.tpm_data import TpmData, decode, encode

KEYS = st.builds(
    SealedKey,
    parent=st.binary(min_size=34, max_size=34),
    private=st.binary(max_size=200),
    public=st.binary(max_size=100),
    pcrs=st.sets(st.integers(0, 23), max_size=8).map(sorted).map(tuple),
)
DATA = TpmData(SealedKey(bytes(34), b"private", b"public", (0, 7)), "host")


@given(st.builds(TpmData, key=KEYS, host=st.text(st.characters(exclude_categories=["Cs"]), max_size=255)))
def test_what_is_encoded_is_decoded(data):
    """Every host name, every set of PCRs."""
    assert decode(encode(data)) == data


@given(st.binary(max_size=200))
def test_nonsense_is_nothing(raw):
    """The data is read before the vault is open: whatever it is, no error leaves the decoder."""
    assert decode(raw) is None


def test_one_deviation_is_enough():
    """A missing or other key, another version, other types, lengths and PCRs."""
    value = strict_json.parse(encode(DATA))
    for name in value:
        if name != "pcrs":
            assert decode(strict_json.canonical({k: v for k, v in value.items() if k != name})) is None, name
        assert decode(strict_json.canonical({**value, name: None})) is None, name
    for changed in (
        {"v": 2}, {"v": True}, {"x": 1}, {"parent": "AAAA"}, {"host": "x" * 256}, {"priv": "A"}, {"pcrs": []}, {"pcrs": [24]},
        {"pcrs": [7, 0]}, {"pcrs": [7, 7]}, {"pcrs": list(range(9))}, {"pcrs": [True]}, {"pcrs": 7},
    ):  # fmt: skip
        assert decode(strict_json.canonical({**value, **changed})) is None, changed


def test_the_chip_is_a_part_of_its_name():
    """Eight digits tell the TPMs of one host apart."""
    name = b"\0\x0b" + bytes.fromhex("12ab34cd") + bytes(28)
    assert DATA._replace(key=DATA.key._replace(parent=name)).chip == "12ab34cd"
