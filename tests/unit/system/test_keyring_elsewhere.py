"""The keyring where there is no Secret Service: macOS's, a stale bus, none; and backends that fail, lie or hang."""

from __future__ import annotations

import socket
import sys
import threading
import types

import pytest
from keyring.errors import PasswordDeleteError

from vault.system import keyring
from vault.system.keyring import KeyringUnavailable

TIME = 20.0


class Keychain:
    """macOS's keyring as the keyring package shows it, kept in a dictionary."""

    viable = True
    kept: dict[tuple[str, str], str]

    def get_password(self, service, user):
        return self.kept.get((service, user))

    def set_password(self, service, user, text):
        self.kept[service, user] = text

    def delete_password(self, service, user):
        if self.kept.pop((service, user), None) is None:
            raise PasswordDeleteError("not found")


@pytest.fixture
def mac(monkeypatch):
    """A Mac with a keyring of the class that is given."""

    def make(kind):
        kind.kept, kind.__module__ = {}, "keyring.backends.macOS"
        module = types.ModuleType("keyring.backends.macOS")
        module.Keyring = kind
        monkeypatch.setitem(sys.modules, "keyring.backends.macOS", module)
        return kind.kept

    monkeypatch.setattr(sys, "platform", "darwin")
    return make


def test_the_keychain_keeps_gives_and_forgets(mac, monkeypatch):
    """In this process, since macOS's frameworks bear no fork; a bus that somebody runs there is not asked."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/there is none")
    kept = mac(Keychain)
    assert keyring.usable(seconds=TIME) == "macOS"
    assert kept == {}, "the probe is gone"
    assert keyring.get("a") is None
    keyring.put("a", "two \u00e9", seconds=TIME)
    assert kept == {("awsvault-py", "a"): "two \u00e9"}
    assert keyring.get("a") == "two \u00e9"
    keyring.delete("a", seconds=TIME)
    keyring.delete("a", seconds=TIME)
    assert kept == {}
    assert keyring.items_of("granted-aws", seconds=TIME) == {}, (
        "another program's are the Secret Service's only"
    )


class Forgetful(Keychain):
    """It takes everything and gives something else."""

    def get_password(self, service, user):
        return "other"


class Refusing(Keychain):
    """It fails with an error of its library's own, whose text might tell a secret."""

    def set_password(self, service, user, text):
        raise LookupError(f"the secret {text}")


class Elsewhere(Keychain):
    """It is no keyring for this machine."""

    viable = False


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Forgetful, "did not return the text"),
        (Refusing, "^LookupError$"),
        (Elsewhere, "none is running"),
    ],
)
def test_a_keyring_that_would_lose_the_key_is_not_usable(mac, kind, said):
    """It is tried with a text that matters to nobody, before a slot is put into it."""
    mac(kind)
    with pytest.raises(KeyringUnavailable, match=said):
        keyring.usable(seconds=TIME)


def test_a_keyring_package_without_its_backend(mac, monkeypatch):
    """Taken out by a packager, or broken: as if no keyring ran."""
    monkeypatch.setitem(sys.modules, "keyring.backends.macOS", None)
    with pytest.raises(KeyringUnavailable, match="none is running"):
        keyring.get("a")


def test_a_keychain_that_asks_its_person_holds_nobody(mac):
    """Its window may stand there for an hour: the call ends at its bound, and what comes later is dropped."""
    answered = threading.Event()

    class Asking(Keychain):
        def get_password(self, service, user):
            answered.wait(TIME)
            return "late"

    mac(Asking)
    with pytest.raises(KeyringUnavailable, match="no answer within 0 s"):
        keyring.get("a", seconds=0.05)
    answered.set()


@pytest.mark.parametrize(
    "act",
    [
        lambda: keyring.get("a", seconds=TIME),
        lambda: keyring.put("a", "b", seconds=TIME),
        lambda: keyring.usable(seconds=TIME),
    ],
    ids=["get", "put", "usable"],
)
@pytest.mark.parametrize(
    ("left", "said"), [(False, "no session bus: No such file"), (True, "none is running")]
)
def test_a_bus_that_is_gone_is_no_keyring(monkeypatch, tmp_path, act, left, said):
    """In a tmux that outlived its desktop the variable still names the old bus, whose socket may be left: told in words."""
    if left:
        with socket.socket(socket.AF_UNIX) as bus:
            bus.bind(f"{tmp_path}/bus")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
    with pytest.raises(KeyringUnavailable, match=said):
        act()
    assert keyring.items_of("awsvault", seconds=TIME) == {}, "another program's are not there either"
