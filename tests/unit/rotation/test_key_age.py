"""The age and the last use of keys."""

from __future__ import annotations

from tests.fakes.example import KEY_ID
from tests.unit.benches import NAME
from vault.rotation.key_age import key_ages


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
