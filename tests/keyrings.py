"""A desktop's keyring for tests: a session bus of its own with GNOME's, a mute one, or none behind it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import Any

import keyring.backends.SecretService  # noqa: F401  # here, and not in each child that asks: those are forks of us
import pytest

LOGIN = "the password of the login"


class Desktop:
    """A session bus in ``folder``, and what runs on it. ``env`` is what a program of this desktop sees."""

    def __init__(self, folder: Any) -> None:
        self.home = os.path.join(str(folder), "desktop")
        self.run = os.path.join(self.home, "run")
        os.makedirs(self.run, mode=0o700)
        config = os.path.join(self.home, "bus.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(_CONFIG)
        self.bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1", "--nopidfile"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self._base(),
        )  # fmt: skip
        assert self.bus.stdout is not None
        self.address = self.bus.stdout.readline().strip()
        self.daemon: subprocess.Popen[bytes] | None = None

    def _base(self) -> dict[str, str]:
        return {"HOME": self.home, "XDG_RUNTIME_DIR": self.run, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}

    @property
    def env(self) -> dict[str, str]:
        return {"DBUS_SESSION_BUS_ADDRESS": self.address}

    def log_in(self, *, unlock: bool = True) -> None:
        """GNOME's keyring, unlocked by the login's password as at a real login; else one that has no collection yet."""
        self.daemon = subprocess.Popen(
            ["gnome-keyring-daemon", "--foreground", *(["--unlock"] if unlock else []), "--components=secrets"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**self._base(), **self.env},
        )  # fmt: skip
        assert self.daemon.stdin is not None
        self.daemon.stdin.write(LOGIN.encode())
        self.daemon.stdin.close()
        self._wait_for_service()

    def add_collection(self, name: str) -> None:
        """A collection as another program has it made, but by its password: no window can ask for one here."""
        from jeepney import DBusAddress, new_method_call

        place = "/org/freedesktop/secrets"
        service, inside = (
            DBusAddress(place, "org.freedesktop.secrets", interface)
            for interface in ("org.freedesktop.Secret.Service", _INSIDE)
        )
        with self._connected() as connection:
            opened = new_method_call(service, "OpenSession", "sv", ("plain", ("s", "")))
            session = connection.send_and_get_reply(opened).body[1]
            label = {"org.freedesktop.Secret.Collection.Label": ("s", name)}
            secret = (session, b"", LOGIN.encode(), "text/plain")
            call = new_method_call(inside, "CreateWithMasterPassword", "a{sv}(oayays)", (label, secret))
            connection.send_and_get_reply(call)

    def lock(self, name: str | None = None) -> None:
        """As the screen lock of some desktops does it: the login's collection, or the one called ``name``."""
        from secretstorage import Collection, get_all_collections

        with self._connected() as connection:
            known = {c.get_label(): c for c in get_all_collections(connection)} if name is not None else {}
            (known[name] if name is not None else Collection(connection)).lock()

    def be_mute(self) -> None:
        """A service that takes every call and answers none."""
        self.daemon = subprocess.Popen(
            [sys.executable, "-c", _MUTE],
            env={**self._base(), **self.env},
        )
        self._wait_for_service()

    def _wait_for_service(self) -> None:
        from jeepney import DBusAddress, new_method_call

        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        with self._connected() as connection:
            for _ in range(400):
                asked = new_method_call(bus, "NameHasOwner", "s", ("org.freedesktop.secrets",))
                if connection.send_and_get_reply(asked).body[0]:
                    return
                time.sleep(0.025)
        raise AssertionError("no keyring came up")

    @contextmanager
    def _connected(self):
        from jeepney.io.blocking import open_dbus_connection

        connection = open_dbus_connection(self.address)
        try:
            yield connection
        finally:
            connection.close()

    def items(self) -> dict[str, str]:
        """What the keyring keeps for us: user to text."""
        import secretstorage

        with self._connected() as connection:
            found = secretstorage.search_items(connection, {"service": "awsvault-py"})
            return {item.get_attributes()["username"]: item.get_secret().decode() for item in found}

    def end(self) -> None:
        for process in (self.daemon, self.bus):
            if process is not None:
                process.kill()
                process.wait()
        assert self.bus.stdout is not None
        self.bus.stdout.close()


_INSIDE = "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface"  # what gnome-keyring's own tests use
# No <servicedir>: a call must not start the machine's own keyring.
_CONFIG = """
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><policy context="default">
<allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>
"""
_MUTE = """
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import open_dbus_connection
bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
connection = open_dbus_connection()
connection.send_and_get_reply(new_method_call(bus, "RequestName", "su", ("org.freedesktop.secrets", 4)))
while True:
    connection.receive()
"""


@pytest.fixture
def desktop(tmp_path, monkeypatch):
    """A desktop whose bus this process is on, nothing behind it yet."""
    found = Desktop(tmp_path)
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", found.address)
    yield found
    found.end()


@pytest.fixture
def login(desktop):
    """The desktop, after its user logged in: its keyring is open."""
    desktop.log_in()
    return desktop
