"""A passphrase from a descriptor or a file, in this process: what comes late, too long, in pieces or not at all."""

from __future__ import annotations

import os

import pytest

from vault import errors, limits
from vault.context import Context
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env
from vault.unlocking import passphrase_sources


@pytest.fixture
def search(home):
    """``search(**ENV)`` is what is found with these variables, within a short time."""

    def run(**env):
        merged = home.with_env({"AWSVAULT_PASSPHRASE": None, **env})
        return passphrase_sources.search(
            Context(env=merged, paths=from_env(merged), clock=SystemClock(), deadline=Deadline.after(0.3))
        )

    return run


@pytest.fixture
def pipe():
    """The two ends of a pipe. What reads it must close its own."""
    reading, writing = os.pipe()
    yield reading, writing
    with pytest.raises(BrokenPipeError):
        os.write(writing, b"x")
    os.close(writing)


def test_a_descriptor_that_stays_silent_is_passed_over(search, pipe):
    """Its writer gives nothing and does not end: in the list after the time that there is, and closed."""
    assert search(AWSVAULT_PASSPHRASE_FD=str(pipe[0])) == (None, ("descriptor (no data)",))


def test_a_descriptor_that_gives_a_disk_image_is_a_mistake(search, pipe):
    """No more is read than a passphrase can have, though the writer goes on."""
    os.write(pipe[1], b"x" * (limits.MAX_PASSPHRASE_INPUT + 1))
    with pytest.raises(errors.ConfigError, match=f"more than {limits.MAX_PASSPHRASE_INPUT} bytes"):
        search(AWSVAULT_PASSPHRASE_FD=str(pipe[0]))


def test_a_file_that_cannot_be_read_is_in_the_list(search):
    """What the system says of it stands beside it."""
    found, tried = search(AWSVAULT_PASSPHRASE_FILE="/" + "x" * 300)
    assert found is None
    assert tried[0].startswith("file (/xxx")
    assert "too long" in tried[0]
