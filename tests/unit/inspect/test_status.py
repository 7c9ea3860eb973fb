"""status tells how the keys stand wherever the vault opens without a question, and asks for nothing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time

import pytest

from tests.fakes.example import KEY_ID, SECRET, SERIAL
from tests.home import COMMAND, SCENARIO
from tests.patience import PATIENCE
from tests.unit.agent.at_home import reach, stop, unlock, with_agent
from tests.unit.agent.serving import session
from tests.unit.conftest import Desk
from vault.credentials.request import Refetch
from vault.unlocking.keys import CodeWait

pytestmark = pytest.mark.usefixtures("inside")

LONG = """
[profile long]
awsvault_role_arn = arn:aws:iam::222222222222:role/LongRole
awsvault_source_profile = shared-services
mfa_serial = arn:aws:iam::111111111111:mfa/yourself
duration_seconds = 14400
"""


def told(home, **env):
    """What status says, and its JSON."""
    done = home.run("status", **env)
    assert done.returncode == 0, done.stderr
    return done.stderr, json.loads(home.run("status", "--json", **env).stdout)


def execed(home, *arguments):
    """What exec says on stderr, as a process of its own: it takes its process's place."""
    words = [COMMAND, "exec", *arguments, "--", "true"]
    return subprocess.run(
        words, env=home.env, capture_output=True, check=True, timeout=PATIENCE
    ).stderr.decode()


@pytest.mark.parametrize("agent", [False, True])
def test_status_tells_of_a_grace(home, aws, agent):
    """Until when the old key is kept, and both ways out; once it is finished, nothing more of it."""
    if agent:
        with_agent(home)
        unlock(home)
    else:
        home.scenario()
        home.make_vault()
    try:
        assert "old key" not in told(home)[0]
        env = {"AWSVAULT_PASSPHRASE": "correct horse battery staple"}
        rotated = home.run("rotate", "--yes", **env)
        assert rotated.returncode == 0, rotated.stderr
        said, found = told(home)
        assert "--finish" in said
        assert "--undo" in said
        (key,) = found["keys"]
        assert (key["rotation"], key["access_key_id"] == KEY_ID) == ("grace", False)
        assert key["kept_until"] > key["created"]
        assert home.run("rotate", "--finish", "--yes", **env).returncode == 0
        said, found = told(home)
        assert "old key" not in said
        assert "rotation" not in found["keys"][0]
    finally:
        if agent:
            stop(home)


@pytest.mark.parametrize(
    "words", [["rotate", "shared-services", "--yes"], ["add", "shared-services", "--replace", "--stdin", "--no-verify"], ["remove", "shared-services", "--yes"]],
    ids=lambda words: words[0],
)  # fmt: skip
def test_no_session_of_a_key_that_is_gone_is_shown(home, aws, words):
    """No export uses it, so status says of it what list says: nothing. Other keys' sessions stay."""
    with_agent(home)
    unlock(home)
    agent, now = reach(home), int(time.time())
    try:
        home.export("dev")
        assert agent.put_session("of-another-key", b"f", session(), issued=now, expires=now + 3600)
        assert {row["profile"] for row in told(home)[1]["sessions"]} == {"dev", "of-another-key"}
        key = json.dumps({"AccessKeyId": "AKIAI44QH8DHBEXAMPLE", "SecretAccessKey": SECRET})
        done = home.run(*words, stdin=key, AWSVAULT_PASSPHRASE="correct horse battery staple")
        assert done.returncode == 0, done.stderr
        assert {row["profile"] for row in told(home)[1]["sessions"]} == {"of-another-key"}
    finally:
        agent.close()
        stop(home)


def test_status_tells_of_a_role_given_for_an_hour(home, aws):
    """A role of four hours that came through the session for want of a code is named, until it has its own."""
    home.config(SCENARIO + LONG)
    home.make_vault()
    desk = Desk(home, aws)
    start = aws.world.now() // 30 * 30 + 5
    aws.world.clock.freeze(start)
    desk.ask("shared-services")
    desk.keys(desk.context()).take_code(SERIAL, CodeWait(desk.context().deadline, 50))
    aws.world.clock.freeze(start)  # the next step is taken, as if by a process that waits for it beside us
    got = desk.ask("long")
    assert got.expires - got.issued == 3600
    said, found = told(home)
    assert "long: the session lasts one hour instead of 4h 00m" in said
    assert "--fresh long" in said
    assert execed(home, "long") == ""
    for more in ((), ("--server",)):
        shorter = execed(home, *more, "--duration", "4h", "long")
        assert "long lasts 1h 00m instead of 4h 00m: " in shorter
    (short,) = found["given_for_an_hour"]
    assert (short["profile"], short["wanted_seconds"]) == ("long", 14400)
    aws.world.clock.freeze(start + 90)
    desk.ask("long", refetch=Refetch(last=True))
    said, found = told(home)
    assert "given for one hour" not in said
    assert found["given_for_an_hour"] == []


def test_status_shows_every_session_whatever_its_name(home):
    """Three hundred profiles, each with the longest name that an agent takes, and hardly one letter of it ASCII."""
    with_agent(home)
    unlock(home)
    names = {f"{number:04}" + 254 * "\u00e9" for number in range(300)}
    agent, now = reach(home), int(time.time())
    try:
        for name in names:
            assert agent.put_session(name, b"f", session(), issued=now, expires=now + 3600)
        _, found = told(home)
        assert {row["profile"] for row in found["sessions"] if row["held"] == "agent"} == names
    finally:
        agent.close()
        stop(home)


@pytest.mark.parametrize("why", ["no passphrase", "manual lock", "a command", "no vault"])
def test_status_opens_nothing_that_costs_somebody_something(home, why):
    """Closed, locked manually, behind a program, or not there: status says what it can, and runs and asks nothing."""
    home.scenario()
    env = {"AWSVAULT_PASSPHRASE": None, "AWSVAULT_PROMPT": "auto"}
    if why != "no vault":
        home.make_vault()
    if why == "manual lock":
        home.run("lock")
        env = {}
    if why == "a command":
        env["AWSVAULT_PASSPHRASE_COMMAND"] = f"touch {home.root}/was-run"
    said, found = told(home, **env)
    words = {"no vault": "There is no vault yet", "manual lock": "you ran awsvault-py lock"}
    assert words.get(why, "The vault is locked") in said
    assert "keys" not in found
    assert not os.path.exists(f"{home.root}/was-run")


def test_the_policy_names_each_key_that_is_due_with_its_last_use(home, aws):
    """For a script: exit 1, the key's age and last use as AWS has them, and the command that fixes it."""
    home.scenario()
    home.make_vault()
    aws.world.keys[KEY_ID].created = aws.world.now() - 91 * 86_400
    done = home.run("status", "--policy", "90d", "--json")
    assert done.returncode == 1
    assert "91d old" in done.stderr
    assert "last used" in done.stderr
    assert "awsvault-py rotate shared-services" in done.stderr
    (key,) = json.loads(done.stdout)["keys"]
    assert (key["due"], key["age_known"], key["last_service"]) == (True, True, "iam")
    assert home.run("status", "--policy", "92d").returncode == 0
    assert home.run("status", "--policy", "old").returncode == 2


def test_a_vault_that_this_machine_has_not_seen_is_said_to_be_trusted_at_first_use(home):
    """A copy from elsewhere, without its pin: said until the vault has been opened here."""
    home.make_vault()
    shutil.rmtree(home.file("state"))
    shut = {"AWSVAULT_PASSPHRASE": None}
    said, found = told(home, **shut)
    assert "Warning: this machine has not opened this vault before" in said
    assert len(found["warnings"]) == 1
    assert home.run("list").returncode == 0
    said, found = told(home, **shut)
    assert "first opening" not in said
    assert found["warnings"] == []
