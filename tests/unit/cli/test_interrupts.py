"""Ctrl-C at each question of a day's commands, on a real terminal: exit 130, the terminal as it was, nothing half-done."""

import os

import pexpect
import pytest

from tests.home import PASSPHRASE, SCENARIO, failed
from tests.terminal_user import Terminal

pytestmark = pytest.mark.usefixtures("unmeasured")

GUARDED = SCENARIO.replace("[profile prod]\n", "[profile prod]\nawsvault_confirm = always\n")
ATTENDED = [
    ["exec", "{}", "--", "touch", "{ran}"],
    ["exec", "--server", "{}", "--", "touch", "{ran}"],
    ["login", "{}"],
]
COMMANDS = pytest.mark.parametrize("command", ATTENDED, ids=["exec", "server", "login"])


@pytest.fixture
def home(home):
    home.config(GUARDED)
    return home


def words(home, command, profile):
    return [word.format(profile, ran=home.file("ran")) for word in command]


def state(home):
    """Everything of awsvault-py on disk but locks and the time of a slot's last use, by name and content."""
    found = {}
    for folder, _, names in os.walk(home.awsvault_home):
        for name in names:
            path = os.path.join(folder, name)
            if not name.endswith((".lock", ".sock")) and not name.startswith("slots-"):
                with open(path, "rb") as file:
                    found[path] = file.read()
    return found


def untouched(home, before):
    assert not os.path.exists(home.file("ran"))
    assert state(home) == before


@COMMANDS
def test_at_the_passphrase(home, aws, command):
    """Nothing is asked of AWS, nothing is written, and the next command asks again."""
    home.make_vault()
    before = state(home)
    assert Terminal(home, *words(home, command, "dev")).interrupts("Passphrase: ") == 130
    assert aws.calls.actions() == []
    untouched(home, before)
    person = Terminal(home, "exec", "dev", "--", "true")
    person.answers("Passphrase: ", PASSPHRASE)
    assert person.ends() == 0


@COMMANDS
def test_at_the_confirmation(home, aws, command):
    """No answer is no yes: nothing is asked of AWS, and it is not remembered as a no either."""
    home.make_vault()
    before = state(home)
    given = {"AWSVAULT_PASSPHRASE": PASSPHRASE}
    assert Terminal(home, *words(home, command, "prod"), **given).interrupts("[y/N] ") == 130
    assert aws.calls.actions() == []
    untouched(home, before)
    person = Terminal(home, "exec", "prod", "--", "true", **given)
    person.answers("[y/N] ", "y")
    assert person.ends() == 0


@pytest.mark.parametrize("typed", ["\n", "n\n", "no\n", "maybe\n", "\x04"])
def test_only_yes_is_yes(home, aws, typed):
    """Enter, a no, a word that is neither and then a no, and Ctrl-D: exit 10, in words."""
    home.make_vault()
    person = Terminal(home, "exec", "prod", "--", "touch", home.file("ran"), AWSVAULT_PASSPHRASE=PASSPHRASE)
    person.sees("[y/N] ")
    person.child.send(typed)
    if typed == "maybe\n":  # asked again
        person.answers("[y/N] ", "n")
    assert person.ends() == 10
    assert "prod" in person.shown
    assert aws.calls.actions() == []
    assert not os.path.exists(home.file("ran"))


@COMMANDS
def test_at_the_mfa_code(home, aws, command):
    """A device without a seed: no call was made with a code, and the next run asks for one."""
    home.make_vault(seed=None)
    before = state(home)
    given = {"AWSVAULT_PASSPHRASE": PASSPHRASE}
    assert Terminal(home, *words(home, command, "dev"), **given).interrupts("MFA code") == 130
    assert aws.calls.actions() == []
    untouched(home, before)
    person = Terminal(home, "exec", "dev", "--", "true", **given)
    person.answers("MFA code", aws.code())
    assert person.ends() == 0


@COMMANDS
def test_at_the_wait_for_the_next_code(home, aws, clock, command):
    """During the countdown: a user who does not want to wait leaves, and neither a code nor a session is lost by it."""
    home.make_vault()
    clock.let_them_wait()
    given = {"AWSVAULT_PASSPHRASE": PASSPHRASE}
    for _ in range(3):  # a step may end between the two
        clock.early_in_a_step()
        home.export("dev")
        assert home.run("clear").returncode == 0
        aws.calls.clear()
        person = Terminal(home, *words(home, command, "dev"), **given)
        if person.child.expect(["for the next MFA code", "\\n", pexpect.EOF]) == 0:
            break
        person.child.close(force=True)
        if os.path.exists(home.file("ran")):
            os.unlink(home.file("ran"))
    person.child.sendintr()
    assert person.ends() == 130
    assert aws.calls.actions() == []
    assert not os.path.exists(home.file("ran"))
    assert home.run("status", "--json").returncode == 0


def test_guarded_commands_say_no_where_nobody_can_answer(home, aws):
    """Without a terminal exec, its server, login and export are refused with exit 10, and AWS is not asked."""
    home.make_vault()
    for command in (*(words(home, c, "prod") for c in ATTENDED), ["export", "prod"], ["export", "prod", "--format", "env"],
                    ["export", "prod", "--fresh"], ["export", "prod", "--duration", "900"], ["login", "prod", "--print"],
                    ["export", "prod", "--no-session"], ["exec", "--write", "prod", "--", "true"]):  # fmt: skip
        failed(home.run(*command), 10, "prod")
    assert aws.calls.actions() == []
