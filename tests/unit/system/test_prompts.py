"""Questions on a real pseudo-terminal: what is typed, what is shown, and how the terminal is left."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import termios
import time

import pexpect
import pytest

from tests.patience import PATIENCE
from vault.system.tty import Signalled, signals_raise

ASK = """
import sys
from vault.system.clock import Deadline
from vault.system.prompts import Interaction, NoAnswer
way = Interaction({mode!r}, {{}})
try:
    print("<" + {call} + ">")
except NoAnswer as answer:
    print(answer.reason)
"""
HIDDEN = 'way.hidden("Passphrase", deadline=Deadline.after({seconds})).reveal_text()'
PLAIN = 'way.plain("Name", deadline=Deadline.after({seconds}))'
CONFIRM = 'str(way.confirm("Remove it?", deadline=Deadline.after({seconds})))'


def asking(call: str, *, seconds: float = 60, mode: str = "auto") -> pexpect.spawn:
    code = ASK.format(mode=mode, call=call.format(seconds=seconds))
    return pexpect.spawn(sys.executable, ["-c", code], encoding="utf-8", timeout=PATIENCE)


def lflags(child: pexpect.spawn) -> int:
    return termios.tcgetattr(child.child_fd)[3]


def test_a_hidden_answer_is_read_and_not_shown():
    """What is typed arrives whole and is not echoed."""
    child = asking(HIDDEN)
    child.expect_exact("Passphrase: ")
    assert not lflags(child) & termios.ECHO
    child.sendline("gr\u00fcn  horse ")
    child.expect_exact("<gr\u00fcn  horse >")
    assert "gr" not in child.before
    child.expect(pexpect.EOF)
    assert lflags(child) & termios.ECHO


def test_a_plain_answer_is_shown_and_trimmed():
    """A name is echoed, and blanks around it are dropped."""
    child = asking(PLAIN)
    child.expect_exact("Name: ")
    child.sendline("  dev ")
    child.expect_exact("dev")
    child.expect_exact("<dev>")


@pytest.mark.parametrize(("typed", "said"), [("y", True), ("YES", True), ("", False), ("n", False)])
def test_a_question_takes_yes_and_no(typed, said):
    """An empty answer is no."""
    child = asking(CONFIRM)
    child.expect_exact("Remove it? [y/N] ")
    child.sendline(typed)
    child.expect_exact(f"<{said}>")


def test_another_word_is_asked_again():
    """Neither yes nor no is no decision."""
    child = asking(CONFIRM)
    child.expect_exact("Remove it? [y/N] ")
    child.sendline("what")
    child.expect_exact("Remove it? [y/N] ")
    child.sendline("yes")
    child.expect_exact("<True>")


@pytest.mark.parametrize("call", [HIDDEN, PLAIN, CONFIRM])
def test_what_follows_ctrl_d_begins_a_line(call):
    """The terminal moves on only for Enter, so the prompt does it for Ctrl-D."""
    child = asking(call)
    child.expect(r": |\] ")
    child.sendeof()
    child.expect(r"\r\ncancelled\r\n")


@pytest.mark.parametrize("call", [HIDDEN, PLAIN, CONFIRM])
@pytest.mark.parametrize(
    ("number", "expected"), [(signal.SIGTERM, signal.SIGTERM), (signal.SIGHUP, signal.SIGHUP)]
)
def test_a_signal_leaves_the_terminal_sane(call, number, expected):
    """The terminal is put back before the signal does its work."""
    child = asking(call)
    before = termios.tcgetattr(child.child_fd)
    child.expect(r": |\] ")
    child.kill(number)
    child.expect(pexpect.EOF)
    child.close()
    assert child.signalstatus == expected
    assert before[3] & termios.ECHO


def test_a_signal_is_passed_on_to_the_waiting_parent():
    """One that comes just before the wait begins ends the wait at once: it is not noticed a minute later."""
    before = signal.getsignal(signal.SIGTERM)
    with signals_raise() as wake:
        assert select.select([wake], [], [], 0)[0] == []
        with pytest.raises(Signalled):
            os.kill(os.getpid(), signal.SIGTERM)
        assert select.select([wake], [], [], 0)[0] == [wake]
    assert signal.getsignal(signal.SIGTERM) == before


def spawned_with_parent(call: str) -> pexpect.spawn:
    """The question under a parent that survives Ctrl-C and then shows the terminal's state."""
    code = ASK.format(mode="auto", call=call.format(seconds=PATIENCE))
    parent = (
        "import signal, subprocess, sys, termios\n"
        "signal.signal(signal.SIGINT, lambda *a: None)\n"
        "before = termios.tcgetattr(0)\n"
        f"done = subprocess.run([sys.executable, '-c', {code!r}], stderr=subprocess.DEVNULL,"
        " preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))\n"
        "print('same' if termios.tcgetattr(0) == before else 'changed', done.returncode)\n"
    )
    return pexpect.spawn(sys.executable, ["-c", parent], encoding="utf-8", timeout=PATIENCE)


@pytest.mark.parametrize("call", [HIDDEN, PLAIN, CONFIRM])
def test_ctrl_c_leaves_the_terminal_sane(call):
    """Ctrl-C ends the question as an interrupt, and every flag of the terminal is as before."""
    child = spawned_with_parent(call)
    child.expect(r": |\] ")
    child.sendintr()
    child.expect_exact("same -2")


@pytest.mark.parametrize("call", [HIDDEN, PLAIN, CONFIRM])
def test_ctrl_d_is_a_cancel(call):
    """End of input at the start of a line is "no answer", not an empty one."""
    child = spawned_with_parent(call)
    child.expect(r": |\] ")
    child.sendeof()
    child.expect_exact("cancelled")
    child.expect_exact("same 0")


def test_the_deadline_ends_the_question():
    """Nobody answers: the question ends by itself, and echo is on again."""
    child = asking(HIDDEN, seconds=0.3)
    child.expect_exact("Passphrase: ")
    child.expect_exact("timeout")
    child.expect(pexpect.EOF)


def test_ctrl_z_and_fg_ask_again():
    """A stopped question gives the terminal back, and asks again when it comes to the front."""
    shell = pexpect.spawn(
        "/bin/bash", ["--norc", "-i"], encoding="utf-8", timeout=PATIENCE, env={**os.environ, "PS1": "$ "}
    )
    shell.expect_exact("$ ")
    code = ASK.format(mode="auto", call=HIDDEN.format(seconds=PATIENCE))
    path = f"/tmp/ask-{os.getpid()}.py"
    with open(path, "w") as script:
        script.write(code)
    try:
        shell.sendline(f"{sys.executable} {path}")
        shell.expect_exact("Passphrase: ")
        shell.send("\x1a")
        shell.expect_exact("Stopped")
        shell.sendline("stty -a")
        shell.expect(r" (-?)echo ")
        assert shell.match.group(1) == ""
        shell.sendline("fg")
        shell.expect_exact("Passphrase: ")
        shell.sendline("horse")
        shell.expect_exact("<horse>")
    finally:
        os.unlink(path)
        shell.close(force=True)


def test_typing_ahead_is_no_answer():
    """What was typed before the question came is dropped, not taken for the passphrase."""
    code = "import select; select.select([0], [], [])\n"  # until a line is there
    code += ASK.format(mode="auto", call=HIDDEN.format(seconds=PATIENCE))
    child = pexpect.spawn(sys.executable, ["-c", code], encoding="utf-8", timeout=PATIENCE)
    child.sendline("ls -la")
    child.expect_exact("Passphrase: ")
    child.sendline("horse")
    child.expect_exact("<horse>")


def test_without_a_terminal_nobody_is_asked():
    """A process without a controlling terminal says so at once, whatever its stdin holds."""
    code = ASK.format(mode="auto", call=HIDDEN.format(seconds=PATIENCE))
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code],
        input="horse\n",
        check=False,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=PATIENCE,
    )
    assert done.stdout == "impossible\n"
    assert time.monotonic() - began < PATIENCE / 2


def test_in_the_background_nobody_is_asked():
    """A background job must not read the terminal: SIGTTIN would stop it, and its caller with it."""
    code = ASK.format(mode="auto", call=HIDDEN.format(seconds=PATIENCE))
    shell = pexpect.spawn(
        "/bin/bash", ["--norc", "-i"], encoding="utf-8", timeout=PATIENCE, env={**os.environ, "PS1": "$ "}
    )
    shell.expect_exact("$ ")
    path = f"/tmp/ask-bg-{os.getpid()}.py"
    with open(path, "w") as script:
        script.write(code)
    try:
        shell.sendline(f"{sys.executable} {path} &")
        shell.expect_exact("impossible")
    finally:
        os.unlink(path)
        shell.close(force=True)


def test_mode_none_asks_nobody():
    """AWSVAULT_PROMPT=none holds even in front of a terminal."""
    child = asking(HIDDEN, mode="none")
    child.expect_exact("impossible")
