"""status: what it shows at a terminal."""

from __future__ import annotations

import json

import pytest

from tests.home import PASSPHRASE, Home
from tests.terminal_user import Terminal
from tests.unit.agent.at_home import stop, unlock
from tests.unit.cli import five_profiles


@pytest.fixture
def home(home):
    return five_profiles.at(home)


def test_status_shows_what_is_warm_and_how_old_keys_are(home):
    """With the agent open: its sessions, their time to expiry in color, and each key's age; --json says the same."""
    home.env.pop("AWSVAULT_AGENT")
    home.env.pop("AWSVAULT_PASSPHRASE")
    unlock(home)
    try:
        home.export("dev")
        found = json.loads(home.run("status", "--json").stdout)
        assert [(s["profile"], s["held"]) for s in found["sessions"]] == [("dev", "agent")]
        assert [k["name"] for k in found["keys"]] == ["shared-services"]
        assert found["keys"][0]["created"].endswith("Z")
        person = Terminal(home, "status")
        assert person.ends() == 0
        assert "EXPIRES IN" in person.shown
        assert "\x1b[32m" in next(line for line in person.shown.splitlines() if line.startswith("dev"))
        assert "AGE" in person.shown
        piped = home.run("status").stdout.splitlines()
        assert [line.split("\t")[0] for line in piped] == ["dev"]
        assert len(piped[0].split("\t")) == 4
    finally:
        stop(home)
    assert "keys" not in json.loads(home.run("status", "--json").stdout)


def test_status_names_what_is_warm_on_disk(home):
    """If no agent runs but the cache key is available, the sessions that an export would find are named."""
    home.env.pop("AWSVAULT_AGENT")
    home.env.pop("AWSVAULT_PASSPHRASE")
    unlock(home)
    try:
        home.export(
            "prod", AWSVAULT_PASSPHRASE=PASSPHRASE, AWSVAULT_AGENT="off"
        )  # the agent did not see this one
        home.export("dev")
        held = {s["profile"]: s["held"] for s in json.loads(home.run("status", "--json").stdout)["sessions"]}
        assert held == {"dev": "agent", "prod": "disk"}
    finally:
        stop(home)


def test_status_names_what_is_on_disk_where_a_passphrase_opens_the_vault(home):
    """Without an agent: an export with that passphrase finds it there, and so does list."""
    home.export("dev")
    found = json.loads(home.run("status", "--json").stdout)
    assert [(s["profile"], s["held"]) for s in found["sessions"]] == [("dev", "disk")]
    assert [key["name"] for key in found["keys"]] == ["shared-services"]
    assert home.run("lock").returncode == 0
    assert json.loads(home.run("status", "--json").stdout)["sessions"] == []


def test_status_without_a_vault_says_how_one_is_made(tmp_path):
    """And not that it is locked."""
    done = Home(tmp_path).run("status")
    assert done.returncode == 0
    assert "no vault yet" in done.stderr
    assert "awsvault-py add NAME" in done.stderr
