"""A new key that AWS's servers learn late, or not at all."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID
from tests.unit.benches import refused, unsteady
from vault import errors


@pytest.fixture
def bench(home, aws):
    return unsteady(home, aws)


def test_a_key_that_aws_does_not_learn_stops_the_rotation(bench, aws):
    """After a minute the run ends with 11 and the old key in use; the next one continues with the same new key."""
    aws.world.new_key_delay = 300
    with pytest.raises(errors.RotationStopped) as caught:
        bench.rotate()
    assert caught.value.exit_code == 11
    assert bench.entry.access_key_id == KEY_ID
    aws.world.clock.advance(300)
    bench.rotate()
    assert aws.calls.count("CreateAccessKey") == 1
    bench.settled()


def test_a_refusal_that_waiting_does_not_fix_stops_the_rotation(bench, aws):
    """The run ends with 11 while the old key is in use; the next one continues."""
    aws.faults.hook(
        "CreateAccessKey",
        "after",
        lambda: refused(aws, "GetCallerIdentity", "SignatureDoesNotMatch"),
    )
    with pytest.raises(errors.RotationStopped, match=f"{KEY_ID} is still in use"):
        bench.rotate()
    assert set(bench.keys_at_aws().values()) == {"Active"}
    bench.rotate()
    assert aws.calls.count("CreateAccessKey") == 1
    bench.settled()


def test_a_server_that_knows_neither_key_is_asked_again(bench, aws):
    """Deactivating the old key meets servers that know neither key yet: it waits, and the rotation finishes."""
    refused(aws, "UpdateAccessKey", "InvalidClientTokenId", times=4)
    bench.rotate()
    assert aws.calls.count("UpdateAccessKey") == 5
    bench.settled()
