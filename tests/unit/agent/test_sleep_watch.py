"""The watcher beside the agent: which of logind's signals mean a lock, and a bus that is missing or does not answer."""

from __future__ import annotations

import itertools
import os
import socket
import threading

import pytest
from jeepney import DBusAddress, Parser, new_method_return, new_signal
from jeepney.io.blocking import DBusConnection, DBusConnectionBase
from jeepney.io.common import MessageFilters

from tests.patience import PATIENCE
from vault.agent import sleep_watch

LOGIND = "org.freedesktop.login1"
MINE, OTHERS = f"/{LOGIND.replace('.', '/')}/session/_31", f"/{LOGIND.replace('.', '/')}/session/_32"


class Answer:
    def __init__(self, *body):
        self.body = body


class Bus:
    """A bus on which logind knows two sessions, or says nothing (``error``)."""

    def __init__(self, error=None):
        self.error = error

    def send_and_get_reply(self, asked, *, timeout):
        if self.error is not None:
            raise self.error
        rows = [("31", os.getuid(), "me", "seat0", MINE), ("32", os.getuid() + 1, "you", "seat0", OTHERS)]
        return Answer(rows)


def signal(interface, member, path, *body):
    where = DBusAddress(path, interface=f"{LOGIND}.{interface}")
    return new_signal(where, member, "b" * len(body), body)


@pytest.mark.parametrize(
    ("message", "means"),
    [
        (signal("Manager", "PrepareForSleep", "/org/freedesktop/login1", True), True),
        (signal("Manager", "PrepareForSleep", "/org/freedesktop/login1", False), False),
        (signal("Manager", "PrepareForSleep", "/org/freedesktop/login1"), False),
        (signal("Session", "Lock", MINE), True),
        (signal("Session", "Lock", OTHERS), False),
        (signal("Session", "Unlock", MINE), False),
        (signal("Manager", "Lock", MINE), False),
    ],
)
def test_sleep_and_this_users_screen_lock_mean_a_lock(message, means):
    """The signal before sleep, not the one after it; this user's session, not another user's."""
    assert sleep_watch._means_lock(Bus(), message) is means


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), ValueError()])
def test_a_screen_lock_of_an_unknown_session_locks(error):
    """logind does not say whose session it was: a lock too many is better than one too few."""
    assert sleep_watch._means_lock(Bus(error), signal("Session", "Lock", OTHERS)) is True


def test_without_a_bus_the_watcher_ends(monkeypatch):
    """It ends at once with success; the agent's clocks notice sleep instead."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    reading, writing = os.pipe()
    assert sleep_watch.process([str(reading)]) == 0
    os.close(reading)
    os.close(writing)


def test_a_failed_fork_means_no_watcher(monkeypatch):
    """The agent goes on without a watcher, and keeps nothing open for it."""

    def fork():
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", fork)
    before = set(os.listdir("/proc/self/fd"))
    assert sleep_watch.start({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}) is None
    assert set(os.listdir("/proc/self/fd")) == before


def test_an_unknown_interpreter_means_no_watcher(monkeypatch):
    """A Python that is embedded in another program does not know its own executable."""
    monkeypatch.setattr("sys.executable", "")
    assert sleep_watch.start({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}) is None


class Logind(threading.Thread):
    """The other end of the bus: sends what it gets in one write, answers ListSessions, and sends more beside that answer."""

    def __init__(self, sock, *bursts):
        super().__init__(daemon=True)
        self.sock, self.bursts = sock, bursts

    def run(self):
        parser, serial = Parser(), itertools.count(1)
        first, *beside = self.bursts
        self.sock.sendall(b"".join(m.serialise(next(serial)) for m in first))
        while data := self.sock.recv(4096):
            parser.add_data(data)
            while (asked := parser.get_next_message()) is not None:
                more = beside.pop(0) if beside else ()
                rows = [
                    ("31", os.getuid(), "me", "seat0", MINE),
                    ("32", os.getuid() + 1, "you", "seat0", OTHERS),
                ]
                answer = new_method_return(asked, "a(susso)", (rows,))
                self.sock.sendall(b"".join(m.serialise(next(serial)) for m in [*more, answer]))


def locks_heard(*bursts, expected):
    """How many locks the watcher reports, read up to ``expected`` or the end of the bus."""
    watch_end, bus_end = socket.socketpair()
    reading, writing = os.pipe()
    bus = DBusConnection.__new__(DBusConnection)
    DBusConnectionBase.__init__(bus, watch_end)
    bus._filters = MessageFilters()
    logind = Logind(bus_end, *bursts)
    with watch_end, bus_end:
        heard = sleep_watch._filtered(bus)
        logind.start()
        found = list(itertools.islice(sleep_watch._locks(bus, heard, end=reading), expected))
        watch_end.shutdown(socket.SHUT_RDWR)
        logind.join(PATIENCE)
    os.close(reading)
    os.close(writing)
    return len(found)


AWAKE = signal("Manager", "PrepareForSleep", "/org/freedesktop/login1", False)
LOCK, OTHER = signal("Session", "Lock", MINE), signal("Session", "Lock", OTHERS)


@pytest.mark.parametrize(
    "bursts",
    [
        ([LOCK],),
        ([OTHER, LOCK],),
        ([AWAKE, LOCK],),
        ([OTHER], [LOCK]),
        ([OTHER], [AWAKE, AWAKE, LOCK]),
    ],
    ids=["alone", "after another's", "after waking", "before a reply", "last of three before a reply"],
)
def test_a_lock_among_other_messages_is_noticed(bursts):
    """The bus sends several messages in one piece, or before a reply: none of them is delayed or lost."""
    assert locks_heard(*bursts, expected=1) == 1
