"""Another user of the machine against the vault's files: victim and attacker each under an uid of their own.

Root sees no permission, so each side is a fork that gave root up. Both uids are fresh: no account has them.
"""

from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
import time
import traceback

import pytest

from tests.vaults import CHEAP, entry, paths_in, soon
from vault import errors
from vault.secret import Secret
from vault.store import restore, vault
from vault.upkeep import backups

pytestmark = pytest.mark.usefixtures("unmeasured")

VICTIM, ATTACKER = 54_321, 54_322
REFUSED = ("PermissionError", "NotADirectoryError", "IsADirectoryError")
PASSPHRASE = Secret("correct horse battery staple")


@pytest.fixture
def shared(tmp_path):
    """A folder that everybody may write to, sticky as /tmp. What is imported late is imported here, before the forks."""
    assert os.geteuid() == 0, "these tests become two users, so they run as root, as in CI"
    warm = paths_in(tmp_path / "warm")
    os.mkdir(warm.home, 0o700)
    vault.open_with_passphrase(_make(warm), PASSPHRASE, deadline=soon())
    backups.write(vault.open_with_passphrase(warm, PASSPHRASE, deadline=soon()), str(tmp_path / "copy"))
    folder = tempfile.mkdtemp(dir="/tmp")
    os.chmod(folder, 0o1777)
    yield folder
    shutil.rmtree(folder)


def _make(paths):
    opened = vault.create(paths, passphrase=PASSPHRASE, kdf=CHEAP, deadline=soon())
    vault.edit(paths, opened.k_main, lambda p: p.with_entry("a", entry()), deadline=soon())
    return paths


def as_user(uid, act):
    """Run ``act`` in a fork under ``uid``; its text, or the name and text of what it raised."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(uid)
            os.setuid(uid)
            try:
                said = f"ok {act()}"
            except (errors.Error, OSError) as error:
                said = f"{type(error).__name__} {error}"
            os.write(writing, said.encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(child, 0)
    return said


def victims_vault(shared):
    """The victim's home with a vault in the shared folder."""
    home = os.path.join(shared, "victim")

    def make():
        os.mkdir(home, 0o755)
        _make(paths_in(home))

    assert as_user(VICTIM, make) == "ok None"
    return paths_in(home)


def victim_opens(paths):
    return as_user(VICTIM, lambda: vault.open_with_passphrase(paths, PASSPHRASE, deadline=soon()).header.gen)


def test_nothing_of_ours_can_be_read_changed_or_locked_by_another(shared):
    """Every file and folder, by every call that would help: all refused by the kernel."""
    paths = victims_vault(shared)
    found = []
    for place in (paths.vault_folder, paths.state):
        found += [place, *(os.path.join(place, name) for name in os.listdir(place))]
    assert len(found) >= 6
    acts = {
        "read": lambda p: os.open(p, os.O_RDONLY),
        "write": lambda p: os.open(p, os.O_WRONLY),
        "list": os.listdir,
        "unlink": os.unlink,
        "rename": lambda p: os.rename(p, p + "x"),
        "chmod": lambda p: os.chmod(p, 0o777),
        "link": lambda p: os.link(p, os.path.join(shared, "mine")),
        "create": lambda p: os.open(p + "/new", os.O_CREAT | os.O_WRONLY),
    }
    for path in found:
        for name, act in acts.items():
            said = as_user(ATTACKER, lambda act=act, path=path: act(path))
            assert said.startswith(REFUSED), (name, path, said)
    assert victim_opens(paths) == "ok 2"


def test_a_folder_that_another_made_first_is_refused(shared):
    """The attacker waits for a victim who has no vault yet: its owner gives it away."""
    home = os.path.join(shared, "early")

    def lay():
        os.makedirs(home + "/data", mode=0o777)
        os.chmod(home, 0o777)
        os.chmod(home + "/data", 0o777)

    as_user(ATTACKER, lay)
    said = as_user(VICTIM, lambda: _make(paths_in(home)))
    assert said.startswith("UnsafeFile")
    assert home + "/data" in said
    assert f"user ID {ATTACKER}" in said
    assert os.listdir(home + "/data") == []


@pytest.mark.parametrize("place", ["data", "state"])
def test_a_link_in_the_place_of_a_folder_is_not_followed(shared, place):
    """Though it leads to a folder of the victim's own: its content stays as it was."""
    home, own = os.path.join(shared, "linked"), os.path.join(shared, "own")
    as_user(VICTIM, lambda: os.mkdir(own, 0o700))

    def lay():
        os.mkdir(home)
        os.chmod(home, 0o777)
        os.symlink(own, f"{home}/{place}")

    as_user(ATTACKER, lay)
    said = as_user(VICTIM, lambda: _make(paths_in(home)))
    assert said.startswith("UnsafeFile")
    assert "link" in said
    assert os.listdir(own) == []


@pytest.mark.parametrize("name", ["vault.avlt", "vault.avlt.bak1", "vault.lock"])
def test_a_file_of_another_user_in_the_place_of_ours_is_refused(shared, name):
    """However it got there: its owner is looked at on the open descriptor."""
    paths = victims_vault(shared)
    path = os.path.join(paths.vault_folder, name)
    os.chown(path, ATTACKER, ATTACKER)
    os.chmod(path, 0o666)
    said = as_user(VICTIM, lambda: _edit(paths))
    assert said.startswith(("UnsafeFile", "StorageError")), said
    assert path in said


def _key(paths):
    return vault.open_with_passphrase(paths, PASSPHRASE, deadline=soon()).k_main


def test_a_backup_in_a_shared_folder_follows_nothing_and_is_closed(shared):
    """A link laid in its place is somebody's file already; the backup itself nobody else can read."""
    paths = victims_vault(shared)
    target = os.path.join(shared, "victim", "precious")
    as_user(VICTIM, lambda: os.close(os.open(target, os.O_CREAT)))
    as_user(ATTACKER, lambda: os.symlink(target, os.path.join(shared, "laid")))

    def backup(path):
        return backups.write(vault.open_with_passphrase(paths, PASSPHRASE, deadline=soon()), path)

    said = as_user(VICTIM, lambda: backup(os.path.join(shared, "laid")))
    assert said.startswith("AlreadyExists"), said
    assert os.path.getsize(target) == 0
    mine = os.path.join(shared, "mine")
    assert as_user(VICTIM, lambda: backup(mine)).startswith("ok")
    assert stat.S_IMODE(os.stat(mine).st_mode) == 0o600
    assert as_user(ATTACKER, lambda: os.open(mine, os.O_RDONLY)).startswith("PermissionError")
    assert sorted(os.listdir(shared)) == ["laid", "mine", "victim"]


def test_a_backup_of_another_user_is_not_restored(shared):
    """It may be sealed by a passphrase that the victim knows, and still be laid there for him."""
    paths = victims_vault(shared)
    laid = os.path.join(shared, "laid.avlt")
    shutil.copyfile(paths.vault, laid)
    os.chown(laid, ATTACKER, ATTACKER)
    said = as_user(VICTIM, lambda: restore.read_backup(paths, laid))
    assert said.startswith("UnsafeFile")
    assert laid in said


def test_a_folder_swapped_under_the_victims_hands_redirects_nothing(shared):
    """A careless home that all may write to: the attacker swaps the vault's folder for a link to his own, all the time.

    Each edit is in the victim's own vault or was refused; the attacker's folder holds nothing but what he laid there.
    """
    paths = victims_vault(shared)
    trap, aside = os.path.join(shared, "trap"), os.path.join(paths.home, "aside")
    os.chmod(paths.home, 0o777)

    def lay():
        os.mkdir(trap)
        os.chmod(trap, 0o777)

    as_user(ATTACKER, lay)
    k_main = Secret(bytes.fromhex(as_user(VICTIM, lambda: _key(paths).reveal().hex()).removeprefix("ok ")))
    swapper = os.fork()
    if swapper == 0:
        try:
            os.setgid(ATTACKER)
            os.setuid(ATTACKER)
            while True:
                os.rename(paths.vault_folder, aside)
                os.symlink(trap, paths.vault_folder)
                time.sleep(0.0005)
                os.unlink(paths.vault_folder)
                os.rename(aside, paths.vault_folder)
                time.sleep(0.002)
        finally:
            os._exit(1)

    def edits():
        done, refused = 0, set()
        while done < 20 or "UnsafeFile" not in refused:
            try:
                _edit(paths, k_main)
                done += 1
            except (errors.UnsafeFile, vault.NoVault) as error:
                refused.add(type(error).__name__)
        return done

    try:
        said = as_user(VICTIM, edits)
    finally:
        os.kill(swapper, signal.SIGKILL)
        os.waitpid(swapper, 0)
    assert said.startswith("ok "), said
    done = int(said.split()[1])
    assert os.listdir(trap) == []
    if os.path.exists(aside):
        if os.path.islink(paths.vault_folder):
            os.unlink(paths.vault_folder)
        os.rename(aside, paths.vault_folder)
    assert victim_opens(paths) == f"ok {2 + done}"


def test_a_read_only_folder_is_named_and_the_vault_stays(shared):
    """The victim's own folder without its write bit, as some restore tools leave it."""
    paths = victims_vault(shared)
    os.chmod(paths.vault_folder, 0o500)
    said = as_user(VICTIM, lambda: _edit(paths))
    assert said.startswith("StorageError"), said
    assert paths.vault_folder in said
    assert victim_opens(paths) == "ok 2"
    os.chmod(paths.vault_folder, 0o700)
    assert as_user(VICTIM, lambda: _edit(paths)) == "ok 3"


def _edit(paths, k_main=None):
    key = _key(paths) if k_main is None else k_main
    return vault.edit(
        paths, key, lambda p: p.with_entry("b", entry(user=f"{p.gen}")), deadline=soon()
    ).header.gen
