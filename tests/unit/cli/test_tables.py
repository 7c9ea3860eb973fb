"""list, status and whoami: tables for a person, lines for a pipe."""

from __future__ import annotations

import json

import pytest

from tests.fakes.example import KEY_ID
from tests.home import PASSPHRASE, SCENARIO, Home
from tests.typing_person import Terminal
from tests.unit.agent.at_home import stop, unlock
from vault.cli.terminal import key_age, life

MORE = """
[profile live]
region = eu-west-1
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = shared-services
awsvault_environment = production

[profile broken]
awsvault_role_arn = arn:aws:iam::333333333333:role/ReadOnlyRole
awsvault_source_profile = nobody
"""


@pytest.fixture
def home(home):
    """The README's home and two more profiles: production, and one that does not resolve."""
    home.scenario()
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write(MORE)
    home.make_vault()
    return home


def at_terminal(home, *arguments, **env):
    person = Terminal(home, *arguments, **{"AWSVAULT_PASSPHRASE": PASSPHRASE, **env})
    assert person.ends() == 0
    return person.shown


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
    shown = at_terminal(home, "list")
    dev = next(line for line in shown.splitlines() if "DeveloperRole" in line)
    assert "222222222222" in dev
    assert "59m" in dev or "1h 00m" in dev
    assert "\x1b[32m" in dev, "a session with plenty of life is green"
    assert "\x1b[1;31mlive" in shown
    assert KEY_ID in shown
    assert "AGE" in shown
    plain = at_terminal(home, "list", NO_COLOR="1")
    assert "\x1b[" not in plain
    assert "EXPIRES IN" in plain


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


def test_status_shows_what_is_warm_and_how_old_keys_are(home):
    """With the agent open: its sessions with the life left in colour, and each key's age; --json says the same."""
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
    """Where no agent runs but the cache's key is at hand, the sessions that an export would find are named."""
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


@pytest.mark.parametrize(("command", "left_out"), [(("list", "--profiles"), "SOURCE"), (("log",), "PARENT")])
def test_eighty_columns_show_the_columns_that_fit(home, command, left_out):
    """The rest is one table; a wide terminal and --json have all of it."""
    home.export("dev")
    wide = at_terminal(home, *command, COLUMNS="220", NO_COLOR="1").splitlines()
    fitting = at_terminal(home, *command, COLUMNS="80", NO_COLOR="1").splitlines()
    assert sum("PROFILE" in line for line in fitting) == 1
    assert max(len(line.rstrip()) for line in fitting) <= 80
    assert left_out in "".join(wide)
    assert left_out not in "".join(fitting)


@pytest.mark.parametrize("command", [("list", "--profiles"), ("log",)])
def test_a_narrow_terminal_gets_a_block_a_row(home, command):
    """A name can be read and copied: nothing is folded to a few letters a line."""
    home.export("dev")
    wide = at_terminal(home, *command, COLUMNS="100", NO_COLOR="1").splitlines()
    narrow = at_terminal(home, *command, COLUMNS="40", NO_COLOR="1").splitlines()
    assert sum("PROFILE" in line for line in wide) == 1
    rows = [line.split() for line in narrow if line.startswith("PROFILE")]
    assert ["PROFILE", "dev"] in rows
    assert any(line.startswith("ROLE") and line.endswith("role/DeveloperRole") for line in narrow)


def test_whoami_shows_the_expiry(home):
    """In colour at a terminal, plain when piped."""
    shown = at_terminal(home, "whoami", "dev")
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


@pytest.mark.parametrize(
    ("left", "style"), [(None, ""), (10, "red"), (299, "red"), (300, "yellow"), (1_799, "yellow"), (1_800, "green")]
)  # fmt: skip
def test_life_has_three_colours(left, style):
    """Red at the end, yellow before it."""
    assert life(left).style == style


def test_a_key_that_is_due_is_yellow():
    """Ninety days."""
    assert key_age(91 * 86_400).style == "yellow"
    assert key_age(89 * 86_400).style == ""


def test_explain_gives_each_value_its_place(home):
    """Region, role and device with the file and the line that they stand on; no call is made, no vault opened."""
    done = home.run("explain", "dev", AWSVAULT_PASSPHRASE=None)
    assert done.returncode == 0, done.stderr
    with open(home.config_path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    start = lines.index("[profile dev]")
    for key, value in (
        ("region", "us-west-2"),
        ("awsvault_role_arn", "arn:aws:iam::222222222222:role/DeveloperRole"),
    ):
        number = lines.index(f"{key} = {value}", start) + 1
        assert any(value in line for line in done.stdout.splitlines())
        assert f"~/.aws/config:{number})" in done.stdout, key


def test_status_without_a_vault_says_how_one_is_made(tmp_path):
    """And not that it is locked."""
    done = Home(tmp_path).run("status")
    assert done.returncode == 0
    assert "no vault yet" in done.stderr
    assert "awsvault-py add NAME" in done.stderr
