"""The confirmation at the desktop: what an SDK's export gets for each answer, and how long a yes holds."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time

import pexpect
import pytest

from tests.fakes.example import role
from tests.home import COMMAND, SCENARIO, failed
from tests.patience import PATIENCE
from tests.unit.agent.at_home import unlock, until
from tests.unit.benches import Window
from tests.unit.credentials.desktops import AGENT, agents, desktop, guarded, program, run, with_open_agent
from vault import errors, limits
from vault.agent.answers import Answers
from vault.agent.protocol import BadFrame
from vault.system.process_tree import ancestors

__all__ = ["desktop"]

pytestmark = pytest.mark.usefixtures("unmeasured")

LABELS = ["Allow once", "Deny", "Allow this program", "Allow all for 15 minutes"]


# ── the answers ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("word", ["always", "session"])
def test_a_yes_issues_and_a_no_does_not(home, aws, desktop, word):
    """Before the answer nothing is asked of AWS; a no is exit 10, with nothing on stdout."""
    guarded(home, word)
    home.make_vault()
    with desktop.answering("deny"):
        failed(home.run("export", "prod"), 10, "you denied it at the desktop", "no credentials")
    assert aws.calls.actions() == []
    with desktop.answering("once", number=2):
        assert home.export("prod")["AccountId"] == "333333333333"


def test_the_question_names_profile_role_account_and_program(desk, home, desktop):
    """All that the user needs for an answer; without an agent a yes holds once."""
    guarded(home, "always", "awsvault_environment = production\nawsvault_read_only = true\n")
    with desktop.answering("once"):
        desk.ask("prod")
    ((_, _, _, title, text, buttons, _, _),) = desktop.shown()
    lines = text.split("\n")
    assert title == "Use profile prod?"
    assert lines[:4] == [
        f"Role: {role('ReadOnlyRole').replace('222222222222', '333333333333')}",
        "Account: 333333333333",
        "Region: eu-west-1",
        "Environment: production",
    ]
    parent = ancestors(os.getppid())[0]
    assert lines[4].startswith(f"Asked by: {parent.name} (")
    assert f"PID {parent.pid})" in lines[4]
    assert buttons[1::2] == ["Allow once", "Deny"]


def test_the_question_of_a_user_without_a_role_names_the_source(desk, home, desktop):
    """There is no account to name."""
    home.config(
        SCENARIO.replace(
            "[profile shared-services]\n", "[profile shared-services]\nawsvault_confirm = always\n"
        )
    )
    with desktop.answering("once"):
        desk.ask("shared-services")
    assert desktop.shown()[0][4].startswith("Source: shared-services, without a role\nRegion: us-east-1\n")


def test_no_answer_in_time_is_a_no(desk, home, aws, desktop, monkeypatch):
    """The limit is one constant."""
    monkeypatch.setattr(limits, "CONFIRM_ANSWER", 1.0)
    guarded(home, "always")
    with pytest.raises(errors.Declined, match="nobody answered within 1 s"):
        desk.ask("prod")
    assert aws.calls.actions() == []


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        (lambda desktop: desktop.close(2), "you closed the notification"),
        (lambda desktop: desktop.kill_service(), "the notification service ended"),
        (lambda desktop: desktop.lock_screen(), "the screen is locked"),
    ],
    ids=["closed", "gone", "locked"],
)
def test_what_ends_the_question_is_a_no_at_once(home, aws, desktop, happens, said):
    """By the command: exit 10, why, what to do, and nothing on stdout."""
    guarded(home, "always")
    home.make_vault()
    desktop.save_screen()
    with desktop.meanwhile(lambda: happens(desktop)):
        failed(home.run("export", "prod"), 10, "awsvault_confirm = always", said, "awsvault-py exec prod")
    assert aws.calls.actions() == []


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"DBUS_SESSION_BUS_ADDRESS": None}, "there is no session bus"),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent"}, "the session bus does not answer"),
        ({"AWSVAULT_PROMPT": "pinentry"}, "there is no display for pinentry"),
        ({"AWSVAULT_PROMPT": "pinentry", "DISPLAY": ":9", "PATH": "/nonexistent"}, "cannot start pinentry"),
    ],
)
def test_without_a_desktop_an_sdk_is_refused_at_once(home, desktop, env, said):
    """No waiting for anything."""
    guarded(home, "always")
    home.make_vault()
    failed(home.run("export", "prod", **env), 10, "awsvault_confirm = always", said)


@pytest.mark.parametrize("prompt", ["auto", "tty", "none", None])
def test_nobody_is_asked_unless_the_user_has_chosen_so(home, desktop, prompt):
    """The default stays: refused at once, although there is a desktop."""
    guarded(home, "always")
    home.make_vault()
    failed(home.run("export", "prod", AWSVAULT_PROMPT=prompt, DISPLAY=":9"), 10, "awsvault_confirm = always")
    assert desktop.shown() == []


def test_a_setting_chooses_too(home, desktop):
    """config.toml, without the variable."""
    guarded(home, "always")
    home.make_vault()
    home.settings('prompt = "notification"\n')
    home.env.pop("AWSVAULT_PROMPT")
    with desktop.answering("once"):
        home.export("prod")


def test_an_exec_without_a_terminal_is_asked_at_the_desktop(home, desktop):
    """By the way that the user has chosen, though there is a window for passphrases too."""
    guarded(home, "always")
    home.make_vault()
    home.env["DISPLAY"] = ":9"
    with desktop.answering("once"):
        done = run(home, "setsid", "--wait", COMMAND, "exec", "prod", "--", "echo", "ran")
    assert done.stdout == "ran\n"


def test_a_user_at_a_terminal_is_asked_there(home, desktop):
    """A notification is for those who cannot be asked otherwise."""
    guarded(home, "always")
    home.make_vault()
    child = pexpect.spawn(COMMAND, ["exec", "prod", "--", "echo", "ran"], env=home.env, timeout=PATIENCE, encoding="utf-8")  # fmt: skip
    child.expect(r"\[y/N\]")
    child.sendline("y")
    child.expect("\nran")
    child.expect(pexpect.EOF)
    assert desktop.shown() == []


def test_a_window_asks_an_sdk_too(desk, home):
    """prompt = pinentry, with a display."""
    guarded(home, "always")
    asked = Window(home)
    assert desk.ask("prod", env={"DISPLAY": ":9"}).line
    assert asked.heard("SETOK") == ["Allow once"]
    assert "Account: 333333333333" in asked.heard("SETDESC")[0]


def test_hostile_names_are_plain_text_in_the_question(home, desktop):
    """A program that calls itself markup and more; a notification's reader of markup finds none."""
    guarded(home, "always", "awsvault_environment = <a href='x'>e\n")
    home.make_vault()
    name = "<b>x</b>\nDeny"
    path = os.path.join(home.root, "folder")
    os.mkdir(path)
    name = name.replace("/", "")
    with desktop.answering("once"):
        done = run(home, program(home, name), COMMAND, "export", "prod")
    assert done.returncode == 0, done.stderr
    text = desktop.shown()[0][4]
    assert "<" not in text
    assert r"Asked by: \x3cb\x3ex\x3cb\x3e\x0aDeny (" in text
    assert r"Environment: \x3ca href='x'\x3ee" in text


# ── one question ────────────────────────────────────────────────────────────────────────────────


def waits_for_the_answer(home, pid):
    """Whether a process has the state folder open now, as while it waits for the lock in it."""
    folder = os.path.realpath(home.file("state"))
    with contextlib.suppress(OSError):
        return any(os.readlink(f"/proc/{pid}/fd/{fd}") == folder for fd in os.listdir(f"/proc/{pid}/fd"))
    return False


@pytest.mark.parametrize("key", ["once", "deny"])
def test_twenty_requests_at_once_are_one_question(home, desktop, key):
    """All get its answer."""
    with with_open_agent(home):
        guarded(home, "always")
        asking = [home_export(home) for _ in range(20)]

        def answer():
            for _ in range(3):  # not for a moment only, as for another file
                until(lambda: all(waits_for_the_answer(home, one.pid) for one in asking))
                time.sleep(0.1)
            desktop.press(key)

        with desktop.meanwhile(answer):
            told = [one.communicate(timeout=PATIENCE) for one in asking]
        assert len(desktop.shown()) == 1
        if key == "once":
            assert {one.returncode for one in asking} == {0}
            assert len({out for out, _ in told}) == 1
        else:
            assert {one.returncode for one in asking} == {10}
            assert {out for out, _ in told} == {b""}
            assert all(b"you denied it at the desktop" in err for _, err in told)


def home_export(home):
    return subprocess.Popen(
        [COMMAND, "export", "prod"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=home.env,
    )  # fmt: skip


# ── what a yes holds for ────────────────────────────────────────────────────────────────────────


def test_with_an_agent_the_user_chooses_what_a_yes_holds_for(home, desktop):
    """Once is once: the next export asks again."""
    with with_open_agent(home):
        guarded(home, "always")
        for number in (1, 2):
            with desktop.answering("once", number=number):
                home.export("prod")
        assert [shown[5][1::2] for shown in desktop.shown()] == [LABELS] * 2


def test_minutes_are_for_every_program(home, desktop):
    """And for this profile and role alone."""
    with with_open_agent(home):
        guarded(home, "always")
        with desktop.answering("minutes"):
            home.export("prod")
        home.export("prod")
        assert run(home, program(home, "other"), COMMAND, "export", "prod").returncode == 0
        home.config(
            SCENARIO.replace("[profile dev]\n", "[profile dev]\nawsvault_confirm = always\n").replace(
                "[profile prod]\n", "[profile prod]\nawsvault_confirm = always\n"
            )
        )
        with desktop.answering("deny", number=2):
            failed(home.run("export", "dev"), 10, "you denied it")
        assert len(desktop.shown()) == 2
        home.run("lock")
        unlock(home)
        with desktop.answering("deny", number=3):
            failed(home.run("export", "prod"), 10, "you denied it")


def test_a_program_is_allowed_with_all_that_it_starts(home, desktop):
    """By its process, not by its name: the next run of the same program is asked about again."""
    agents(home, AGENT)
    made = program(home, AGENT)
    with with_open_agent(home):
        guarded(home, "always")
        twice = f"{COMMAND} export prod && sh -c 'sh -c \"{COMMAND} export prod\"; exit $?'"
        with desktop.answering("program"):
            done = run(home, made, "sh", "-c", twice)
        assert (done.returncode, done.stderr, done.stdout.count("AccountId")) == (0, "", 2)
        assert len(desktop.shown()) == 1
        assert f"This program: {AGENT} (" in desktop.shown()[0][4]
        with desktop.answering("deny", number=2):
            assert run(home, made, COMMAND, "export", "prod").returncode == 10


def test_session_is_until_the_agent_locks(home, desktop):
    """The first button is what the profile's setting means; the others are less."""
    with with_open_agent(home):
        guarded(home, "session")
        with desktop.answering("once"):
            home.export("prod")
        assert desktop.shown()[0][5][1::2] == ["Allow until locked", "Deny", "Allow once", *LABELS[2:]]
        with desktop.answering("session", number=2):
            home.export("prod")
        home.export("prod")
        assert home.run("exec", "prod", "--", "true").returncode == 0
        assert len(desktop.shown()) == 2


def test_confirm_for_names_the_first_button(home, desktop):
    """For desktops that show fewer, and for a window, which has two."""
    with with_open_agent(home):
        guarded(home, "always")
        home.settings('confirm_for = "minutes"\n')
        with desktop.answering("deny"):
            home.run("export", "prod")
        assert desktop.shown()[0][5][1::2] == [LABELS[3], "Deny", "Allow once", LABELS[2]]
        asked = Window(home)
        home.settings(f'confirm_for = "minutes"\npinentry = "{asked.folder}/pinentry"\n')
        home.env["DISPLAY"] = ":9"
        home.export("prod")
        home.export("prod")
        assert asked.heard("SETOK") == [LABELS[3]]


def test_an_agent_of_an_older_version_remembers_no_minutes(desk, home, desktop, beside, monkeypatch):
    """It closes the connection at a request that it does not know: the yes holds once, and the export goes on."""
    known = Answers.to

    def older(self, request):
        if request.op == "CONFIRM_FOR":
            raise BadFrame
        return known(self, request)

    monkeypatch.setattr(Answers, "to", older)
    beside.give()
    guarded(home, "always")
    for number in (1, 2):
        with desktop.answering("minutes", number=number):
            assert desk.ask("prod").line
