"""A context in a home with these files."""

from __future__ import annotations

import pytest

from vault.context import Context
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env


@pytest.fixture
def at_home(home):
    """``at_home(CONFIG, CREDENTIALS, **ENV)`` is the Context of a command in a home with these files, and no vault."""

    def make(config, credentials="", **env):
        home.config(config)
        with open(f"{home.root}/.aws/credentials", "w", encoding="utf-8") as file:
            file.write(credentials)
        merged = home.with_env({"AWS_ENDPOINT_URL": None, "AWSVAULT_PASSPHRASE": None, **env})
        clock = SystemClock()
        return Context(
            env=merged, paths=from_env(merged), clock=clock, deadline=Deadline.after(50, clock=clock)
        )

    return make
