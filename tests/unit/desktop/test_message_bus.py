"""Calls and signals of a bus, with time limits; and a bus that is not there."""

from __future__ import annotations

import gc
import socket
import threading

import pytest

from tests.notifications import MOCK, NAME, PATH, Notified
from tests.patience import PATIENCE
from vault import limits
from vault.desktop import message_bus
from vault.desktop.message_bus import BusGone, CallFailed, MessageBus
from vault.system import machine

SERVICE = (NAME, PATH, NAME)


@pytest.fixture
def desktop(tmp_path):
    made = Notified(tmp_path)
    yield made
    made.end()


def test_the_addresses_are_the_environments(monkeypatch):
    """The session bus has no other place; the system bus has D-Bus's default, if it is there."""
    assert message_bus.session_address({}) == ""
    assert message_bus.session_address({"DBUS_SESSION_BUS_ADDRESS": "unix:path=/a"}) == "unix:path=/a"
    assert message_bus.system_address({"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/b"}) == "unix:path=/b"
    monkeypatch.setattr(machine, "SYSTEM_BUS", "/nonexistent/socket")
    assert message_bus.system_address({}) == ""
    monkeypatch.setattr(machine, "SYSTEM_BUS", "/dev/null")
    assert message_bus.system_address({}) == "unix:path=/dev/null"


def test_a_call_has_an_answer_or_an_error(desktop):
    """The values; the error's name; and no answer in time."""
    desktop.notify("actions")
    desktop.call(NAME, PATH, MOCK, "AddMethod", "sssss", NAME, "Slow", "", "", "import time; time.sleep(0.5)")
    with MessageBus(desktop.address) as bus:
        assert bus.call(SERVICE, "GetCapabilities", seconds=PATIENCE) == (["actions"],)
        with pytest.raises(CallFailed, match="UnknownMethod"):
            bus.call(SERVICE, "NoSuchMethod", seconds=PATIENCE)
        with pytest.raises(CallFailed, match="NameHasNoOwner"):
            bus.owner("org.example.Nobody", seconds=PATIENCE)
        with pytest.raises(TimeoutError):
            bus.call(SERVICE, "Slow", seconds=0.05)


def test_only_what_is_listened_for_is_heard(desktop):
    """The signals of one sender and one interface, and that a name lost its owner."""
    desktop.notify()
    with MessageBus(desktop.address) as bus:
        bus.listen_for_owner(NAME, seconds=PATIENCE)
        bus.listen(sender=bus.owner(NAME, seconds=PATIENCE), interface=NAME, seconds=PATIENCE)
        assert bus.next_signal(seconds=0.05) is None
        desktop.call(NAME, PATH, MOCK, "EmitSignal", "sssav", "org.example.Other", "X", "u", [("u", 3)])
        desktop.press("once", 5)
        heard = bus.next_signal(seconds=PATIENCE)
        assert (heard.interface, heard.name, heard.values) == (NAME, "ActionInvoked", (5, "once"))
        desktop.kill_service()
        heard = bus.next_signal(seconds=PATIENCE)
        assert (heard.name, heard.values[0]) == ("NameOwnerChanged", NAME)


def test_a_bus_that_ends(desktop):
    """Every use says so, but for a call that waits for nothing."""
    with MessageBus(desktop.address) as bus:
        desktop.bus.kill()
        desktop.bus.wait(PATIENCE)
        with pytest.raises(BusGone):
            bus.next_signal(seconds=PATIENCE)
        with pytest.raises(BusGone):
            bus.call(SERVICE, "GetCapabilities", seconds=PATIENCE)
        bus.tell(SERVICE, "CloseNotification", "u", 1)
    with pytest.raises(BusGone):
        MessageBus(desktop.address)


@pytest.mark.parametrize("address", ["", "nonsense", "tcp:host=127.0.0.1,port=1", "unix:path=/nonexistent"])
def test_an_address_that_leads_nowhere(address):
    """There is no bus, whatever the reason."""
    with pytest.raises(BusGone):
        MessageBus(address)


@pytest.mark.filterwarnings("error")
def test_a_bus_that_is_silent_after_its_greeting(tmp_path, monkeypatch):
    """It takes the identity and answers nothing more."""
    monkeypatch.setattr(limits, "DESKTOP_CALL", 0.2)
    path = str(tmp_path / "bus")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def greet():
            client, _ = listener.accept()
            with client:
                while (said := client.recv(1024)) and b"BEGIN" not in said:
                    if b"AUTH" in said:
                        client.sendall(b"OK 0123456789abcdef0123456789abcdef\r\n")
                while client.recv(1024):
                    pass

        greeting = threading.Thread(target=greet)
        greeting.start()
        with pytest.raises(BusGone, match="TimeoutError"):
            MessageBus(f"unix:path={path}")
        gc.collect()
        greeting.join(PATIENCE)
        assert not greeting.is_alive()
