"""remove asks first, and names what is not there."""

from __future__ import annotations

import json

import pytest

from tests.home import failed

pytestmark = pytest.mark.usefixtures("inside")


def listed(home, **env):
    done = home.run("list", "--json", **env)
    assert done.returncode == 0, done.stderr
    return {e["name"]: e for e in json.loads(done.stdout)["entries"]}


def test_remove_asks_first(home):
    """Without a terminal it is declined (10) and says --yes; with --yes the entry and its seed are gone."""
    home.make_vault()
    failed(home.run("remove", "shared-services"), 10, "--yes")
    assert "shared-services" in listed(home)
    assert home.run("rm", "shared-services", "--yes").returncode == 0
    assert listed(home) == {}
    assert json.loads(home.run("mfa", "list", "--json").stdout) == {"devices": []}


def test_remove_of_a_name_that_is_not_there(home):
    """Exit 5 with the nearest name."""
    home.make_vault()
    failed(home.run("remove", "shared-service", "--yes"), 5, 'did you mean "shared-services"?')
