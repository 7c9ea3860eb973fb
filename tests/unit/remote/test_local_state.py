"""The key of a vault that has a remote."""

from __future__ import annotations

import dataclasses

import pytest

from vault import errors
from vault.remote import local_state
from vault.store.vault import Payload, new_key


def test_a_vault_alone_has_none():
    payload = Payload(cache_key=new_key())
    assert local_state.find(payload) is None
    with pytest.raises(errors.NotFound) as found:
        local_state.require(payload)
    assert "remote add" in found.value.hint


def test_it_can_be_put_and_taken_out(laptop):
    payload = laptop.opened().payload
    local = local_state.require(payload)
    assert local_state.find(local_state.keep(payload, local)) == local
    without = local_state.keep(dataclasses.replace(payload, unknown={**payload.unknown, "later": 1}), None)
    assert without.unknown == {"later": 1}


def test_a_bucket_file_that_was_restored_has_no_machine(laptop):
    payload = Payload(cache_key=new_key(), unknown={"sync": {"v": 1, "items": {}, "machines": {}}})
    assert local_state.find(payload) is None


def test_a_later_version_is_told(laptop):
    payload = laptop.opened().payload
    later = dataclasses.replace(payload, unknown={"sync": {**payload.unknown["sync"], "v": 2}})
    with pytest.raises(errors.Damaged) as found:
        local_state.find(later)
    assert "update awsvault-py" in found.value.hint
