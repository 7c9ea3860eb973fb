"""The screen is locked if a screen saver or logind says so, and not if neither is there."""

from __future__ import annotations

import os

import pytest

from tests.notifications import MOCK, Notified
from tests.unit.agent.test_sleep import Logind
from vault import limits
from vault.desktop.screen_lock import ScreenLock


@pytest.fixture
def desktop(tmp_path):
    made = Notified(tmp_path)
    yield made
    made.end()


def locked(desktop):
    with ScreenLock(desktop.env) as screen:
        return screen.locked()


def test_nothing_says_that_it_is_locked(desktop):
    """A bus without a screen saver, and no bus at all."""
    assert not locked(desktop)
    with ScreenLock({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"}) as screen:
        assert not screen.locked()


def test_the_screen_saver_says_so(desktop):
    """One connection sees it change."""
    desktop.save_screen()
    with ScreenLock(desktop.env) as screen:
        assert not screen.locked()
        desktop.lock_screen()
        assert screen.locked()
        desktop.lock_screen(locked=False)
        assert not screen.locked()


def test_gnomes_screen_saver_has_another_name(desktop):
    """GNOME's own service; the common name there is one without GetActive."""
    gnome = "org.gnome.ScreenSaver"
    desktop.mock(gnome, "--session", "--template", "gnome_screensaver")
    common = "org.freedesktop.ScreenSaver"
    desktop.mock(common, "--session", common, "/org/freedesktop/ScreenSaver", common)
    assert not locked(desktop)
    desktop.call(gnome, "/org/gnome/ScreenSaver", gnome, "SetActive", "b", True)
    assert locked(desktop)


def test_a_screen_saver_that_does_not_answer_counts_as_locked(desktop, monkeypatch):
    """It may be covering the screen at this moment."""
    monkeypatch.setattr(limits, "DESKTOP_CALL", 0.2)
    desktop.save_screen()
    saver = ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver")
    slow = "import time; time.sleep(1); ret = False"
    desktop.call(*saver, MOCK, "AddMethod", "sssss", saver[0], "GetActive", "", "b", slow)
    assert locked(desktop)


def test_logind_says_so_of_this_users_sessions(desktop):
    """Another user's locked session is none of theirs."""
    logind = Logind(desktop.address)
    try:
        own, other = logind.log_in("1", os.getuid()), logind.log_in("2", os.getuid() + 1)
        hint = "org.freedesktop.login1.Session", "SetLockedHint", "b"
        logind.call(other, *hint, True)
        assert not locked(desktop)
        logind.call(own, *hint, True)
        assert locked(desktop)
        logind.call(own, *hint, False)
        assert not locked(desktop)
    finally:
        logind.end()
