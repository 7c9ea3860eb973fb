"""A desktop with notifications for tests: a session bus of its own with python-dbusmock's notification service behind it."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from contextlib import contextmanager

from jeepney import DBusAddress, MessageType, message_bus, new_method_call

from tests.keyrings import Desktop
from tests.patience import PATIENCE

NAME, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
SAVER = ("org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver")
MOCK = "org.freedesktop.DBus.Mock"


class Notified(Desktop):
    """A session bus in ``folder``, which is the system bus too: no test looks at the machine's own screen."""

    def __init__(self, folder):
        super().__init__(folder)
        self.mocks = []
        self.service = None

    @property
    def env(self):
        return {"DBUS_SESSION_BUS_ADDRESS": self.address, "DBUS_SYSTEM_BUS_ADDRESS": self.address}

    def mock(self, name, *arguments):
        """Debian's dbusmock, which goes with Debian's own Python, once it has ``name``."""
        made = subprocess.Popen(
            ["/usr/bin/python3", "-m", "dbusmock", *arguments],
            stdout=subprocess.DEVNULL, env={**self._base(), **self.env, "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        self.mocks.append(made)
        with self._connected() as bus:
            end = time.monotonic() + PATIENCE
            while not bus.send_and_get_reply(message_bus.NameHasOwner(name)).body[0]:
                assert time.monotonic() < end, f"no {name} came up"
                time.sleep(0.01)
        return made

    def notify(self, *capabilities):
        """The notification service; ``capabilities`` are what it says that it can do."""
        able = json.dumps({"capabilities": " ".join(capabilities or ("actions", "body", "body-markup"))})
        self.service = self.mock(NAME, "--session", "--template", "notification_daemon", "-p", able)

    def call(self, name, path, interface, method, signature="", *body):
        with self._connected() as bus:
            asked = new_method_call(DBusAddress(path, name, interface), method, signature or None, body)
            answer = bus.send_and_get_reply(asked)
            assert answer.header.message_type is MessageType.method_return, answer.body
            return answer.body

    def shown(self):
        """The notifications so far: the arguments of each Notify."""
        (calls,) = self.call(NAME, PATH, MOCK, "GetMethodCalls", "s", "Notify")
        return [[value for _, value in arguments] for _, arguments in calls]

    def wait_for(self, count=1, over=None):
        """The notifications, once there are ``count``."""
        end = time.monotonic() + PATIENCE
        while len(found := self.shown()) < count:
            assert time.monotonic() < end, "no question came"
            assert not (over is not None and over.is_set()), "no question came"
            time.sleep(0.02)
        return found

    def emit(self, signal, signature, *values):
        body = (NAME, signal, signature, list(zip(signature, values, strict=True)))
        self.call(NAME, PATH, MOCK, "EmitSignal", "sssav", *body)

    def press(self, key, number=1):
        """Press a button of the notification ``number``."""
        self.emit("ActionInvoked", "us", number, key)

    def close(self, reason, number=1):
        self.emit("NotificationClosed", "uu", number, reason)

    def save_screen(self):
        """A screen saver that is not active."""
        self.mock(SAVER[0], "--session", *SAVER)
        self.lock_screen(locked=False)

    def lock_screen(self, *, locked=True):
        self.call(*SAVER[:2], MOCK, "AddMethod", "sssss", SAVER[2], "GetActive", "", "b", f"ret = {locked}")

    @contextmanager
    def meanwhile(self, act, *, number=1):
        """Inside the block, ``act`` is called as soon as the notification ``number`` is shown."""
        failed = []
        over = threading.Event()

        def run():
            try:
                self.wait_for(number, over)
                act()
            except BaseException as error:  # for the test's own thread
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(PATIENCE)
        assert not failed, failed

    def answering(self, key, *, number=1):
        """Inside the block, the button ``key`` of the notification ``number`` is pressed."""
        return self.meanwhile(lambda: self.press(key, number), number=number)

    def kill_service(self):
        self.service.kill()
        self.service.wait(PATIENCE)

    def end(self):
        for made in self.mocks:
            made.kill()
            made.wait(PATIENCE)
        super().end()
