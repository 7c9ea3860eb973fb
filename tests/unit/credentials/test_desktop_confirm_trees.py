"""Confirmations of several programs: one question at a time, each with its own answer; and a process that is killed while it asks."""

from __future__ import annotations

import os
import signal
import subprocess
from dataclasses import replace

import pytest

from tests.home import COMMAND
from tests.notifications import MOCK, NAME, PATH
from tests.patience import PATIENCE
from tests.unit.agent.at_home import until
from tests.unit.benches import Window
from tests.unit.credentials.desktops import AGENT, agents, desktop, guarded, program, run, with_open_agent
from tests.unit.unlocking.test_key_access import NAME as ENTRY
from tests.unit.unlocking.test_key_access import OPEN, edit, with_key
from vault.credentials import obtain
from vault.credentials.request import Request

__all__ = ["desktop"]

pytestmark = pytest.mark.usefixtures("unmeasured")


def started(home, *words):
    return subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.env
    )


def counted(desktop):
    """How many notifications were shown, and how many closed."""
    return [
        len(desktop.call(NAME, PATH, MOCK, "GetMethodCalls", "s", method)[0])
        for method in ("Notify", "CloseNotification")
    ]


def test_each_program_has_its_own_question(home, desktop):
    """Five programs at once: never two questions, and a yes for one program is none for another."""
    agents(home, AGENT)
    path = program(home, AGENT)
    with with_open_agent(home):
        guarded(home, "agent")
        asking = [started(home, path, COMMAND, "export", "prod") for _ in range(5)]
        for number in range(1, 6):
            desktop.wait_for(number)
            assert counted(desktop) == [number, number - 1]
            desktop.press("once" if number == 2 else "deny", number)
        told = [one.communicate(timeout=PATIENCE) for one in asking]
        assert sorted(one.returncode for one in asking) == [0, 10, 10, 10, 10]
        assert [bool(out) for out, _ in told] == [one.returncode == 0 for one in asking]
        roots = {text.rpartition("This program: ")[2] for _, _, _, _, text, *_ in desktop.shown()}
        assert len(roots) == 5


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_is_ended_while_it_asks_leaves_no_second_question(home, desktop, number):
    """Its notification is taken away: at once, or before the next one if it had no time for that."""
    guarded(home, "always")
    home.make_vault()
    first = started(home, COMMAND, "export", "prod")
    desktop.wait_for()
    os.kill(first.pid, number)
    first.communicate(timeout=PATIENCE)
    assert first.returncode == -number
    assert counted(desktop) == [1, 0 if number == signal.SIGKILL else 1]
    second = started(home, COMMAND, "export", "prod")
    desktop.wait_for(2)
    until(lambda: counted(desktop) == [2, 1])
    desktop.press("once", 1)  # the one that is gone
    desktop.press("deny", 2)
    second.communicate(timeout=PATIENCE)
    assert second.returncode == 10
    until(lambda: counted(desktop) == [2, 2])


def test_a_program_that_leaves_its_tree_has_no_part_in_its_yes(home, desktop):
    """A double fork into a session of its own is another program, though the same file runs."""
    agents(home, AGENT)
    made = program(home, AGENT)
    with with_open_agent(home):
        guarded(home, "always")
        with desktop.answering("program"):
            assert run(home, made, COMMAND, "export", "prod").returncode == 0
        done, go = home.file("done"), home.file("go")
        away = (
            f"until [ -e {go} ]; do sleep 0.05; done; {COMMAND} export prod >/dev/null 2>&1; echo $? > {done}"
        )
        with desktop.answering("deny", number=2):
            run(home, made, "sh", "-c", f"(setsid sh -c '{away}' >/dev/null 2>&1 &)")
            open(go, "w", encoding="ascii").close()
            until(lambda: os.path.exists(done) and os.path.getsize(done) == 3)
        with open(done, encoding="ascii") as file:
            assert file.read() == "10\n"


def test_a_policy_is_named_and_has_its_own_yes(home, desktop):
    """A yes for a session with a policy is none for one without it."""
    with with_open_agent(home):
        guarded(home, "always")
        with desktop.answering("minutes"):
            home.run("export", "prod", "--policy-arn", "arn:aws:iam::aws:policy/ReadOnlyAccess")
        assert "Limited by: --policy-arn" in desktop.shown()[0][4]
        with desktop.answering("deny", number=2):
            assert home.run("export", "prod").returncode == 10


def test_one_yes_is_enough_for_a_request_that_is_repeated(desk, home, aws):
    """The key was rotated meanwhile, so that the work begins again with the new one: the user is not asked twice."""
    home.config(OPEN.replace("[profile open]\n", "[profile open]\nawsvault_confirm = always\n"))
    edit(desk, lambda p: p.with_entry(ENTRY, replace(p.entries[ENTRY], mfa_serial=None)))
    new = aws.world.add_key(aws.world.user("yourself"))
    aws.faults.hook("GetSessionToken", "before", lambda: edit(desk, with_key(new)))
    aws.faults.add(
        "GetSessionToken", "refuse", code="InvalidClientTokenId", message="as arranged", status=403
    )
    asked = Window(home)
    context = desk.context(DISPLAY=":9")
    assert obtain.credentials(context, Request("open"), purpose="").line
    assert len(asked.heard("CONFIRM")) == 1
