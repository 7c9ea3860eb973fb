"""The entry is written only while it is as the run saw it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.benches import NAME
from vault import errors
from vault.rotation import rotate
from vault.rotation.steps import RotationRequest


def test_an_entry_that_another_process_changed_is_left_alone(bench, aws):
    """The rotation stops before it creates a key."""
    prepared = bench.look()
    bench.edit(lambda p: p.with_entry(NAME, replace(p.entries[NAME], access_key_id="AKIAI44QH8DHBEXAMPLE")))
    with pytest.raises(errors.RotationStopped, match=f'another process .*"{NAME}"'):
        rotate.carry_out(bench.context(), bench.opened(), prepared, RotationRequest())
    assert aws.calls.count("CreateAccessKey") == 0
