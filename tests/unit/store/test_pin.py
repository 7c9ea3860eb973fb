"""The pin as bytes: it reads back, and authenticates under its main key alone."""

from __future__ import annotations

import pytest

from tests.vaults import new_vault, paths_in
from vault.secret import Secret
from vault.store import pin as pins
from vault.store.strict_json import JsonError


@pytest.fixture
def paths(tmp_path):
    return paths_in(tmp_path)


def test_a_pin_reads_back_and_authenticates_under_its_main_key_alone(paths):
    """What the state folder holds is bound to the vault's key."""
    opened = new_vault(paths)
    pin = pins.pin_of(opened.file, rekeyed=0)
    raw = pins.encode_pin(pin, k_main=opened.k_main)
    found, mac = pins.decode_pin(raw)
    assert found == pin
    assert pins.authentic(found, mac, k_main=opened.k_main)
    assert not pins.authentic(found, mac, k_main=Secret(bytes(32)))
    for changed in (
        raw[:-2],
        raw.replace(b'"gen":1', b'"gen":-1'),
        b"[]",
        b"{}",
        raw.replace(b"digest", b"digezt"),
        raw.replace(b'"gen":1', b'"gen":"1"'),
        raw.replace(b'"digest":"', b'"digest":"x'),
        raw.replace(b'"id":"', b'"id":"AAAA'),
    ):
        with pytest.raises(JsonError):
            pins.decode_pin(changed)
