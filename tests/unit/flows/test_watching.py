"""The watcher beside the agent: which of logind's signals mean a lock, and a bus that is not there or does not answer."""

from __future__ import annotations

import os

import pytest
from jeepney import DBusAddress, new_signal

from vault.flows import watching

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
    assert watching._means_lock(Bus(), message) is means


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionResetError(), ValueError()])
def test_a_lock_whose_session_cannot_be_told_locks(error):
    """logind does not say whose session it was: better locked once too often."""
    assert watching._means_lock(Bus(error), signal("Session", "Lock", OTHERS)) is True


def test_without_a_bus_there_is_nothing_to_watch(monkeypatch):
    """The watcher ends at once and well; the agent's clocks notice sleep instead."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    reading, writing = os.pipe()
    assert watching.process([str(reading)]) == 0
    os.close(reading)
    os.close(writing)


def test_a_machine_out_of_processes_has_no_watcher(monkeypatch):
    """No fork is to be had: the agent goes on without, and keeps nothing open for it."""

    def fork():
        raise BlockingIOError

    monkeypatch.setattr(os, "fork", fork)
    before = set(os.listdir("/proc/self/fd"))
    assert watching.start({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}) is None
    assert set(os.listdir("/proc/self/fd")) == before


def test_no_python_to_start_is_no_watcher(monkeypatch):
    """Embedded in another program, this Python does not know its own file."""
    monkeypatch.setattr("sys.executable", "")
    assert watching.start({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent/bus"}) is None
