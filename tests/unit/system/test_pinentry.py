"""pinentry: a window that asks, gives, refuses, dies or talks nonsense; and what it gets to know."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from tests.patience import PATIENCE
from tests.unit.agent.at_home import until
from vault.system.clock import Deadline
from vault.system.pinentry import fitted, percent
from vault.system.processes import status
from vault.system.prompts import Interaction, NoAnswer

PINENTRY = """#!{python}
import os, sys, time
log = open({log!r}, "a")
print("OK Pleased to meet you", flush=True)
for line in sys.stdin:
    log.write(line); log.flush()
    if line.startswith("GETPIN"):
        {getpin}
    elif line.startswith("CONFIRM"):
        print({confirm!r}, flush=True)
    elif line.startswith("SETTIMEOUT"):
        print("ERR 275 Unknown IPC command", flush=True)
    else:
        print("S KEEPALIVE\\n# a remark\\nOK", flush=True)
log.write(repr(sorted(os.environ)) + "\\n")
"""


def window(
    tmp_path, *, getpin: str = 'print("D gr%C3%BCn%25 x\\nOK", flush=True)', confirm: str = "OK"
) -> Interaction:
    program = tmp_path / "pinentry-fake"
    log = str(tmp_path / "log")
    program.write_text(PINENTRY.format(python=sys.executable, log=log, getpin=getpin, confirm=confirm))
    program.chmod(0o700)
    env = {
        "DISPLAY": ":9",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWSVAULT_PASSPHRASE": "y",
        "PATH": os.environ["PATH"],
    }
    return Interaction("pinentry", env, str(program))


def test_pinentry_gives_the_passphrase(tmp_path):
    """The Assuan dialogue: texts escaped, answer unescaped, an unknown option survived, no variable of awsvault-py passed on."""
    way = window(tmp_path)
    answer = way.hidden(
        "Passphrase", deadline=Deadline.after(PATIENCE), note="100% of\nlines", complaint="wrong"
    )
    assert answer.reveal_text() == "gr\u00fcn% x"
    log = (tmp_path / "log").read_text()
    assert "SETDESC 100%25 of%0Alines\n" in log
    assert "SETERROR wrong\n" in log
    assert "AWS" not in log.splitlines()[-1]


@pytest.mark.parametrize(
    ("line", "said"), [("OK", True), ("ERR 83886194 Not confirmed", False), ("ERR 83886179 x", False)]
)
def test_pinentry_confirms(tmp_path, line, said):
    """Yes, no and cancel of a window."""
    assert window(tmp_path, confirm=line).confirm("Really?", deadline=Deadline.after(PATIENCE)) is said


@pytest.mark.parametrize(
    ("getpin", "reason"),
    [
        ('print("ERR 83886179 Operation cancelled <Pinentry>", flush=True)', "cancelled"),
        ("time.sleep(300)", "timeout"),
        ("sys.exit(0)", "impossible"),
        ('print("D " + "x" * 3000, flush=True)', "impossible"),
        ('[print("D " + "x" * 900, flush=True) for _ in range(9)]; print("OK", flush=True)', "impossible"),
        ('print("D a%zz\\nOK", flush=True)', "impossible"),
        ('print("HELLO", flush=True)', "impossible"),
        ('print("ERR 83886340 No pinentry <x>\\x1b", flush=True)', "impossible"),
    ],
)
def test_pinentry_that_gives_nothing_says_why(tmp_path, getpin, reason):
    """Cancel, silence, death and nonsense are told apart, and end within the deadline."""
    seconds = 1.5 if reason == "timeout" else PATIENCE
    began = time.monotonic()
    with pytest.raises(NoAnswer) as caught:
        window(tmp_path, getpin=getpin).hidden("Passphrase", deadline=Deadline.after(seconds))
    assert caught.value.reason == reason
    assert "\x1b" not in caught.value.message
    assert time.monotonic() - began < PATIENCE


def test_a_missing_pinentry_is_nobody(tmp_path):
    """A program that is not there is named."""
    way = Interaction("pinentry", {}, str(tmp_path / "none"))
    with pytest.raises(NoAnswer, match=r"cannot start pinentry .*: No such file"):
        way.hidden("Passphrase", deadline=Deadline.after(PATIENCE))


def test_auto_takes_a_window_only_with_a_display(tmp_path):
    """Without DISPLAY or WAYLAND_DISPLAY a pinentry that lies in PATH is left alone."""
    program = tmp_path / "pinentry"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    path = {"PATH": str(tmp_path)}
    assert "pinentry" not in Interaction("auto", path).ways()
    assert "pinentry" in Interaction("auto", {**path, "DISPLAY": ":0"}).ways()
    assert "pinentry" in Interaction("notification", {**path, "DISPLAY": ":0"}).ways()
    assert "pinentry" not in Interaction("notification", path).ways()
    assert Interaction("none", {**path, "DISPLAY": ":0"}).ways() == []


def shell_window(tmp_path, *lines):
    """A pinentry that is these lines of a shell."""
    program = tmp_path / "pinentry-fake"
    program.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    program.chmod(0o700)
    return Interaction("pinentry", {}, str(program))


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["exit 0"], "pinentry ended without an answer"),
        (["echo ERR 83886340 no display", "cat >/dev/null"], "pinentry failed: 83886340 no display"),
        (["exec 0<&-", "echo OK"], "pinentry ended without an answer"),
    ],
    ids=["dies", "refuses", "hangs up"],
)
def test_a_pinentry_that_does_not_begin_is_nobody(tmp_path, lines, said):
    """Before a word was asked, and it is not left behind: the next way to ask is tried."""
    with pytest.raises(NoAnswer, match=said) as caught:
        shell_window(tmp_path, *lines).hidden("Passphrase", deadline=Deadline.after(PATIENCE))
    assert caught.value.reason == "impossible"


def test_a_question_that_pinentry_cannot_put_is_no_no(tmp_path):
    """An error of the program's is not the person's answer."""
    with pytest.raises(NoAnswer, match="pinentry failed: 83886340 No pinentry") as caught:
        window(tmp_path, confirm="ERR 83886340 No pinentry").confirm(
            "Really?", deadline=Deadline.after(PATIENCE)
        )
    assert caught.value.reason == "impossible"


def test_a_yes_before_the_question_is_none(tmp_path):
    """A program that answers ahead has not shown anything."""
    # in one write: an answer that comes just when a question was sent cannot be told from one to it
    lines = [r"printf 'OK\nOK\nOK\nOK\nOK\nOK\n'", "while read -r line; do echo OK; done"]
    with pytest.raises(NoAnswer, match="not in its protocol") as caught:
        shell_window(tmp_path, *lines).confirm("Really?", deadline=Deadline.after(PATIENCE))
    assert caught.value.reason == "impossible"


@pytest.mark.parametrize(
    "text",
    [
        "short",
        "a\nb",
        "x" * 5000,
        "\n".join(["role " + "y" * 900, "Asked by: aws (PID 1)"]),
        "%" * 900,
        "\u6f22" * 900,
        "\n" * 2000,
    ],
)
def test_a_long_text_keeps_each_of_its_lines(text):
    """The longest lose their middle, not the last ones their place."""
    found = fitted(text, 500)
    assert (
        found == text
        if len(percent(text).encode()) <= 500
        else len(percent(found).encode()) <= 500 or set(text) == {"\n"}
    )
    assert found.count("\n") == text.count("\n")
    if "Asked" in text:
        assert found.endswith("\nAsked by: aws (PID 1)")
        assert found.startswith("role yyy")


def test_a_window_ends_with_the_process_that_asks(tmp_path):
    """Even if that is killed: the next question must not be a second window."""
    program = tmp_path / "pinentry"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\necho OK\nexec sleep 1000\n")
    program.chmod(0o700)
    asks = (
        "from vault.system.clock import Deadline; from vault.system.prompts import Interaction;"
        f"Interaction('pinentry', {{}}, {str(program)!r}).confirm('x', deadline=Deadline.after(100))"
    )
    asker = subprocess.Popen([sys.executable, "-c", asks])
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    pid = int((tmp_path / "pid").read_text())
    asker.kill()
    asker.wait(PATIENCE)
    until(lambda: status(pid)[1][:1] in ([], ["Z"]))
