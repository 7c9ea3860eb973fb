"""Disk hits: who refreshes, what is logged, and what the agent is told."""

from __future__ import annotations

import os

import pytest

from tests.unit.conftest import on_disk
from vault.credentials import disk_hit, obtain
from vault.credentials.request import Request
from vault.system import settled


def fill(desk, profile="dev", **env):
    """The session of a profile in the cache, had without the agent."""
    return obtain.credentials(desk.context(AWSVAULT_AGENT="off", **env), Request(profile), purpose="")


# ── disk hits ────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def aged(desk, beside, aws, monkeypatch):
    """``aged(SECONDS)``: the session of dev in the cache, so many seconds old, and the agent open."""

    def make(seconds):
        aws.world.clock.advance(-seconds)
        with monkeypatch.context() as patch:  # its files are older, which cannot be arranged
            patch.setattr(settled, "settled", lambda *_, **__: True)
            got = fill(desk)
        aws.world.clock.advance(seconds)
        beside.give()
        return got

    return make


def test_a_hit_says_which_process_refreshes_it(desk, aged):
    """A session that is due soon is printed, and refreshed by the one process that has the lock."""
    got = aged(2300)
    found = on_disk(desk.home.env, "dev")
    assert (found.line, found.refresh_ahead) == (got.line, True)
    with desk.cache().try_lock(got.digest):
        assert on_disk(desk.home.env, "dev").refresh_ahead is False


def test_a_session_that_is_due_is_no_hit(desk, aged):
    """Minutes before its end the full way decides."""
    aged(3200)
    assert on_disk(desk.home.env, "dev") is None


def test_a_hit_is_logged_unless_that_is_off(desk, aged):
    """``log = false`` holds for what comes from the cache too."""
    aged(10)
    found = on_disk(desk.home.env, "dev")
    folder = desk.context().paths.log
    before = sorted((name, os.path.getsize(f"{folder}/{name}")) for name in os.listdir(folder))
    with open(found.paths.config_toml, "w", encoding="utf-8") as file:
        file.write("log = false\n")
    disk_hit.log(found, wait=5)
    assert before == sorted((name, os.path.getsize(f"{folder}/{name}")) for name in os.listdir(folder))
    os.unlink(found.paths.config_toml)
    disk_hit.log(found, wait=5)
    assert before != sorted((name, os.path.getsize(f"{folder}/{name}")) for name in os.listdir(folder))


def test_a_hit_lets_the_agent_answer_next_time(desk, beside, aged):
    """The line that was printed is the agent's from then on."""
    aged(10)
    disk_hit.tell_agent(desk.context().agent, on_disk(desk.home.env, "dev"))
    assert [row["profile"] for row in beside.client().sessions()["sessions"]] == ["dev"]
