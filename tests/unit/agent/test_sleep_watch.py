"""The watcher beside the agent: which of logind's signals mean a lock, and a bus that is not there or does not answer."""

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
def test_sleep_and_the_own_lock_mean_a_lock(message, means):
    """Before it sleeps and not after; the session of this user and not another's."""
    assert sleep_watch._means_lock(Bus(), message) is means


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), ValueError()])
def test_a_lock_whose_session_cannot_be_told_locks(error):
    """logind does not say whose session it was: better locked once too often."""
    assert sleep_watch._means_lock(Bus(error), signal("Session", "Lock", OTHERS)) is True


def test_without_a_bus_there_is_nothing_to_watch(monkeypatch):
    """The watcher ends at once and well; the agent's clocks notice sleep instead."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    reading, writing = os.pipe()
    assert sleep_watch.process([str(reading)]) == 0
    os.close(reading)
    os.close(writing)


def test_a_machine_out_of_processes_has_no_watcher(monkeypatch):
    """No fork is to be had: the agent goes on without, and keeps nothing open for it."""

    def fork():
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", fork)
    before = set(os.listdir("/proc/self/fd"))
    assert sleep_watch.start({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}) is None
    assert set(os.listdir("/proc/self/fd")) == before


def test_no_python_to_start_is_no_watcher(monkeypatch):
    """Embedded in another program, this Python does not know its own file."""
    monkeypatch.setattr("sys.executable", "")
    assert sleep_watch.start({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}) is None


class Logind(threading.Thread):
    """The other end of the bus: says what it is given in one write, answers ListSessions, and says more beside that answer."""

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
    """How many locks the watcher makes of what logind says, read up to ``expected`` or the end of the bus."""
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    bus = DBusConnection.__new__(DBusConnection)
    DBusConnectionBase.__init__(bus, ours)
    bus._filters = MessageFilters()
    logind = Logind(theirs, *bursts)
    with ours, theirs:
        heard = sleep_watch._filtered(bus)
        logind.start()
        found = list(itertools.islice(sleep_watch._locks(bus, heard, end=reading), expected))
        ours.shutdown(socket.SHUT_RDWR)
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
def test_a_lock_among_other_messages_is_heard(bursts):
    """The bus brings several in one piece, or before the reply about the first: none of them is left for later, or lost."""
    assert locks_heard(*bursts, expected=1) == 1
