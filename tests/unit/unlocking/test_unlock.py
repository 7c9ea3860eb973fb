"""Unlocking: each way to a passphrase, their order, and one question for many processes."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import subprocess
import sys
import time

import pexpect
import pytest

from tests.home import COMMAND, PASSPHRASE, Home, failed
from tests.patience import PATIENCE
from tests.terminal_user import Terminal
from vault import limits
from vault.system import locks
from vault.system.files import Folder
from vault.unlocking import unlock

pytestmark = pytest.mark.usefixtures("unmeasured")

NONE = {"AWSVAULT_PASSPHRASE": None}


def opens(done):
    return done.returncode == 0 and json.loads(done.stdout)["entries"][0]["name"] == "shared-services"


def listing(home, **env):
    return home.run("list", "--json", **{**NONE, **env})


def secret_file(home, text=PASSPHRASE, mode=0o600):
    path = os.path.join(home.root, "pass")
    with open(path, "w", opener=lambda p, f: os.open(p, f, mode)) as file:
        file.write(text)
    os.chmod(path, mode)
    return path


@pytest.fixture
def home(home):
    """A home with a vault."""
    home.make_vault()
    return home


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file(home, end):
    """One line end at its end is not part of the passphrase."""
    assert opens(listing(home, AWSVAULT_PASSPHRASE_FILE=secret_file(home, PASSPHRASE + end)))


def test_two_line_ends_are_one_too_many(home):
    """Only one is dropped, as the format says."""
    failed(
        listing(home, AWSVAULT_PASSPHRASE_FILE=secret_file(home, PASSPHRASE + "\n\n")),
        4,
        "AWSVAULT_PASSPHRASE_FILE",
    )


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602])
def test_a_file_open_to_others_is_refused(home, mode):
    """Exit 6, the mode and the fix."""
    failed(
        listing(home, AWSVAULT_PASSPHRASE_FILE=secret_file(home, mode=mode)), 6, f"{mode:04o}", "chmod 600"
    )


def test_a_link_a_folder_and_a_fifo_are_refused(home):
    """Only a regular file, and no link to one; nothing hangs."""
    target = secret_file(home)
    link = os.path.join(home.root, "link")
    os.symlink(target, link)
    failed(listing(home, AWSVAULT_PASSPHRASE_FILE=link), 6, "link")
    fifo = os.path.join(home.root, "fifo")
    os.mkfifo(fifo, 0o600)
    failed(listing(home, AWSVAULT_PASSPHRASE_FILE=fifo), 6, "not a regular file")
    failed(listing(home, AWSVAULT_PASSPHRASE_FILE=home.root), 6, "not a regular file")


def test_a_file_that_is_not_there_is_in_the_list(home):
    """Exit 3 names what was tried."""
    failed(
        listing(home, AWSVAULT_PASSPHRASE_FILE="/nonexistent/pass"),
        3,
        "file (/nonexistent/pass does not exist)",
    )


def test_an_empty_or_large_file(home):
    """Nothing is no passphrase, and neither is a whole disk image."""
    failed(
        listing(home, AWSVAULT_PASSPHRASE_FILE=secret_file(home, "\n")), 3, "AWSVAULT_PASSPHRASE_FILE (empty)"
    )
    failed(listing(home, AWSVAULT_PASSPHRASE_FILE=secret_file(home, "x" * 5000)), 6, "over the limit of 4096")


def test_a_systemd_credential(home):
    """awsvault.pass in CREDENTIALS_DIRECTORY; the folder without it is passed over."""
    folder = os.path.join(home.root, "creds")
    os.mkdir(folder, 0o700)
    failed(listing(home, CREDENTIALS_DIRECTORY=folder), 3)
    path = os.path.join(folder, "awsvault.pass")
    with open(path, "w") as file:
        file.write(PASSPHRASE)
    os.chmod(path, 0o440)
    assert opens(listing(home, CREDENTIALS_DIRECTORY=folder))
    os.chmod(path, 0o444)
    failed(listing(home, CREDENTIALS_DIRECTORY=folder), 6, "0444")


def test_a_descriptor(home):
    """Read once, and gone for every process that is started afterwards."""
    path = secret_file(home)
    line = f"AWSVAULT_PASSPHRASE_FD=7 {shlex.quote(COMMAND)} list --json 7<{shlex.quote(path)}"
    env = {name: value for name, value in home.env.items() if name != "AWSVAULT_PASSPHRASE"}
    done = subprocess.run(
        ["/bin/sh", "-c", line], env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert opens(done), done.stderr


@pytest.mark.parametrize(
    ("value", "code", "said"),
    [("0", 6, "belong to the calling program"), ("2", 6, "belong to the calling"), ("x", 6, "not a descriptor"),
     ("-1", 6, "not a descriptor"), ("9", 3, "descriptor (closed)")],
)  # fmt: skip
def test_descriptors_that_are_none(home, value, code, said):
    """0 is the caller's; one that an SDK closed is passed over."""
    failed(listing(home, AWSVAULT_PASSPHRASE_FD=value), code, said)


def command(home, body):
    path = os.path.join(home.root, "give")
    with open(path, "w") as file:
        file.write(f"#!{sys.executable}\n{body}\n")
    os.chmod(path, 0o700)
    return path


def test_a_command(home):
    """Its output opens the vault; the variable wins over config.toml."""
    give = command(home, f"print({PASSPHRASE!r})")
    assert opens(listing(home, AWSVAULT_PASSPHRASE_COMMAND=give))
    home.settings(f'passphrase_command = ["{give}"]\n')
    assert opens(listing(home))
    failed(
        listing(home, AWSVAULT_PASSPHRASE_COMMAND="echo another passphrase"), 4, "AWSVAULT_PASSPHRASE_COMMAND"
    )


def test_a_command_sees_no_shell_and_none_of_our_variables(home):
    """Dollar, pipe and semicolon are letters; AWSVAULT_ variables are taken out; its stdin is empty."""
    give = command(
        home,
        "import os, sys\n"
        "assert sys.argv[1:] == ['$HOME', '|', 'a;b'], sys.argv\n"
        "assert not [n for n in os.environ if n.startswith('AWSVAULT_')]\n"
        "assert sys.stdin.read() == ''\n"
        f"print({PASSPHRASE!r})",
    )
    assert opens(listing(home, AWSVAULT_PASSPHRASE_COMMAND=f"{give} '$HOME' '|' 'a;b'"))


@pytest.mark.parametrize(
    ("body", "said"),
    [("import sys; sys.exit(3)", "exit code 3"), ("print('x' * 5000)", "more than 4096 bytes"),
     ("import os; os.kill(os.getpid(), 9)", "signal 9"), ("pass", "(empty)")],
)  # fmt: skip
def test_a_command_that_gives_nothing_is_in_the_list(home, body, said):
    """Exit 3 says why."""
    failed(listing(home, AWSVAULT_PASSPHRASE_COMMAND=command(home, body)), 3, said)


def test_a_command_that_cannot_be_run_or_split(home):
    """A missing program is in the list; a quote that does not close is a mistake in the setting."""
    failed(listing(home, AWSVAULT_PASSPHRASE_COMMAND="/nonexistent/give"), 3, "cannot start")
    failed(listing(home, AWSVAULT_PASSPHRASE_COMMAND="give 'x"), 6, "AWSVAULT_PASSPHRASE_COMMAND must be")


def test_the_order(home):
    """A file outranks a command, a command the variable; empty is unset."""
    right, wrong = PASSPHRASE, "another passphrase"
    give = command(home, f"print({right!r})")
    assert opens(
        listing(home, AWSVAULT_PASSPHRASE_FILE=secret_file(home), AWSVAULT_PASSPHRASE_COMMAND="echo no")
    )
    assert opens(listing(home, AWSVAULT_PASSPHRASE_COMMAND=give, AWSVAULT_PASSPHRASE=wrong))
    assert opens(
        listing(
            home,
            AWSVAULT_PASSPHRASE_FILE="",
            AWSVAULT_PASSPHRASE_FD="",
            AWSVAULT_PASSPHRASE_COMMAND="",
            AWSVAULT_PASSPHRASE=right,
        )
    )


def test_locked_within_a_second_or_so(home):
    """Nobody to ask: exit 3, what was tried, what to do; nothing is waited for."""
    home.scenario()
    began = time.monotonic()
    failed(
        home.run("export", "shared-services", AWSVAULT_PASSPHRASE=None),
        3,
        "vault is locked",
        "hint: run the command at a terminal to type the passphrase, or put it into a file and set AWSVAULT_PASSPHRASE_FILE",
    )
    assert time.monotonic() - began < limits.DEADLINE / 2


def test_the_hint_is_to_unlock_only_where_that_helps(home):
    """Without an agent ``unlock`` keeps nothing unlocked, and its own failure is no reason to run it again."""
    home.scenario()
    env = {"AWSVAULT_PASSPHRASE": None, "AWSVAULT_AGENT": None}
    failed(home.run("export", "shared-services", **env), 3, "hint: run: awsvault-py unlock\n")
    failed(home.run("unlock", **env), 3, "hint: run the command at a terminal", "AWSVAULT_PASSPHRASE_FILE")


def test_a_passphrase_in_another_form_opens(home, tmp_path):
    """Composed and decomposed accents are one passphrase (NFC)."""
    other = Home(tmp_path / "other")
    other.env["AWSVAULT_PASSPHRASE"] = "gru\u0308ne Wiesen im Regen"
    other.make_vault()
    assert opens(other.run("list", "--json", AWSVAULT_PASSPHRASE="gr\u00fcne Wiesen im Regen"))


# ── one question for all ──


def export(home, **env):
    home.scenario()
    return Terminal(home, "export", "shared-services", **env)


def test_export_asks_the_user(home):
    """On the terminal, saying what for; the answer is one line of JSON."""
    person = export(home)
    person.sees("needs the vault's passphrase to export shared-services")
    person.answers("Passphrase: ", PASSPHRASE)
    assert person.ends() == 0
    assert '"Version": 1' in person.shown


def test_a_cancel_silences_the_others_for_a_while(home):
    """After Ctrl-C in an export the next export does not ask; a command of the person's own does."""
    assert export(home).interrupts("Passphrase: ") == 130
    second = export(home)
    assert second.ends() == 3
    assert "not asked again for" in second.shown
    own = Terminal(home, "list")
    own.answers("Passphrase: ", PASSPHRASE)
    assert own.ends() == 0


def test_the_silence_ends(home):
    """Half a minute later it asks again."""
    assert export(home).interrupts("Passphrase: ") == 130
    mark = home.file("state/prompt.silent")
    os.utime(mark, (time.time() - 31, time.time() - 31))
    person = export(home)
    person.answers("Passphrase: ", PASSPHRASE)
    assert person.ends() == 0


def test_enter_alone_is_no_attempt(home):
    """It is asked for again, as often as somebody presses it while three wrong passphrases end the command."""
    person = export(home)
    for typed in ("", "", "wrong", "", "wrong"):
        person.answers("Passphrase: ", typed)
    person.answers("Passphrase: ", PASSPHRASE)
    assert person.ends() == 0
    assert person.shown.count("Type the passphrase, or press Ctrl-C.") == 3


def test_ctrl_d_is_declined(home):
    """An answer that is none is exit 10."""
    person = export(home)
    person.sees("Passphrase: ")
    person.child.sendeof()
    assert person.ends() == 10


def test_two_exports_ask_one_after_the_other(home):
    """While one question is open no second one appears; the other process waits for it."""
    first, second = export(home), export(home)
    asking, waiting = _who_asks(first, second)
    with pytest.raises(pexpect.TIMEOUT):
        waiting.child.expect_exact("Passphrase: ", timeout=1.5)
    asking.child.sendline(PASSPHRASE)
    assert asking.ends() == 0
    waiting.answers("Passphrase: ", PASSPHRASE)
    assert waiting.ends() == 0


def _who_asks(*terminals):
    """The terminal where the question stands, then the other."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends:
        for terminal, other in (terminals, terminals[::-1]):
            with contextlib.suppress(pexpect.TIMEOUT):
                terminal.child.expect_exact("Passphrase: ", timeout=0.1)
                return terminal, other
    raise AssertionError("nobody asked")


def test_the_passphrase_is_no_childs_business(home):
    """exec's command sees none of the variables that lead to the passphrase."""
    home.scenario()
    done = home.run(
        "exec", "shared-services", "--", sys.executable, "-c", "import os; print(sorted(os.environ))"
    )
    assert done.returncode == 0, done.stderr
    assert "AWS_SESSION_TOKEN" in done.stdout
    assert "AWSVAULT_PASSPHRASE" not in done.stdout


def test_a_stopped_process_does_not_use_up_the_time_of_the_others(home, aws, inside, monkeypatch):
    """It has the turn to unlock, and never ends it: an export goes on without a turn while there is time for AWS."""
    home.scenario()
    monkeypatch.setattr(limits, "TURN_WAIT", 0.2)
    with Folder.open(home.file("state"), create=True) as state, locks.try_lock(state, unlock.TURN_LOCK):
        assert home.export("dev")["AccountId"] == "222222222222"
