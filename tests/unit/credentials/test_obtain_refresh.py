"""A refresh that another process is at, or that AWS just refused."""

from __future__ import annotations

from vault.credentials import obtain
from vault.credentials.request import Request


def fill(desk, profile="dev", **env):
    """The session of a profile in the cache, had without the agent."""
    return obtain.credentials(desk.context(AWSVAULT_AGENT="off", **env), Request(profile), purpose="")


def test_a_refresh_by_another_process_is_left_to_it(desk, aws):
    """One process refreshes; the others are told nothing and ask AWS nothing. A session that is fresh by then is not refreshed."""
    digest = fill(desk).digest
    aws.calls.clear()
    with desk.cache().try_lock(digest):
        assert obtain.refresh_ahead(desk.context(), "dev") is None
    assert obtain.refresh_ahead(desk.context(), "dev").digest == digest
    assert len(aws.calls) == 0


def test_a_refresh_is_not_tried_right_after_a_refusal(desk, aws):
    """A failure of the last seconds holds for the refresh beside an export too."""
    got = fill(desk)
    aws.world.clock.advance(got.expires - got.issued - 600)
    aws.faults.add("AssumeRole", "error-503", times=None)
    desk.ask("dev")
    aws.calls.clear()
    assert obtain.refresh_ahead(desk.context(), "dev") is None
    assert len(aws.calls) == 0
