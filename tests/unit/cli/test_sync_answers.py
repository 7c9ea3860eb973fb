"""Conflicts at a terminal: shown side by side, asked about one by one, and sent in the same sync."""

from __future__ import annotations

import re
import threading

import pytest

from tests.home import PASSPHRASE
from tests.patience import PATIENCE
from tests.terminal_user import Terminal
from tests.unit.cli.outcomes import CONFLICT, GONE, KEPT, STRICT
from tests.unit.machines.conftest import desktop, laptop, s3
from vault.cli import sync_answers

__all__ = ["desktop", "laptop", "s3"]
pytestmark = pytest.mark.usefixtures("unmeasured")
OF_LAPTOP, OF_DESKTOP = "AKIAI44QH8DHBEXAMP01", "AKIAI44QH8DHBEXAMP02"


@pytest.fixture
def both(laptop, desktop):
    """Both have changed dev; the laptop has synced."""
    laptop.remote("--name", "laptop")
    desktop.join("--name", "desktop")
    laptop.sync()
    laptop.add("dev", 1, "--replace")
    desktop.add("dev", 2, "--replace")
    laptop.sync()
    return laptop, desktop


def at_terminal(machine, *words, **env):
    return Terminal(machine.home, "sync", *words, AWSVAULT_PASSPHRASE=PASSPHRASE, **env)


def answers(person, machine):
    """Choose the version of ``machine`` by its number."""
    asked = person.sees("s skip]: ")
    number = re.search(rf"(\d) {machine}[,\]]", asked)[1]
    person.child.sendline(number)
    return asked


def test_versions_are_shown_and_the_answer_is_sent(both):
    """Key IDs, machines and dates, no secret; exit code 0, and the other machine has it at its next sync."""
    laptop, desktop = both
    person = at_terminal(desktop, COLUMNS="80", NO_COLOR="1")
    asked = answers(person, "laptop")
    assert person.ends() == 0
    assert "Keep which version of dev? [1 " in asked
    for each in (OF_LAPTOP, OF_DESKTOP, "laptop (", "desktop (", "edited"):
        assert each in asked
    table = asked[asked.index("key dev: ") : asked.index("Keep which")]
    assert max(map(len, table.splitlines())) <= 80
    assert "wJalr" not in person.shown
    assert "Synced with s3://" in person.shown.partition("s skip]: ")[2]
    laptop.sync()
    assert laptop.entries() == desktop.entries() == {"dev": OF_LAPTOP}


@pytest.mark.parametrize("how", ["Enter", "s", "Ctrl-D"])
def test_what_is_skipped_waits(both, how):
    """Exit code 1; both versions stay."""
    _, desktop = both
    person = at_terminal(desktop)
    person.sees("s skip]: ")
    if how == "Ctrl-D":
        person.child.sendeof()
    else:
        person.child.sendline(how.removeprefix("Enter"))
    assert person.ends() == 1
    assert len(desktop.sync(code=1)["waiting"][0]["versions"]) == 2


def test_each_conflict_has_its_own_question(both):
    """The answered one is sent, the skipped one waits, and a removal is chosen by its letter."""
    laptop, desktop = both
    laptop.add("prod", 3)
    laptop.sync()
    answers_later = at_terminal(desktop)
    answers_later.answers("s skip]: ", "")
    assert answers_later.ends() == 1
    laptop.ok("remove", "prod", "--yes")
    desktop.add("prod", 4, "--replace")
    laptop.sync(code=1)
    person = at_terminal(desktop)
    person.answers("Keep which version of dev? ", "s")
    person.answers("r removed, s skip]: ", "R")
    assert person.ends() == 1
    assert "1 item waits for your answer." in person.shown.rpartition("skip]: ")[2]
    assert list(desktop.entries()) == ["dev"]
    laptop.sync(code=1)
    assert list(laptop.entries()) == ["dev"]


def test_a_slip_is_asked_again(both):
    _, desktop = both
    person = at_terminal(desktop)
    person.answers("s skip]: ", "9")
    person.sees("Answer 1, 2 or s.")
    answers(person, "desktop")
    assert person.ends() == 0
    assert desktop.entries() == {"dev": OF_DESKTOP}


def test_ctrl_c_leaves_everything_as_it_was(both):
    """What the sync brought before is kept; nothing is answered."""
    _, desktop = both
    person = at_terminal(desktop)
    assert person.interrupts("s skip]: ") == 130
    assert len(desktop.sync(code=1)["waiting"]) == 1


def test_an_answer_to_what_changed_meanwhile_is_not_used(both):
    """The user has not seen the new version."""
    laptop, desktop = both
    person = at_terminal(desktop)
    asked = person.sees("s skip]: ")
    laptop.sync(code=1)
    laptop.add("dev", 5, "--replace")
    laptop.sync(code=1)
    person.child.sendline(re.search(r"(\d) laptop", asked)[1])
    assert person.ends() == 1
    assert "another machine changed it meanwhile" in person.shown
    assert desktop.entries() == {"dev": OF_DESKTOP}


@pytest.mark.parametrize("words", [("--json",), ("--dry-run",)])
def test_scripts_are_not_asked(both, words):
    """Nor is anyone with prompts disabled."""
    _, desktop = both
    person = at_terminal(desktop, *words)
    assert person.ends() == 1
    assert "Keep which" not in person.shown
    quiet = at_terminal(desktop, AWSVAULT_PROMPT="none")
    assert quiet.ends() == 1
    assert "sync --choose dev=" in quiet.shown
    assert "Keep which" not in quiet.shown


def test_a_slow_bucket_is_said(both, s3):
    """While it reads."""
    _, desktop = both
    go, real = threading.Event(), s3._get
    s3._get = lambda key, request: (go.wait(PATIENCE), real(key, request))[1]
    person = at_terminal(desktop)
    try:
        person.sees("Reading the bucket's file …")
    finally:
        s3._get = real
        go.set()
    person.answers("s skip]: ", "")
    assert person.ends() == 1


def test_names_in_a_question_are_escaped():
    """Other machines may have written them; two of one name are told apart."""
    bad = "x\x1b[2J\u202e"
    assert "\x1b" not in sync_answers._subject(CONFLICT._replace(name=bad))
    kept = KEPT._replace(by=bad)
    both = CONFLICT._replace(versions=(kept, kept._replace(machine="BBBBBBBBBBB")))
    assert sync_answers._label(both, kept) == r"x\x1b[2J\u202e (AAAAAAAAAAA)"
    assert sync_answers._label(CONFLICT, KEPT) == "laptop"
    assert sync_answers._label(CONFLICT, GONE) == "renamed to other"
    assert sync_answers._subject(STRICT) == "the strict seeds"
    assert sync_answers._subject(STRICT._replace(kind="seed", name="arn")) == "the MFA seed of arn"
