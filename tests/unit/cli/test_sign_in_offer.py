"""Commands that lack a sign-in: at a terminal they offer it and go on, elsewhere they fail at once and open nothing."""

from __future__ import annotations

import json
import os

import pytest

from tests.home import PASSPHRASE, failed
from tests.signins import browser, config, visits
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")

QUESTION = "Sign in to corp now? [Y/n] "
EACH = pytest.mark.parametrize(
    "words",
    [
        ("exec", "dev", "--", "true"),
        ("exec", "--server", "dev", "--", "true"),
        ("login", "--print", "dev"),
        ("whoami", "dev"),
    ],
    ids=["exec", "server", "login", "whoami"],
)


@pytest.fixture
def home(home, aws):
    aws.world.assign("222222222222", "DeveloperRole")
    home.config(config())
    home.settings('sso_flow = "browser"\n')
    home.make_vault()
    return home


def at_terminal(home, *words, **env):
    given = {"AWSVAULT_PASSPHRASE": PASSPHRASE, "BROWSER": browser(home), **env}
    return Terminal(home, *words, **given)


def actions(aws):
    return [call.action for call in aws.calls]


@EACH
def test_at_a_terminal_the_sign_in_is_offered(home, words):
    """The error is shown, Enter signs in, and the command goes on."""
    user = at_terminal(home, *words)
    user.answers(QUESTION, "")
    assert user.ends() == 0, user.shown
    assert "profile dev uses IAM Identity Center, but you are not signed in" in user.shown
    assert "Signed in to corp." in user.shown
    assert len(visits(home)) == 1


def test_why_it_is_a_device_code_is_said_after_the_yes(home):
    """With the code; who says no does not need it. The profile is named once."""
    home.settings("")
    ssh = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
    user = at_terminal(home, "exec", "dev", "--", "true", **ssh)
    user.answers(QUESTION, "n")
    assert user.ends() == 7
    assert "device code" not in user.shown
    assert "profile dev: " not in user.shown
    user = at_terminal(home, "exec", "dev", "--", "true", **ssh)
    user.answers(QUESTION, "y")
    user.sees("Using a device code, because this is an SSH session.")
    assert user.ends() == 0


def test_a_no_is_the_error_that_there_was(home, aws):
    """With its hint; nothing is opened or asked of AWS."""
    user = at_terminal(home, "exec", "dev", "--", "true")
    user.answers(QUESTION, "n")
    assert user.ends() == 7
    assert "awsvault-py sso login corp" in user.shown
    assert (visits(home), actions(aws)) == ([], [])


def test_an_expired_sign_in_is_offered_again(home, aws):
    """AWS refuses the refresh."""
    assert home.run("sso", "login", "--device").returncode == 0
    aws.world.sso.expire_sign_ins()
    user = at_terminal(home, "exec", "dev", "--", "true")
    user.answers(QUESTION, "y")
    assert user.ends() == 0, user.shown


def test_without_a_vault_the_sign_in_makes_one(home):
    """The question comes first, then the new passphrase."""
    for name in os.listdir(home.awsvault_home):
        if name.startswith("vault.avlt"):
            os.unlink(home.file(name))
    user = at_terminal(home, "exec", "dev", "--", "true", AWSVAULT_PASSPHRASE=None)
    user.answers(QUESTION, "")
    user.new_passphrase()
    user.answers("Passphrase: ", PASSPHRASE)  # no agent keeps it here
    assert user.ends() == 0, user.shown


def test_export_never_offers(home, aws):
    """An SDK may have run it, at a terminal too."""
    user = at_terminal(home, "export", "dev")
    assert user.ends() == 7
    assert "Sign in" not in user.shown
    assert (visits(home), actions(aws)) == ([], [])


@pytest.mark.parametrize(
    "words", [("explain", "--live", "dev"), ("doctor", "--live", "dev")], ids=["explain", "doctor"]
)
def test_a_live_check_offers_it_too(home, words):
    """After the question for the calls, which is not asked again."""
    user = at_terminal(home, *words)
    user.answers("Run these calls? [Y/n] ", "")
    user.answers(QUESTION, "")
    user.ends()
    assert "Every link" in user.shown, user.shown
    assert user.shown.count("Run these calls?") == 1
    assert len(visits(home)) == 1


def test_a_live_check_without_a_terminal_is_the_error_of_an_export(home, aws):
    """AWS has not refused anything yet."""
    failed_words = ("not signed in", "hint: run: awsvault-py sso login corp")
    done = home.run("explain", "dev", "--live")
    assert (done.returncode, done.stdout) == (7, "")
    assert all(word in done.stderr for word in failed_words)
    assert actions(aws) == []


@EACH
def test_without_a_terminal_nothing_is_asked(home, aws, words):
    """Exit 7 with the hint, at once."""
    done = home.run(*words, AWSVAULT_PROMPT="tty", BROWSER=browser(home))
    failed(done, 7, "not signed in", "hint: run: awsvault-py sso login corp")
    assert (visits(home), actions(aws)) == ([], [])


def test_prompts_that_are_off_are_respected(home, aws):
    """Also at a terminal."""
    user = at_terminal(home, "exec", "dev", "--", "true", AWSVAULT_PROMPT="none")
    assert user.ends() == 7
    assert visits(home) == []


def test_of_five_at_once_one_asks_and_one_browser_opens(home, aws):
    """The others wait for its sign-in, and go on with it."""
    users = [at_terminal(home, "exec", "dev", "--", "true") for _ in range(5)]
    asked = [user.child.expect_exact([QUESTION, "Waiting for another awsvault-py"]) for user in users]
    assert sorted(asked) == [0, 1, 1, 1, 1]
    users[asked.index(0)].child.sendline("")
    assert [user.ends() for user in users] == [0] * 5
    assert len(visits(home)) == 1
    assert actions(aws).count("CreateToken") == 1


def test_the_log_has_the_sign_in(home):
    """As it has one by ``sso login``."""
    user = at_terminal(home, "exec", "dev", "--", "true")
    user.answers(QUESTION, "")
    assert user.ends() == 0
    records = json.loads(home.run("log", "--json").stdout)["records"]
    assert [(record["use"], record.get("session")) for record in records] == [
        ("sign-in", "corp"),
        ("exec", None),
    ]
