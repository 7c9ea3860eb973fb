"""A profile left out: chosen from a list on a real terminal, and the terminal left as it was whatever ends it."""

from __future__ import annotations

import signal
import termios
import time

import pexpect
import pytest

from tests.home import COMMAND, PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.terminal_user import Terminal
from tests.unit.agent.at_home import stop, unlock

AT_TERMINAL = {"AWSVAULT_PASSPHRASE": PASSPHRASE, "TERM": "xterm", "NO_COLOR": "1"}


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


def choosing(home, *arguments, **env):
    return Terminal(home, *arguments, **{**AT_TERMINAL, **env})


def modes(person):
    return termios.tcgetattr(person.child.child_fd)[:4]


def test_typing_filters_and_enter_chooses(home):
    """whoami without a profile at a terminal: typed until it is the one, and the command that repeats it is said."""
    person = choosing(home, "whoami")
    before = person.sees("Profile for whoami (3 of 3): ")
    assert "\n" not in before
    person.sees("prod")
    person.child.send("pro")
    person.sees("(1 of 3): pro")
    person.child.send("\r")
    person.sees("awsvault-py: to repeat this: awsvault-py whoami prod")
    assert person.ends() == 0
    assert "333333333333" in person.shown


def test_roles_and_accounts_are_searched_too(home):
    """A user knows the account's number, or the role, and not the profile's name."""
    person = choosing(home, "explain")
    person.sees("Profile for explain")
    person.child.send("2222 developer")
    person.sees("(1 of 3): 2222 developer")
    person.child.send("\r")
    person.sees("to repeat this: awsvault-py explain dev")
    assert person.ends() == 0


def test_arrows_move(home):
    """Down, down, up and Enter: the second."""
    person = choosing(home, "explain")
    person.sees("> shared-services")
    person.child.send("\x1b[B")
    person.sees("> dev")
    person.child.send("\x1bOB")
    person.sees("> prod")
    person.child.send("\x1b[A")
    person.sees("> dev")
    person.child.send("\r")
    person.sees("awsvault-py explain dev")
    assert person.ends() == 0


def test_exec_keeps_its_options_and_its_command(home):
    """exec -- CMD: the command line that is said does the same again, and the command has the credentials."""
    person = choosing(home, "exec", "--duration", "30m", "--", "sh", "-c", "echo in $AWSVAULT_PROFILE")
    person.sees("Profile for exec")
    person.child.send("dev\r")
    person.sees("to repeat this: awsvault-py exec --duration 30m dev -- sh -c 'echo in $AWSVAULT_PROFILE'")
    person.sees("in dev")
    assert person.ends() == 0


def test_login_asks_too(home):
    """login --print: the list is on the terminal, the address on stdout."""
    person = choosing(home, "login", "--print")
    person.sees("Profile for login")
    person.child.send("dev")
    person.sees("(1 of 3)")
    person.child.send("\r")
    person.sees("to repeat this: awsvault-py login --print dev")
    person.sees("SigninToken=")
    assert person.ends() == 0


@pytest.mark.parametrize("key", ["\x1b", "\x04", "\x07"])
def test_leaving_is_exit_10(home, key):
    """Escape, Ctrl-D and Ctrl-G: nothing was chosen, nothing was done, and the list is gone."""
    person = choosing(home, "exec", "--", "touch", "made")
    person.sees("> shared-services")
    person.child.send(key)
    person.sees("no profile was chosen")
    assert person.ends() == 10
    assert "nothing was chosen" not in person.shown
    assert "\x1b[J" in person.shown


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGQUIT, 131)]
)  # fmt: skip
def test_a_signal_leaves_the_terminal_sane(home, number, code):
    """Ctrl-C, kill, a closed window, Ctrl-\\: the terminal's modes are those from before, the exit is the signal's."""
    person = choosing(home, "explain")
    untouched = modes(person)
    person.sees("> shared-services")
    assert modes(person) != untouched, "the picker did not change the terminal: this test would show nothing"
    if number == signal.SIGINT:
        person.child.sendintr()
    else:
        person.child.kill(number)
    assert person.ends() == code


def test_ctrl_c_gives_back_every_mode(home):
    """Not the echo alone: canonical lines, signals, all of them."""
    child = pexpect.spawn(
        "sh", ["-c", f'trap : INT; stty -g; {COMMAND} explain; echo "code $?"; stty -g'],
        env=home.with_env({**AT_TERMINAL, "AWSVAULT_PROMPT": "tty"}), encoding="utf-8", timeout=PATIENCE,
    )  # fmt: skip
    child.expect(r"([0-9a-f:]{20,})\r\n")
    before = child.match.group(1)
    child.expect_exact("> shared-services")
    child.sendintr()
    child.expect_exact("code 130")
    child.expect(r"([0-9a-f:]{20,})\r\n")
    assert child.match.group(1) == before
    child.close(force=True)


def test_ctrl_z_and_fg(home):
    """Stopped, the shell has its terminal; back again, the list is drawn again with what was typed."""
    child = pexpect.spawn(
        "bash", ["--norc", "-i"], env={**home.with_env({**AT_TERMINAL, "AWSVAULT_PROMPT": "tty"}), "PS1": "READY "},
        encoding="utf-8", timeout=PATIENCE, dimensions=(40, 200),
    )  # fmt: skip
    child.expect_exact("READY ")
    child.sendline(f"bind 'set enable-bracketed-paste off'; {COMMAND} explain")
    child.expect_exact("> shared-services")
    child.send("pro")
    child.expect_exact("(1 of 3): pro")
    child.sendcontrol("z")
    child.expect_exact("Stopped")
    child.expect_exact("READY ")
    child.sendline("stty -a | tr ';' '\\n' | grep -c ' icanon'; echo here")
    child.expect_exact("1\r\nhere")
    child.sendline("fg")
    child.expect_exact("(1 of 3): pro")
    child.send("\r")
    child.expect_exact("to repeat this: awsvault-py explain prod")
    child.expect_exact("READY ")
    child.close(force=True)


def test_the_most_used_comes_first(home):
    """By the log: what was used twice stands above what was used once."""
    home.env.pop("AWSVAULT_AGENT")
    unlock(home)
    try:
        for profile in ("prod", "prod", "dev"):
            assert home.run("exec", profile, "--", "true").returncode == 0
        person = choosing(home, "explain", AWSVAULT_PASSPHRASE=None)
        person.sees("> prod")
        person.sees("  dev")
        person.sees("  shared-services")
        person.child.send("\x1b")
        assert person.ends() == 10
    finally:
        stop(home)


def test_names_of_others_are_shown_escaped(home):
    """A name that would move the cursor does not, and what is said again is quoted for the shell."""
    home.config(
        "[profile odd]\nawsvault_role_arn = arn:aws:iam::222222222222:role/\x1bcX\n"
        '[profile "$(touch pwned)"]\nregion = us-east-1\n'
    )
    person = choosing(home, "explain")
    person.sees("> odd")
    person.sees("\\x1bcX")
    person.sees("  $(touch pwned)")
    person.child.send("pwned")
    person.sees("(1 of 2): pwned")
    person.child.send("\r")
    person.sees("to repeat this: awsvault-py explain '$(touch pwned)'")
    person.ends()
    assert "\x1bc" not in person.shown


def test_a_narrow_window_and_many_names(home):
    """Rows are cut to the width, and no more are shown than there is room for."""
    home.config("".join(f"[profile {'p' * 60}{n}]\nregion = us-east-1\n" for n in range(300)))
    person = choosing(home, "explain")
    person.child.setwinsize(8, 30)
    person.sees("Profile for explain: ")
    time.sleep(1.2)  # the new size is noticed within half a second
    person.child.send("\x1b[F")
    person.sees("> " + "p" * 20)
    person.child.send("\x1b")
    assert person.ends() == 10
    last = person.shown.rpartition("Profile for")[2].partition("\x1b")[0]
    assert max(len(line) for line in last.replace("\r", "").split("\n")) <= 40


def test_colour_marks_production(home):
    """Red, unless NO_COLOR says otherwise."""
    home.config("[profile live]\nregion = x\nawsvault_environment = prod\n")
    person = choosing(home, "explain", NO_COLOR=None)
    person.sees("\x1b[31m> live  PROD")
    person.child.send("\x1b")
    assert person.ends() == 10


@pytest.mark.parametrize("command", ["exec", "login", "explain"])
def test_without_a_terminal_it_is_a_usage_error(home, command):
    """Exit 2 at once: nothing waits for a user who is not there."""
    failed(home.run(command), 2, "needs a PROFILE", f"awsvault-py {command} PROFILE")


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"AWSVAULT_PROMPT": "none"}])
def test_where_no_list_can_be_shown_it_is_a_usage_error(home, env):
    """A dumb terminal, and asking switched off."""
    person = choosing(home, "explain", **env)
    person.sees("needs a PROFILE")
    assert person.ends() == 2


def test_export_never_chooses(home):
    """The caller of export may be an SDK."""
    person = choosing(home, "export")
    person.sees("missing argument")
    assert person.ends() == 2


def test_no_profile_at_all(home):
    """Exit 5, and how one is made."""
    home.config("")
    person = choosing(home, "explain")
    person.sees("there are no profiles in")
    assert person.ends() == 5


def test_pick_prints_a_name(home):
    """A whole name and the start of only one are not asked for; an unknown one is said with its nearest."""
    assert home.run("pick", "dev").stdout == "dev\n"
    assert home.run("pick", "sha").stdout == "shared-services\n"
    failed(home.run("pick", "prodd"), 5, "prodd", "did you mean prod?")
    failed(home.run("pick"), 2, "no terminal to choose a profile on")


def test_pick_of_several_begins_with_what_was_given(home):
    """pick e at a terminal: the list is filtered already."""
    home.config("[profile eu-dev]\nregion = x\n[profile eu-prod]\nregion = x\n[profile us]\nregion = x\n")
    person = choosing(home, "pick", "eu")
    person.sees("(2 of 3): eu")
    person.child.send("\x1b[B\r")
    person.sees("eu-prod")
    assert person.ends() == 0
