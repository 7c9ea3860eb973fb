"""The OS keyring, real: GNOME's on a session bus of its own, open, locked, mute, and none at all."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys

import pytest

from tests.keyrings import desktop, login
from tests.patience import PATIENCE
from tests.vaults import new_vault, paths_in
from vault.errors import NotThisSlot
from vault.migrate import foreign_stores
from vault.store import vault
from vault.store.format import SlotRecord
from vault.store.slots.keyring import KeyringSlot
from vault.system import keyring
from vault.system.keyring import KeyringUnavailable

__all__ = ["desktop", "login"]


def test_what_is_put_is_got_until_it_is_deleted(login):
    """Twice put is once kept, and a second deletion is no error."""
    assert keyring.usable(seconds=PATIENCE) == "SecretService"
    assert login.items() == {}, "the probe is gone"
    assert keyring.get("a", seconds=PATIENCE) is None
    keyring.put("a", "one", seconds=PATIENCE)
    keyring.put("a", "two \u00e9", seconds=PATIENCE)
    assert keyring.get("a", seconds=PATIENCE) == "two \u00e9"
    assert login.items() == {"a": "two \u00e9"}
    keyring.delete("a", seconds=PATIENCE)
    keyring.delete("a", seconds=PATIENCE)
    assert keyring.get("a", seconds=PATIENCE) is None


def test_what_is_no_key_in_anothers_collection_is_left_with_a_reason(login):
    """Import names the item and takes nothing of it."""
    keyring.put("a", "no key at all", seconds=PATIENCE)
    store = foreign_stores.aws_vault({"AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME": "login"}, home="/nowhere")
    found = foreign_stores.from_keyring(store)
    assert (found.keys, [one.reason for one in found.skipped]) == (
        (),
        ["keyring item contains no access key"],
    )


def test_another_program_s_collection(login):
    """Its texts by label; one that is not there, though its name ends alike, is empty."""
    assert keyring.items_of("granted-aws", seconds=PATIENCE) == {}
    login.add_collection("granted-aws")
    assert keyring.items_of("aws", seconds=PATIENCE) == {}


def test_an_item_that_is_no_text_hides_no_other(login):
    """Any program may put bytes into a collection: they are shown replaced, and the rest as they are."""
    import secretstorage

    with login._connected() as connection:
        collection = secretstorage.Collection(connection)
        collection.create_item("odd", {"a": "1"}, b"\xff\0")
        collection.create_item("good", {"a": "2"}, "\u00e9".encode())
    assert keyring.items_of("login", seconds=PATIENCE) == {"odd": "\ufffd\0", "good": "\u00e9"}


def test_a_desktop_whose_keyring_was_never_set_up(desktop):
    """GNOME's runs, and has no collection to put things into: said so, instead of a window that asks to make one."""
    desktop.log_in(unlock=False)
    for act in (
        lambda: keyring.usable(seconds=PATIENCE),
        lambda: keyring.put("a", "b", seconds=PATIENCE),
    ):
        with pytest.raises(KeyringUnavailable, match="no default collection"):
            act()


def test_a_locked_keyring_is_told_at_once_and_asks_nobody(login, tmp_path):
    """Reading, writing and the question whether it is usable: all say locked, and no window is waited for."""
    new_vault(paths_in(tmp_path), others=[KeyringSlot(gen=1, seconds=PATIENCE)])
    login.lock()
    with pytest.raises(NotThisSlot, match="locked"):
        vault.open_with(paths_in(tmp_path), KeyringSlot(seconds=PATIENCE))
    for act in (
        lambda: keyring.usable(seconds=PATIENCE),
        lambda: keyring.put("a", "b", seconds=PATIENCE),
        lambda: keyring.delete("a", seconds=PATIENCE),
    ):
        with pytest.raises(KeyringUnavailable, match="locked"):
            act()


def test_a_mute_keyring_holds_nobody_past_its_bound(desktop):
    """One bound for all calls of a slot together; the child that waits is ended, though the service answers never."""
    desktop.be_mute()
    others = _children()
    with pytest.raises(KeyringUnavailable, match="no answer within 1 s"):
        keyring.get("a", seconds=1)
    with pytest.raises(KeyringUnavailable, match="no answer"):
        keyring.items_of("awsvault", seconds=0.2)
    slot = KeyringSlot(seconds=1)
    record = _record()
    with pytest.raises(NotThisSlot, match="no answer"):
        slot.unwrap(record, vault_id=bytes(16))
    with pytest.raises(NotThisSlot, match="no time left"):
        slot.unwrap(record, vault_id=bytes(16))
    assert _children() - others == set(), "a child was left behind"


def _children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return set(file.read().split())


class Garbage:
    """Once it is out of reach, only a collection finds it; its finalizer says in which process that was."""

    def __init__(self, pipe):
        self.itself, self.pipe = self, pipe

    def __del__(self):
        os.write(self.pipe, f"{os.getpid()} ".encode())


def test_garbage_of_the_caller_is_not_finalized_by_the_child():
    """A finalizer there would close what the caller talks to, and CPython 3.11 cannot bear one that imports."""
    reading, writing = os.pipe()
    least = gc.get_threshold()
    gc.collect()
    gc.set_threshold(1_000_000)  # it is the child's to find, if anybody's
    try:
        Garbage(writing)

        def work():
            gc.set_threshold(1)
            return str(len([[] for _ in range(1000)]))

        assert keyring._in_child(work, PATIENCE) == "1000"
    finally:
        gc.set_threshold(*least)
        gc.collect()
    os.close(writing)
    with open(reading, encoding="ascii") as pipe:
        assert pipe.read().split() == [str(os.getpid())]


@pytest.mark.parametrize("call", ["pipe", "fork"])
def test_a_machine_without_another_process_has_no_keyring_now(monkeypatch, call):
    """The caller tries the next slot instead of failing, and no descriptor is left open."""

    def refuse(*_args):
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    before = os.listdir("/proc/self/fd")
    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(KeyringUnavailable, match="no process"):
        keyring._in_child(lambda: None, PATIENCE)
    assert os.listdir("/proc/self/fd") == before


def _record():
    return SlotRecord(type="keyring", sid=bytes(8), opens="main", wrap=bytes(112), host="h")


def test_a_bus_without_a_keyring_is_unavailable(desktop):
    """No backend of another kind is taken instead: no file, no plug-in."""
    with pytest.raises(KeyringUnavailable):
        keyring.get("a", seconds=PATIENCE)
    with pytest.raises(KeyringUnavailable):
        keyring.usable(seconds=PATIENCE)
    assert keyring.items_of("awsvault", seconds=PATIENCE) == {}


def test_no_bus_at_all_costs_nothing(monkeypatch):
    """A server: told without a child and without an import."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    for act in (lambda: keyring.get("a"), keyring.usable, lambda: keyring.put("a", "b", seconds=PATIENCE)):
        with pytest.raises(KeyringUnavailable, match="no session bus"):
            act()


def test_no_plug_in_and_no_setting_of_the_keyring_package_is_used(desktop, tmp_path):
    """PYTHON_KEYRING_BACKEND and keyringrc.cfg can name any class: neither is looked at."""
    code = (
        "import os, sys\n"
        "from vault.system import keyring\n"
        "try:\n    keyring.usable()\n"
        "except keyring.KeyringUnavailable:\n    sys.exit(7)\n"
    )
    marker = tmp_path / "run"
    (tmp_path / "evil.py").write_text(f"open({str(marker)!r}, 'w')\nclass Keyring: priority = 99\n")
    env = {**os.environ, **desktop.env, "PYTHON_KEYRING_BACKEND": "evil.Keyring", "PYTHONPATH": str(tmp_path)}
    assert subprocess.run([sys.executable, "-c", code], env=env, check=False, cwd=os.getcwd()).returncode == 7
    assert not marker.exists()
