"""What lies on the disk and is not as it should be: the log, marks, keyrings, sockets. None of it stops an answer."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections import Counter
from contextlib import suppress

import pytest

from tests.home import PASSPHRASE, failed
from tests.patience import PATIENCE
from tests.unit.benches import NAME
from tests.vaults import CHEAP, soon
from vault import errors, limits
from vault.cache.audit_log import AuditLog
from vault.credentials import audit, forget_sessions, planned
from vault.inspect import pick
from vault.secret import Secret
from vault.shell import prompt_data
from vault.store import vault
from vault.system.files import Folder
from vault.system.paths import from_env
from vault.unlocking import cache_key, lock_unlock, manual_lock
from vault.upkeep import rekey, rekey_plan, slots


def used(bench):
    """How often each profile stands in the log, by the vault's own key."""
    opened = bench.opened()
    return audit.used(bench.context().paths.log, cache_key=opened.cache_key, vault_id=opened.vault_id)


def test_an_answer_of_older_keys_is_logged_under_the_newest(bench):
    """Somebody renewed the cache key meanwhile: the record stands in the log that everybody reads."""
    got = bench.ask("dev")
    context = bench.context()
    keys = bench.keys(context)
    audit.log_issued(context, keys, got, use="export")
    forget_sessions.replace_cache_key(context, keys.opened)
    audit.log_issued(context, keys, got, use="export")
    assert used(bench) == Counter(dev=2)


class Killed(BaseException):
    """What nobody catches."""


def killed_after(work):
    """As ``work``, and then dead."""

    def done(*given, **more):
        work(*given, **more)
        raise Killed

    return done


@pytest.mark.parametrize("way", ["clear", "rekey"])
def test_the_log_outlives_new_keys_whose_maker_was_killed(bench, monkeypatch, way):
    """Dead after the vault was written and before anything else: the log goes on, whole, under the new cache key."""
    got, context = bench.ask("dev"), bench.context()
    audit.log_issued(context, bench.keys(context), got, use="export")
    opened = vault.open_with_passphrase(context.paths, Secret(PASSPHRASE), deadline=soon())
    with monkeypatch.context() as patched, pytest.raises(Killed):
        if way == "clear":
            patched.setattr(vault, "edit", killed_after(vault.edit))
            forget_sessions.replace_cache_key(context, opened)
        else:
            patched.setattr(rekey, "_write", killed_after(rekey._write))
            rekey.carry_out(
                context, rekey_plan.make_plan(context, opened, passphrase=Secret(PASSPHRASE), kdf=CHEAP)
            )
    assert bench.opened().cache_key != opened.cache_key
    audit.log_issued(context, bench.keys(context), got, use="export")
    assert used(bench) == Counter(dev=2)
    keys = bench.keys(context)
    with AuditLog.open(context.paths.log, cache_key=keys.cache_key, vault_id=keys.vault_id) as journal:
        assert journal.read(deadline=soon()).problems == []


def test_a_log_that_cannot_be_kept_stops_a_new_cache_key_before_it_is_there(bench):
    """Its folder is open to others: nothing is changed, and the agent's keys stay those of the vault."""
    got, context = bench.ask("dev"), bench.context()
    audit.log_issued(context, bench.keys(context), got, use="export")
    opened = bench.opened()
    os.chmod(context.paths.log, 0o777)
    with pytest.raises(errors.UnsafeFile):
        forget_sessions.replace_cache_key(context, opened)
    assert bench.opened().cache_key == opened.cache_key


def test_a_log_that_cannot_be_written_stops_no_answer(bench):
    """A file lies where its folder should be: the session is handed out, by either way."""
    got = bench.ask("dev")
    context, opened = bench.context(), bench.opened()
    path = context.paths.log
    shutil.rmtree(path, ignore_errors=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write("mine")
    audit.log_issued(context, bench.keys(context), got, use="export")
    audit.log_disk_hit(
        path, cache_key=opened.cache_key, vault_id=opened.vault_id, profile="dev", line=got.line,
        expires=got.expires, asker="1", wait=1,
    )  # fmt: skip
    with open(path, encoding="utf-8") as file:
        assert file.read() == "mine"


def test_profiles_are_picked_without_a_log_that_can_be_read(bench, beside):
    """Most used first, and the files' order where the log is damaged."""
    context = bench.context()
    audit.log_issued(context, bench.keys(context), bench.ask("prod"), use="export")
    beside.give()
    assert pick.used(bench.context()) == Counter(prod=1)
    for name in os.listdir(context.paths.log):
        path = f"{context.paths.log}/{name}"
        with open(path, "r+b") as file:
            file.write(b"\xff" * os.path.getsize(path))
    assert pick.used(bench.context()) == Counter()


def test_sessions_of_a_key_that_is_gone_are_none(bench, home):
    """A profile that names an entry which the vault does not have: nothing to forget, and no error."""
    home.config("[profile lost]\nawsvault_credential = gone\n")
    context = bench.context()
    config = planned.load(context).config
    assert forget_sessions.forget_profile(context, bench.keys(context), config, "lost") == 0


def test_an_unlock_without_a_lock_is_one(tmp_path, home):
    """Nobody locked it, and no state lies here yet: there is no mark to take away."""
    paths = from_env({"HOME": str(tmp_path)})
    manual_lock.unmark(paths)
    assert not manual_lock.manually_locked(paths)


def test_unlock_needs_the_agent(bench):
    """It is what keeps the vault open: where it is switched off, that is said before a passphrase is asked for."""
    with pytest.raises(errors.ConfigError, match="agent is switched off"):
        lock_unlock.unlock_vault(bench.context())


def test_unlock_ends_a_lock_without_an_agent_too(home):
    """A machine that runs none can be locked: what closed it must be able to open it again."""
    home.scenario()
    home.make_vault()
    assert home.run("lock").returncode == 0
    assert manual_lock.manually_locked(from_env(home.env))
    done = home.run("unlock")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        0,
        "No longer locked. The agent is off, so each command unlocks the vault itself.",
    )
    assert not manual_lock.manually_locked(from_env(home.env))
    failed(home.run("unlock"), 6, "agent is switched off")


# ── keyrings ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def no_bus(monkeypatch):
    """A machine whose keyring does not answer."""
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")


def test_a_keyring_is_added_where_there_is_one(bench, no_bus):
    """Switched off, or not to be had: the vault is as it was, and each is told with its way out."""
    opened = bench.opened()
    with pytest.raises(errors.ConfigError, match="turned off"):
        slots.add_keyring(bench.context(), opened)
    with pytest.raises(errors.ConfigError, match="the OS keyring cannot be used"):
        slots.add_keyring(bench.context(AWSVAULT_KEYRING=None), opened)
    assert bench.opened().header.gen == opened.header.gen
    assert list(bench.opened().payload.entries) == [NAME]


def test_a_cache_key_that_the_keyring_does_not_give_is_none(bench, no_bus):
    """The mark says that there is an item, and the keyring is locked or gone: the vault is opened instead."""
    context = bench.context(AWSVAULT_KEYRING=None)
    with Folder.open(context.paths.state, create=True) as state:
        state.write_atomic("cache-key-item", b"x", durable=False)
    assert cache_key.find(context.env, context.paths, context.agent) is None


# ── the agent at a shell prompt ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "answer", [None, b"", b"\x00\x00\x00\x05x", b"\xff\xff\xff\xff{}", b"\x00\x00\x00\x02{}"]
)
def test_a_prompt_waits_for_no_agent(desk, monkeypatch, answer):
    """One that is silent, hangs up, or says something else: the profile stands there, without a time."""
    monkeypatch.setattr(limits, "PROMPT_ANSWER", 0.2)
    path = desk.context().paths.socket
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        os.chmod(path, 0o600)
        assert told(desk, path) == ("dev", None)  # nobody listens yet
        listener.listen()
        over = threading.Event()

        def serve():
            peer, _ = listener.accept()
            with peer, suppress(OSError):
                if answer is None:
                    over.wait(PATIENCE)
                else:
                    peer.recv(4096)
                    peer.sendall(answer)

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        assert told(desk, path) == ("dev", None)
        over.set()
        server.join(PATIENCE)


def told(desk, path):
    now = prompt_data.shell_state({"AWS_PROFILE": "dev"}, home=desk.home.root, socket=path, time=0.0)
    return now.profile, now.left
