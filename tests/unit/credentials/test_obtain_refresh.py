"""A refresh that another process is at, or that AWS just refused."""

from __future__ import annotations

from vault.credentials import obtain
from vault.credentials.request import Request


def fill(desk, profile="dev", **env):
    """The session of a profile in the cache, had without the agent."""
    return obtain.credentials(desk.context(AWSVAULT_AGENT="off", **env), Request(profile), purpose="")


def test_a_renewal_that_another_process_is_at_is_left_to_it(desk, aws):
    """One process renews; the others are told nothing and ask AWS nothing. One that is fresh by then is not renewed."""
    digest = fill(desk).digest
    aws.calls.clear()
    with desk.cache().try_lock(digest):
        assert obtain.refreshed(desk.context(), "dev") is None
    assert obtain.refreshed(desk.context(), "dev").digest == digest
    assert len(aws.calls) == 0


def test_a_renewal_is_not_tried_where_aws_just_refused(desk, aws):
    """A failure of the last seconds holds for the renewal beside an export too."""
    got = fill(desk)
    aws.world.clock.advance(got.expires - got.issued - 600)
    aws.faults.add("AssumeRole", "error-503", times=None)
    desk.ask("dev")
    aws.calls.clear()
    assert obtain.refreshed(desk.context(), "dev") is None
    assert len(aws.calls) == 0
