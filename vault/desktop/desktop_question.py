"""A question at the desktop, as a notification with buttons or as a pinentry window. Knows nothing of the vault.

Only a press of a button is an answer. If the notification or its service disappears, the screen is locked or the time is over,
the question ends at once without one.
"""

from __future__ import annotations

import signal
from html import escape

from vault import limits
from vault.desktop.message_bus import BusGone, CallFailed, MessageBus, session_address
from vault.desktop.screen_lock import ScreenLock
from vault.records import NamedTuple, Protocol
from vault.system.pinentry import Pinentry
from vault.system.tty import NoAnswer, Signalled, signals_raise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.desktop.message_bus import Signal
    from vault.system.clock import Deadline

NAME = "org.freedesktop.Notifications"
_SERVICE = (NAME, "/org/freedesktop/Notifications", NAME)
_URGENT = 2  # shown above a full-screen window, and by most desktops until it is answered
_ENDED = "the notification service ended before there was an answer"
_WITHOUT_ANSWER = {1: "the notification ended without an answer", 2: "you closed the notification"}


class DesktopQuestion(NamedTuple):
    """What to ask. ``buttons`` are the answers, each with its key and label, in the order of importance: a desktop may show
    only three. ``yes`` is the key of the one that a window with two buttons has, ``no`` that of the refusal.
    """

    title: str
    text: str
    buttons: tuple[tuple[str, str], ...]
    yes: str
    no: str


class ShownMark(Protocol):
    """Where the name of the notification that is shown is kept, for the process that asks after one that was killed."""

    def read(self) -> str:
        """The name; empty if none is shown."""

    def write(self, text: str) -> None:
        """Keep the name, or empty."""


def by_notification(
    question: DesktopQuestion, *, env: Mapping[str, str], deadline: Deadline, mark: ShownMark | None = None
) -> str:
    """The key of the button that the user pressed. NoAnswer says why there is none.

    With ``mark``, a notification that a killed process left behind is closed first: only one is ever shown.
    """
    address = session_address(env)
    if not address:
        raise NoAnswer("impossible", "there is no session bus")
    try:
        with MessageBus(address) as bus, ScreenLock(env) as screen:
            return _Notification(bus, screen, question, deadline, mark).answer()
    except BusGone:
        raise NoAnswer("impossible", "the session bus does not answer") from None
    except (CallFailed, TimeoutError):
        raise NoAnswer("impossible", "there is no notification service") from None
    except (IndexError, TypeError, ValueError):
        raise NoAnswer(
            "impossible", "the notification service sent an answer that is not in its protocol"
        ) from None


class _Notification:
    """One notification, from its appearance to its end."""

    def __init__(
        self,
        bus: MessageBus,
        screen: ScreenLock,
        question: DesktopQuestion,
        deadline: Deadline,
        mark: ShownMark | None,
    ) -> None:
        self._mark = mark
        self._bus = bus
        self._screen = screen
        self._question = question
        self._deadline = deadline
        self._keys = [key for key, _ in question.buttons]

    def answer(self) -> str:
        check_screen(self._screen)
        abilities = self._bus.call(_SERVICE, "GetCapabilities", seconds=self._call_time(), start=True)[0]
        if "actions" not in abilities:
            raise NoAnswer("impossible", "the notification service shows no buttons")
        self._bus.listen_for_owner(NAME, seconds=self._call_time())
        service = self._bus.owner(NAME, seconds=self._call_time())
        self._bus.listen(sender=service, interface=NAME, seconds=self._call_time())
        place = f"{self._bus.identity(seconds=self._call_time())} {service}"
        self._close_earlier(place)
        shown = self._show(escaped="body-markup" in abilities)
        self._note(f"{place} {shown}")
        ended_by = 0
        try:
            with signals_raise():
                return self._wait(shown)
        except BusGone:
            raise NoAnswer("impossible", _ENDED) from None
        except Signalled as signalled:
            ended_by = signalled.number
        finally:
            self._bus.tell(_SERVICE, "CloseNotification", "u", shown)
            self._note("")
        signal.raise_signal(ended_by)
        raise NoAnswer("cancelled", "the command was stopped")

    def _close_earlier(self, place: str) -> None:
        """Close the notification of a process that was killed. Its buttons answer nothing, but look as if they did."""
        start, _, number = (self._mark.read() if self._mark is not None else "").rpartition(" ")
        if start == place and number.isascii() and number.isdigit():
            self._bus.tell(_SERVICE, "CloseNotification", "u", int(number) & 0xFFFFFFFF)

    def _note(self, name: str) -> None:
        if self._mark is not None:
            self._mark.write(name)

    def _call_time(self) -> float:
        return min(limits.DESKTOP_CALL, self._deadline.remaining())

    def _show(self, *, escaped: bool) -> int:
        text = escape(self._question.text, quote=False) if escaped else self._question.text
        actions = [part for button in self._question.buttons for part in button]
        found = self._bus.call(
            _SERVICE,
            "Notify",
            "susssasa{sv}i",
            "awsvault-py",
            0,
            "dialog-password",
            self._question.title,
            text,
            actions,
            {"urgency": ("y", _URGENT)},
            int(self._deadline.remaining() * 1000),
            seconds=self._call_time(),
        )
        return int(found[0])

    def _wait(self, shown: int) -> str:
        while not self._deadline.expired:
            heard = self._bus.next_signal(seconds=min(limits.DESKTOP_LOOK, self._deadline.remaining()))
            pressed = None if heard is None else self._pressed(heard, shown)
            if heard is None or pressed is not None:
                check_screen(self._screen)  # what was pressed on a locked screen, its owner did not press
            if pressed is not None:
                return pressed
        raise NoAnswer("timeout", "there was no answer in time")

    def _pressed(self, heard: Signal, shown: int) -> str | None:
        """The key in the signal, None if it is about something else. NoAnswer if the notification or its service is gone."""
        match heard.name, heard.values:
            case "ActionInvoked", (number, key) if number == shown and key in self._keys:
                return str(key)
            case "NotificationClosed", (number, reason) if number == shown:
                found = _WITHOUT_ANSWER.get(reason, "the notification was closed without an answer")
                raise NoAnswer("timeout" if reason == 1 else "cancelled", found)
            case "NameOwnerChanged", (str(name), *_) if name == NAME and heard.interface != NAME:
                raise NoAnswer("impossible", _ENDED)
        return None


def by_pinentry(
    question: DesktopQuestion, *, program: str, env: Mapping[str, str], deadline: Deadline
) -> str:
    """The key ``yes`` or ``no``, as the user chose in a window of pinentry. NoAnswer says why there is neither."""
    labels = dict(question.buttons)
    with ScreenLock(env) as screen:
        check_screen(screen)
        with Pinentry(program, env=env, deadline=deadline, watch=lambda: check_screen(screen)) as window:
            window.describe(title=question.title, text=f"{question.title}\n\n{question.text}", prompt="")
            window.label(yes=labels[question.yes], no=labels[question.no])
            pressed = question.yes if window.confirm() else question.no
        check_screen(screen)
        return pressed


def check_screen(screen: ScreenLock) -> None:
    """NoAnswer if the screen is locked: nobody is there who could answer."""
    if screen.locked():
        raise NoAnswer("impossible", "the screen is locked")
