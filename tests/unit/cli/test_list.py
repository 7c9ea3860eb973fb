"""list: a table at a terminal, lines for a pipe."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.unit.agent.at_home import stop, unlock
from tests.unit.cli import five_profiles


@pytest.fixture
def home(home):
    return five_profiles.at(home)


def test_list_names_profiles_with_the_life_of_their_sessions(home):
    """Where each profile leads, by which entry, and until when the session lives that is held for it."""
    ends = home.export("dev")["Expiration"]
    found = {p["profile"]: p for p in json.loads(home.run("list", "--json").stdout)["profiles"]}
    assert list(found) == ["shared-services", "dev", "prod", "live", "broken"]
    assert found["dev"] == {
        "profile": "dev", "account": "222222222222", "identity": "arn:aws:iam::222222222222:role/DeveloperRole",
        "source": "shared-services", "expires": ends,
    }  # fmt: skip
    assert found["shared-services"]["expires"] > ends  # the MFA session, which dev's role came from
    assert "expires" not in found["prod"]
    assert found["live"]["environment"] == "production"
    assert "nobody" in found["broken"]["problem"]


def test_list_at_a_terminal_shows_life_and_age(home):
    """One table of profiles, one of entries; production stands out, a held session has its time."""
    home.export("dev")
    shown = five_profiles.at_terminal(home, "list")
    dev = next(line for line in shown.splitlines() if "DeveloperRole" in line)
    assert "222222222222" in dev
    assert "59m" in dev or "1h 00m" in dev
    assert "\x1b[32m" in dev, "a session with plenty of life is green"
    assert "\x1b[1;31mlive" in shown
    assert KEY_ID in shown
    assert "AGE" in shown
    plain = five_profiles.at_terminal(home, "list", NO_COLOR="1")
    assert "\x1b[" not in plain
    assert "EXPIRES IN" in plain


def test_list_at_a_terminal_keeps_its_columns_whatever_a_profile_is(home):
    """A profile that does not resolve has a short row, and one with a key in AWS's files says so."""
    home.config(
        f"{five_profiles.MORE}[profile plain]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    shown = five_profiles.at_terminal(home, "list", NO_COLOR="1")
    assert "SOURCE" in shown
    assert "see: awsvault-py explain broken" in shown
    assert "plaintext key" in next(line for line in shown.splitlines() if line.startswith("plain "))
    assert "nobody" in home.run("list", "--profiles").stdout


def test_list_piped_is_a_line_a_profile_or_an_entry(home):
    """Each with tabs between and nothing else, so that cut and awk can read it."""
    home.export("dev")
    rows = [line.split("\t") for line in home.run("list", "--profiles").stdout.splitlines()]
    assert [len(row) for row in rows] == [5] * 5
    assert rows[1][:4] == ["dev", "222222222222", "role/DeveloperRole", "shared-services"]
    assert rows[1][4] in ("59m", "1h 00m")
    assert [line.split("\t")[0] for line in home.run("list").stdout.splitlines()] == ["shared-services"]


def test_list_shows_entries_where_the_profiles_cannot_be_read(home):
    """A broken AWS file is said; what is in the vault is shown all the same."""
    home.config("[profile dev\n")
    done = home.run("list", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["profiles"] == []
    assert len(json.loads(done.stdout)["entries"]) == 1
    assert f"{home.config_path}:1" in done.stderr


def test_list_of_many_profiles_asks_for_each_key_once(home):
    """A hundred profiles of one key are listed from the agent as from the vault."""
    block = (
        "[profile p{n}]\nawsvault_role_arn = arn:aws:iam::222222222222:role/R{n}\n"
        "awsvault_source_profile = shared-services\nregion = us-east-1\n"
    )
    home.config(
        "[profile shared-services]\nregion = us-east-1\n" + "".join(block.format(n=n) for n in range(100))
    )
    directly = home.run("list", "--json").stdout
    assert len(json.loads(directly)["profiles"]) == 101
    home.env.pop("AWSVAULT_AGENT")
    unlock(home)
    try:
        assert home.run("list", "--json", AWSVAULT_PASSPHRASE=None).stdout == directly
    finally:
        stop(home)
