"""whoami: the expiry, at a terminal and inside exec."""

from __future__ import annotations

import json

import pytest

from tests.home import SCENARIO
from tests.unit.cli import five_profiles


@pytest.fixture
def home(home):
    return five_profiles.at(home)


def test_whoami_shows_the_expiry(home):
    """In colour at a terminal, plain when piped."""
    shown = five_profiles.at_terminal(home, "whoami", "dev")
    until = next(line for line in shown.splitlines() if line.startswith("expires"))
    assert "\x1b[32m" in until
    assert "(in " in until
    piped = home.run("whoami", "dev").stdout
    assert "\x1b" not in piped
    assert "(in " in piped


def test_whoami_inside_exec_with_a_server_is_who_is_served(home):
    """Not the profile that [default] leads to, which another account's is."""
    home.config(SCENARIO + "[default]\ncredential_process = {command} export prod\n")
    inside = ["exec", "--server", "dev", "--", "awsvault-py", "whoami", "--json"]
    done = home.run(*inside)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert (found["account"], "profile" in found, "expires" in found) == ("222222222222", False, True)


def test_whoami_inside_exec_tells_the_end(home):
    """The environment's own session ends where exec's does."""
    done = home.run("exec", "dev", "--", "awsvault-py", "whoami", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["expires"].endswith("Z")
