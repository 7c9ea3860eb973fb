"""A question at the desktop: a button is an answer, and everything else ends it at once without one."""

from __future__ import annotations

import sys
import threading
import time

import pytest
from jeepney import DBusAddress, HeaderFields, message_bus, new_signal

from tests.notifications import MOCK, NAME, PATH, Notified
from tests.patience import PATIENCE
from tests.unit.agent.at_home import until
from tests.unit.system.test_pinentry import PINENTRY
from vault import limits
from vault.desktop import desktop_question
from vault.desktop.desktop_question import DesktopQuestion
from vault.system.clock import Deadline
from vault.system.tty import NoAnswer

QUESTION = DesktopQuestion(
    "Use profile prod?",
    "Role: <b>admin</b> & more",
    (("once", "Allow once"), ("deny", "Deny"), ("program", "Allow this program")),
    yes="once",
    no="deny",
)


@pytest.fixture
def desktop(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "DESKTOP_LOOK", 0.05)
    made = Notified(tmp_path)
    yield made
    made.end()


def ask(desktop, seconds=PATIENCE):
    return desktop_question.by_notification(QUESTION, env=desktop.env, deadline=Deadline.after(seconds))


def refused(desktop, reason, said, **more):
    """The question ends without an answer, and long before its time is over."""
    began = time.monotonic()
    with pytest.raises(NoAnswer, match=said) as caught:
        ask(desktop, **more)
    assert caught.value.reason == reason
    assert time.monotonic() - began < PATIENCE


@pytest.mark.parametrize("key", ["once", "program", "deny"])
def test_a_button_is_the_answer(desktop, key):
    """Whichever it is; and the notification is taken away."""
    desktop.notify()
    with desktop.answering(key):
        assert ask(desktop) == key
    (closed,) = desktop.call(NAME, PATH, MOCK, "GetMethodCalls", "s", "CloseNotification")
    assert len(closed) == 1


def test_what_the_notification_has(desktop):
    """Its text is escaped where the service reads markup; it is urgent, and has the buttons in their order."""
    desktop.notify()
    with desktop.answering("deny"):
        ask(desktop)
    ((program, replaces, _icon, title, text, buttons, hints, expires),) = desktop.shown()
    assert (program, replaces, title) == ("awsvault-py", 0, "Use profile prod?")
    assert text == "Role: &lt;b&gt;admin&lt;/b&gt; &amp; more"
    assert buttons == ["once", "Allow once", "deny", "Deny", "program", "Allow this program"]
    assert hints == {"urgency": ("y", 2)}
    assert 0 < expires <= PATIENCE * 1000


def test_a_service_without_markup_gets_the_text_itself(desktop):
    """It would show the escapes."""
    desktop.notify("actions", "body")
    with desktop.answering("deny"):
        ask(desktop)
    assert desktop.shown()[0][4] == QUESTION.text


def test_no_answer_in_time(desktop):
    """The deadline ends the question."""
    desktop.notify()
    refused(desktop, "timeout", "no answer in time", seconds=1.0)
    assert len(desktop.shown()) == 1


@pytest.mark.parametrize(
    ("number", "reason", "said"),
    [
        (1, "timeout", "the notification ended without an answer"),
        (2, "cancelled", "you closed the notification"),
        (4, "cancelled", "closed without an answer"),
    ],
)
def test_a_closed_notification_is_no_answer(desktop, number, reason, said):
    """By the desktop, by the user, or for another reason."""
    desktop.notify()
    with desktop.meanwhile(lambda: desktop.close(number)):
        refused(desktop, reason, said)


def test_other_notifications_and_other_buttons_are_ignored(desktop):
    """Only this notification's own buttons count: the click on its text does not."""
    desktop.notify()

    def act():
        desktop.press("once", 7)
        desktop.close(2, 7)
        desktop.press("default")
        desktop.press("deny")

    with desktop.meanwhile(act):
        assert ask(desktop) == "deny"


def test_another_program_cannot_answer(desktop):
    """A signal that another connection sends, to all or to this process alone, is not the service's."""
    desktop.notify()

    def act():
        with desktop._connected() as other:
            (names,) = other.send_and_get_reply(message_bus.ListNames()).body
            for name in [None, *(name for name in names if name.startswith(":"))]:
                forged = new_signal(DBusAddress(PATH, interface=NAME), "ActionInvoked", "us", (1, "once"))
                if name is not None:
                    forged.header.fields[HeaderFields.destination] = name
                other.send(forged)
            other.send_and_get_reply(message_bus.GetId())  # the bus has passed them on
        desktop.press("deny")

    with desktop.meanwhile(act):
        assert ask(desktop) == "deny"


def test_the_service_ends_while_it_waits(desktop):
    """Nobody can answer any more."""
    desktop.notify()
    with desktop.meanwhile(desktop.kill_service):
        refused(desktop, "impossible", "the notification service ended")


def test_the_bus_ends_while_it_waits(desktop):
    """The desktop is gone, as after logging out."""
    desktop.notify()
    with desktop.meanwhile(lambda: (desktop.bus.kill(), desktop.bus.wait(PATIENCE))):
        refused(desktop, "impossible", "the notification service ended")


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({}, "there is no session bus"),
        ({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}, "the session bus does not answer"),
        ({"DBUS_SESSION_BUS_ADDRESS": "nonsense"}, "the session bus does not answer"),
    ],
)
def test_without_a_bus(env, said):
    """No desktop, one that is gone, and an address that is none."""
    with pytest.raises(NoAnswer, match=said) as caught:
        desktop_question.by_notification(QUESTION, env=env, deadline=Deadline.after(PATIENCE))
    assert caught.value.reason == "impossible"


def test_without_a_notification_service(desktop):
    """A bus alone."""
    refused(desktop, "impossible", "there is no notification service")


def test_a_service_without_buttons_is_not_asked(desktop):
    """The user could only look at the question."""
    desktop.notify("body")
    refused(desktop, "impossible", "shows no buttons")
    assert desktop.shown() == []


def test_a_locked_screen_is_not_asked(desktop):
    """Nobody is there."""
    desktop.notify()
    desktop.save_screen()
    desktop.lock_screen()
    refused(desktop, "impossible", "the screen is locked")
    assert desktop.shown() == []


def test_the_screen_is_locked_while_it_waits(desktop):
    """The question ends then; and a press on the locked screen is no answer."""
    desktop.notify()
    desktop.save_screen()
    with desktop.meanwhile(desktop.lock_screen):
        refused(desktop, "impossible", "the screen is locked")
    desktop.lock_screen(locked=False)
    with desktop.meanwhile(lambda: (desktop.lock_screen(), desktop.press("once", 2)), number=2):
        refused(desktop, "impossible", "the screen is locked")


# ── pinentry ────────────────────────────────────────────────────────────────────────────────────


def window(tmp_path, confirm, desktop=None, seconds=PATIENCE):
    program = tmp_path / "pinentry-fake"
    program.write_text(
        PINENTRY.format(python=sys.executable, log=str(tmp_path / "log"), getpin="pass", confirm=confirm)
    )
    program.chmod(0o700)
    return desktop_question.by_pinentry(
        QUESTION,
        program=str(program),
        env=desktop.env if desktop is not None else {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"},
        deadline=Deadline.after(seconds),
    )


@pytest.mark.parametrize(("line", "key"), [("OK", "once"), ("ERR 83886179 cancelled", "deny")])
def test_a_window_has_two_buttons(tmp_path, line, key):
    """The first answer and the refusal, with their labels."""
    assert window(tmp_path, line) == key
    log = (tmp_path / "log").read_text()
    assert "SETDESC Use profile prod?%0A%0ARole: <b>admin</b> & more\n" in log
    assert "SETOK Allow once\nSETCANCEL Deny\nCONFIRM\n" in log


def test_a_window_that_gives_up_is_no_refusal_by_the_user(tmp_path):
    """pinentry has a time limit of its own, with an error of its own."""
    with pytest.raises(NoAnswer) as caught:
        window(tmp_path, "ERR 83886142 Timeout <Pinentry>")
    assert caught.value.reason == "timeout"


def test_the_screen_is_locked_while_a_window_waits(tmp_path, desktop):
    """pinentry says nothing; the screen saver does."""
    desktop.save_screen()
    desktop.lock_screen()
    with pytest.raises(NoAnswer, match="the screen is locked"):
        window(tmp_path, "OK", desktop)
    assert not (tmp_path / "log").exists()
    desktop.lock_screen(locked=False)

    def lock_when_asked():
        until(lambda: (tmp_path / "log").exists() and "CONFIRM" in (tmp_path / "log").read_text())
        desktop.lock_screen()

    locking = threading.Thread(target=lock_when_asked)
    locking.start()
    with pytest.raises(NoAnswer, match="the screen is locked"):
        window(tmp_path, "# still waiting", desktop)
    locking.join(PATIENCE)


# ── one is shown ────────────────────────────────────────────────────────────────────────────────


class Mark:
    """What a file has."""

    def __init__(self, text=""):
        self.text, self.written = text, []

    def read(self):
        return self.text

    def write(self, text):
        self.text = text
        self.written.append(text)


def closed(desktop):
    (calls,) = desktop.call(NAME, PATH, MOCK, "GetMethodCalls", "s", "CloseNotification")
    return [arguments[0][1] for _, arguments in calls]


def ask_with(desktop, mark):
    return desktop_question.by_notification(
        QUESTION, env=desktop.env, deadline=Deadline.after(PATIENCE), mark=mark
    )


def test_a_notification_that_was_left_behind_is_closed_first(desktop):
    """Its process was killed: it would look like a second question. Nothing is left of the mark in the end."""
    desktop.notify()
    first, second = Mark(), Mark()
    with desktop.answering("deny"):
        ask_with(desktop, first)
    second.text = first.written[0]  # as if the first process had been killed before its answer
    with desktop.answering("deny", number=2):
        ask_with(desktop, second)
    assert closed(desktop) == [1, 1, 2]
    assert (first.text, second.text) == ("", "")
    assert second.written[0].rpartition(" ")[2] == "2"


@pytest.mark.parametrize("text", ["0123 :1.1 7", "garbage", " ", "7", "x" * 300])
def test_a_mark_of_another_service_closes_nothing(desktop, text):
    """A number means something to the service that gave it alone."""
    desktop.notify()
    with desktop.answering("deny"):
        ask_with(desktop, Mark(text))
    assert closed(desktop) == [1]


def test_a_service_that_answers_nonsense(desktop):
    """No answer, and no crash."""
    desktop.mock(NAME, "--session", NAME, PATH, NAME)
    for method, inwards, outwards, body in (
        ("GetCapabilities", "", "s", "ret = 'actions'"),
        ("Notify", "susssasa{sv}i", "s", "ret = 'x'"),
    ):
        desktop.call(NAME, PATH, MOCK, "AddMethod", "sssss", NAME, method, inwards, outwards, body)
    refused(desktop, "impossible", "not in its protocol")


def test_only_the_first_of_two_answers_counts(desktop):
    """A desktop that reports a press twice, or a press and then the end."""
    desktop.notify()

    def act():
        desktop.press("deny")
        desktop.press("once")
        desktop.close(2)

    with desktop.meanwhile(act):
        assert ask(desktop) == "deny"


def test_a_service_that_restarts_ends_the_question(desktop):
    """The new one does not know it, even if it uses the number again."""
    desktop.notify()

    def act():
        desktop.kill_service()
        desktop.notify()
        desktop.press("once")

    with desktop.meanwhile(act):
        refused(desktop, "impossible", "the notification service ended")
