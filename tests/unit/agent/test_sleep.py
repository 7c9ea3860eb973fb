"""logind reports that the machine sleeps or the screen is locked, and the agent forgets its keys at once."""

from __future__ import annotations

import os
import subprocess

import pytest
from jeepney import DBusAddress, MessageType, message_bus, new_method_call
from jeepney.io.blocking import open_dbus_connection

from tests.patience import PATIENCE
from tests.unit.agent.at_home import UNLOCK, told, unlock, until
from tests.unit.agent.test_process import export, home

__all__ = ["home"]

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
<allow receive_sender="*"/><allow receive_type="method_return"/><allow receive_type="signal"/><allow user="*"/></policy>
</busconfig>"""

PATH, NAME = "/org/freedesktop/login1", "org.freedesktop.login1"
MOCK = "org.freedesktop.DBus.Mock"


class Logind:
    """python-dbusmock's logind, on the bus at ``address``."""

    def __init__(self, address):
        self.bus = open_dbus_connection(address)
        self.process = subprocess.Popen(  # Debian's, which goes with Debian's own Python
            ["/usr/bin/python3", "-m", "dbusmock", "--template", "logind"],
            env={"DBUS_SYSTEM_BUS_ADDRESS": address, "PATH": "/usr/bin:/bin"},
        )
        until(lambda: self.bus.send_and_get_reply(message_bus.NameHasOwner(NAME)).body[0])

    def call(self, path, interface, method, signature="", *body):
        asked = new_method_call(DBusAddress(path, NAME, interface), method, signature, body)
        answer = self.bus.send_and_get_reply(asked)
        assert answer.header.message_type is MessageType.method_return, answer.body
        return answer.body

    def log_in(self, session, uid):
        """Start a session of a user; return its path."""
        return self.call(PATH, MOCK, "AddSession", "ssusb", session, "seat0", uid, f"user{uid}", True)[0]

    def sleep(self, *, begin):
        """Say that the machine is about to sleep, or has woken up."""
        body = (f"{NAME}.Manager", "PrepareForSleep", "b", [("b", begin)])
        self.call(PATH, MOCK, "EmitSignal", "sssav", *body)

    def lock(self, session):
        """Lock the screen of a session."""
        self.call(session, f"{NAME}.Session", "Lock")

    def end(self):
        self.bus.close()
        self.process.terminate()
        self.process.wait(PATIENCE)


@pytest.fixture
def logind(tmp_path, home):
    config = tmp_path / "bus.conf"
    config.write_text(CONFIG)
    bus = subprocess.Popen(
        ["dbus-daemon", f"--config-file={config}", "--nofork", "--print-address=1", "--nopidfile"],
        stdout=subprocess.PIPE,
        text=True,
    )
    home.env["DBUS_SYSTEM_BUS_ADDRESS"] = bus.stdout.readline().strip()
    made = Logind(home.env["DBUS_SYSTEM_BUS_ADDRESS"])
    made.mine = made.log_in("31", os.getuid())
    made.other = made.log_in("32", os.getuid() + 1)
    yield made
    made.end()
    bus.terminate()
    bus.wait(PATIENCE)
    bus.stdout.close()


def watchers(home):
    """The processes that listen to logind for this home's agent."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{pid}/environ", "rb") as file:
                env = file.read()
        except OSError:
            continue
        if b"agent-watch" in words and os.fsencode(home.awsvault_home) in env:
            found.append(int(pid))
    return found


@pytest.mark.parametrize("signal", [lambda d: d.sleep(begin=True), lambda d: d.lock(d.mine)])
def test_sleep_and_the_screen_lock_lock_the_vault(home, logind, signal):
    """The keys are gone before the machine sleeps; afterwards a slot that needs no prompt may open the vault."""
    unlock(home)
    export(home)
    until(lambda: watchers(home))
    until(lambda: (signal(logind), told(home)["why"] == "locked")[1])
    assert export(home, **UNLOCK)


def test_waking_up_and_other_users_screen_locks_are_ignored(home, logind):
    """Only what concerns this user counts, and the signal after sleep is not the signal before it."""
    unlock(home)
    until(lambda: watchers(home))
    logind.sleep(begin=False)
    logind.lock(logind.other)
    export(home)
    assert told(home)["why"] == ""
    until(lambda: (logind.lock(logind.mine), told(home)["why"] == "locked")[1])  # it does listen


def test_without_lock_on_suspend_the_vault_stays_open(home, logind):
    """lock_on_suspend = false keeps the agent open."""
    home.settings("lock_on_suspend = false\n")
    unlock(home)
    until(lambda: watchers(home))
    logind.sleep(begin=True)
    export(home)
    assert told(home)["why"] == ""


def test_the_watcher_ends_with_the_agent(home, logind):
    """Nothing is left behind, however the agent ends."""
    from tests.unit.agent.at_home import pid_of

    unlock(home)
    until(lambda: watchers(home))
    os.kill(pid_of(home), 9)
    until(lambda: not watchers(home))
