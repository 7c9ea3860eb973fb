"""Which keys in AWS's files can be moved."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID
from tests.unit.migrate.files import OTHER, OTHER_ID, intake, keys


@pytest.mark.parametrize("again", [keys("work", OTHER_ID, OTHER), keys("work", KEY_ID, OTHER)])
def test_a_profile_with_two_keys_in_one_file_is_skipped(again):
    """All lines would be removed and only one key stored: the other would be lost."""
    for first, second in ((keys("work"), again), (again, keys("work"))):
        taken = intake("", first + second)
        assert taken.keys == []
        assert [one.profile for one in taken.skipped] == ["work"]
        assert "two different keys" in taken.skipped[0].reason
    rivals = intake(keys("default") + again.replace("[work]", "[profile default]"))
    assert (rivals.keys, [one.profile for one in rivals.skipped]) == ([], ["default"])
