"""The age and the last use of keys."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID
from tests.unit.benches import NAME
from vault.rotation.key_age import KeyAge, key_ages


def test_ages_come_from_the_vault_or_from_aws(bench, aws):
    """Without asking AWS the age is the entry's, and marked as that; AWS's answer says what is wrong with the key."""
    keys = bench.keys(bench.context())
    (quiet,) = key_ages(bench.context(), keys, ask_aws=False)
    assert (quiet.name, quiet.exact, quiet.trouble, len(aws.calls)) == (NAME, False, None, 0)
    (asked,) = key_ages(bench.context(), keys)
    assert (asked.exact, asked.trouble) == (True, None)
    key = aws.world.keys[KEY_ID]
    aws.faults.hook(
        "GetCallerIdentity", "after", lambda: setattr(key, "user", aws.world.user("colleague").arn)
    )
    (gone,) = key_ages(bench.context(), keys)
    assert "does not have it" in gone.trouble
    del aws.world.keys[KEY_ID]
    (unknown,) = key_ages(bench.context(), keys)
    assert "InvalidClientTokenId" in unknown.trouble


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({}, False),
        ({"age": 91}, True),
        ({"kept_until": 1000}, True),
        ({"kept_until": 1001}, False),
        ({"step": "retire"}, True),
    ],
)
def test_when_a_key_is_due(more, due):
    """Older than the policy, an old key whose time is over, or a rotation that did not end."""
    key = KeyAge(**{"name": NAME, "key_id": KEY_ID, "age": 90, "exact": True, **more})
    assert key.is_due(90, now=1000) == due
