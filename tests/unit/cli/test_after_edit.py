"""After a command that edited the vault: one sync, which asks for nothing and changes neither exit code nor stdout."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from tests.fakes.s3 import URL
from tests.home import PASSPHRASE
from tests.machines import way
from tests.patience import PATIENCE
from tests.terminal_user import Terminal
from tests.unit.machines.conftest import desktop, laptop, s3
from tests.vaults import soon
from vault.remote.steps import sync
from vault.secret import Secret
from vault.store import vault
from vault.sync.bucket import Fetched
from vault.system.clock import SystemClock
from vault.system.paths import from_env

__all__ = ["desktop", "laptop", "s3"]

NO_KEY = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


@pytest.fixture
def auto(laptop, s3):
    """A machine with a remote that syncs by itself."""
    laptop.remote()
    laptop.syncs_by_itself()
    s3.requests.clear()
    return laptop


def methods(s3):
    return [method for method, _ in s3.requests]


EDITS = {
    "add": lambda machine: machine.add("prod", 1),
    "replace": lambda machine: machine.add("dev", 1, "--replace"),
    "remove": lambda machine: machine.ok("remove", "dev", "--yes"),
}


@pytest.mark.parametrize("edit", EDITS)
def test_edit_syncs_at_its_end(auto, s3, edit):
    """One request; a sync has nothing left to do."""
    EDITS[edit](auto)
    assert methods(s3) == ["PUT"]
    assert auto.sync()["went"] == []


def test_restored_backup_syncs(auto, s3):
    """A sync has nothing left to do."""
    auto.add("prod", 1)
    s3.requests.clear()
    auto.ok("restore", "bak1", "--yes")
    assert s3.requests
    s3.requests.clear()
    auto.sync()
    assert methods(s3) == ["GET"]


def test_restored_backup_with_a_removed_entry_does_not_sync(auto, s3):
    """The user says first whether the entry stays; until then it is there."""
    auto.ok("remove", "dev", "--yes")
    s3.requests.clear()
    auto.ok("restore", "bak1", "--yes")
    assert s3.requests == []
    assert list(auto.entries()) == ["dev"]


def test_edits_reach_the_other_machine(auto, desktop):
    """And theirs come here with the next edit."""
    desktop.join()
    desktop.syncs_by_itself()
    auto.add("prod", 1)
    desktop.add("test", 2)
    assert set(desktop.entries()) == {"dev", "prod", "test"}
    auto.add("stage", 3)
    assert set(auto.entries()) == {"dev", "prod", "test", "stage"}


READING = """\
list
list --json
status
explain dev
whoami dev
log
prompt
export dev
export --format env dev
exec dev -- true
mfa list
otp dev
slots list
remote show
which 111111111111
pick
restore
setup --dry-run
doctor
"""


def test_reading_makes_no_request(auto, s3):
    """Although an edit waits."""
    auto.home.config("[profile dev]\nregion = us-east-1\n")
    auto.home.settings('sync = "manual"\n')
    auto.add("prod", 1)
    auto.syncs_by_itself()
    for line in READING.splitlines():
        auto.run(*line.split())
    assert s3.requests == []
    assert {one["name"] for one in auto.sync()["went"]} == {"prod"}


def test_manual_makes_no_request(auto, s3):
    auto.home.settings('sync = "manual"\n')
    auto.add("prod", 1)
    assert s3.requests == []


def test_removed_remote_is_not_asked(auto, s3):
    auto.ok("remote", "remove", "--yes")
    s3.requests.clear()
    auto.add("prod", 1)
    assert s3.requests == []


def denied(s3):
    s3.denies = {"GET", "PUT"}


def broken(s3):
    s3.serve(b"x" * 5000)


def out_of_order(s3):
    s3.fails = True


TROUBLE = {
    "denied": (denied, {}, "Not synced yet: run awsvault-py sync (s3://"),
    "no credentials": (
        lambda _: None,
        NO_KEY,
        "Not synced yet: run awsvault-py sync (there are no credentials",
    ),
    "another object": (broken, {}, "Not synced yet: run awsvault-py sync (s3://"),
    "unreachable": (out_of_order, {}, None),
}


@pytest.mark.parametrize("case", TROUBLE)
def test_trouble_is_one_line_at_a_terminal(auto, s3, case):
    """Nothing elsewhere; nothing if the bucket cannot be reached. The edit is done."""
    arrange, env, line = TROUBLE[case]
    arrange(s3)
    done = auto.run("remove", "dev", "--yes", **env)
    assert done.returncode == 0
    assert "ync" not in done.stdout + done.stderr
    auto.add("prod", 1)
    person = Terminal(auto.home, "remove", "prod", "--yes", **{"AWSVAULT_PASSPHRASE": PASSPHRASE, **env})
    assert person.ends() == 0
    assert auto.entries() == {}
    said = [one for one in person.shown.splitlines() if "ync" in one]
    assert len(said) == (line is not None)
    assert all(one.startswith(line) for one in said)


def test_bucket_that_hangs_does_not_stop_the_command(auto, s3):
    """It ends before the bucket answers."""
    s3.waits = threading.Event()
    try:
        done = auto.run("remove", "dev", "--yes", TEST_QUIET_SYNC="3")
    finally:
        s3.waits.set()
    assert (done.returncode, done.stdout) == (0, "")
    assert auto.entries() == {}


def test_conflicts_are_counted(auto, desktop):
    """In one line on stderr; with the next edit they are no news."""
    desktop.join()
    desktop.syncs_by_itself()
    auto.add("dev", 1, "--replace")
    said = desktop.add("dev", 2, "--replace").stderr
    assert "1 item waits for your answer" in said
    assert "awsvault-py sync" in said
    assert "for your answer" not in desktop.add("prod", 3).stderr


def test_new_key_of_the_remote_is_not_asked_for(auto, desktop, s3):
    """Another machine replaced it: `sync` asks for its passphrase, and an edit does not."""
    desktop.join()
    replace_key(desktop, s3)
    person = Terminal(auto.home, "remove", "dev", "--yes")
    person.answers("Passphrase: ", PASSPHRASE)
    assert person.ends() == 0
    assert "Passphrase" not in person.shown.split("Passphrase: ", 1)[1]
    assert "Not synced yet: run awsvault-py sync (another machine replaced the key" in person.shown
    assert auto.entries() == {}


def replace_key(machine, s3):
    """K_remote is another one, with another passphrase."""
    paths = from_env(machine.home.env)
    opened = vault.open_with_passphrase(paths, Secret(PASSPHRASE), deadline=soon())
    sync(
        OneObject(s3), paths=paths, clock=SystemClock(), deadline=soon(), open_vault=lambda: opened,
        ask=lambda _: None, new_slots=[way("another passphrase, typed elsewhere")],
    )  # fmt: skip


class OneObject:
    """The stand-in's object, without requests."""

    def __init__(self, s3):
        self.s3, self.key = s3, URL.split("/", 3)[3]

    def get(self, _unless):
        return Fetched(*self.s3.objects[self.key])

    def put(self, data, _match):
        self.s3.serve(data)
        return self.s3.objects[self.key][1]


@pytest.mark.usefixtures("unmeasured")
def test_without_a_remote_nothing_is_imported(laptop):
    """No boto3, and none of the modules that sync."""
    laptop.syncs_by_itself()
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "vault", "remove", "dev", "--yes"],
        env={**laptop.home.env, "PYTHONPATH": os.pathsep.join(sys.path)}, capture_output=True, text=True, timeout=PATIENCE, check=True,
    )  # fmt: skip
    found = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "vault.cli.after_edit" in found
    assert not {
        name
        for name in found
        if name.startswith(("boto", "vault.remote", "vault.s3", "vault.sync", "vault.machines"))
    }
    assert laptop.entries() == {}
