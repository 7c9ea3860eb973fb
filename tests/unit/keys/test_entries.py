"""Entries: which may be replaced."""

from __future__ import annotations

import pytest

from tests.unit.benches import NAME
from vault import errors
from vault.keys import entries
from vault.rotation.steps import RotationRequest


def test_an_entry_whose_rotation_is_in_progress_is_not_replaced(bench):
    """Only the vault has the new key: finish first, then --replace."""
    bench.rotate()
    with pytest.raises(errors.Declined, match=f'rotation of "{NAME}"') as caught:
        entries.check_name_is_free(bench.opened(), NAME, replacing=True)
    assert f"--finish {NAME}" in caught.value.hint
    bench.rotate(RotationRequest(finish=True))
    entries.check_name_is_free(bench.opened(), NAME, replacing=True)
