"""Replacing the user's files: whole or not at all, never what something else makes, never over a change."""

from __future__ import annotations

import os

import pytest

from vault import errors
from vault.system import replace_file


def test_the_mode_stays_and_no_temporary_file_is_left(tmp_path):
    """0640 stays 0640, whatever the umask; a new file is closed to others."""
    path = str(tmp_path / "config")
    before = os.umask(0o077)
    try:
        replace_file.replace(path, b"one", before=None)
        os.chmod(path, 0o640)
        replace_file.replace(path, b"two", before=b"one")
    finally:
        os.umask(before)
    assert os.stat(path).st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["config"]


def test_what_a_killed_writer_left_is_swept(tmp_path):
    """The program's own temporary file goes with the next write; others' stay."""
    (tmp_path / (".config." + "a" * 16)).write_bytes(b"half")
    (tmp_path / ".config.swp").write_bytes(b"an editor's")
    replace_file.replace(str(tmp_path / "config"), b"x", before=None)
    assert sorted(os.listdir(tmp_path)) == [".config.swp", "config"]


@pytest.mark.parametrize("now", [b"changed", None])
def test_a_change_meanwhile_stops_it(tmp_path, now):
    """Between the question and the write somebody saved the file, or removed it: it stays as they left it."""
    path = tmp_path / "config"
    if now is not None:
        path.write_bytes(now)
    with pytest.raises(replace_file.ChangedMeanwhile):
        replace_file.replace(str(path), b"x", before=b"before")
    assert (path.read_bytes() if path.exists() else None) == now
    assert [name for name in os.listdir(tmp_path) if name.startswith(".")] == []


def test_a_new_file_does_not_replace_one_that_appeared(tmp_path):
    """It was not there when the change was made."""
    (tmp_path / "config").write_bytes(b"theirs")
    with pytest.raises(replace_file.ChangedMeanwhile):
        replace_file.replace(str(tmp_path / "config"), b"x", before=None)
    assert (tmp_path / "config").read_bytes() == b"theirs"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("folder", "not a regular file"),
        ("fifo", "not a regular file"),
        ("foreign", "owned by user ID 12345"),
        ("link", "a link to "),
        ("hard link", "a file with more than one name"),
        ("read-only", "read-only"),
    ],
)
def test_a_file_that_something_else_makes_is_not_touched(tmp_path, kind, said):
    """It is said why, it stays as it was, and it is not removed either."""
    path, other = tmp_path / "config", tmp_path / "other"
    if kind == "folder":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        (other if kind == "link" else path).write_bytes(b"theirs")
    if kind == "foreign":
        os.chown(path, 12345, 12345)
    elif kind == "link":
        path.symlink_to(other)
    elif kind == "hard link":
        os.link(path, other)
    elif kind == "read-only":
        path.chmod(0o400)
    before = sorted(os.listdir(tmp_path)), path.lstat()
    assert replace_file.hands_off(str(path)).startswith(said)
    for act in (
        lambda: replace_file.replace(str(path), b"mine", before=b"theirs"),
        lambda: replace_file.remove(str(path), before=b"theirs"),
    ):
        with pytest.raises(errors.UnsafeFile, match=said):
            act()
    assert (sorted(os.listdir(tmp_path)), path.lstat()) == before


def test_a_file_is_removed_only_as_it_was_seen(tmp_path):
    """One that was changed meanwhile stays; one that is gone already is fine."""
    path = tmp_path / "credentials"
    path.write_bytes(b"changed")
    with pytest.raises(replace_file.ChangedMeanwhile):
        replace_file.remove(str(path), before=b"seen")
    assert path.read_bytes() == b"changed"
    replace_file.remove(str(path), before=b"changed")
    assert not path.exists()
    replace_file.remove(str(path), before=b"changed")


def _as_somebody(work) -> int:
    """Run ``work`` in a child that is not root; 0 where it returned True."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgid(54_321)
            os.setuid(54_321)
            code = 0 if work() else 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_roots_file_is_read_and_never_written(tmp_path):
    """As a system-wide tool makes it: readable, and another user's to change."""
    assert os.geteuid() == 0, (
        "only root can make a file of root's for somebody else to find: run as root, as in CI"
    )
    (tmp_path / "config").write_bytes(b"roots")
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        os.chmod(folder, 0o755)
    path = str(tmp_path / "config")
    os.chmod(path, 0o644)
    assert _as_somebody(lambda: replace_file.hands_off(path) == "owned by root") == 0

    def refused() -> bool:
        try:
            replace_file.replace(path, b"x", before=b"roots")
        except errors.UnsafeFile:
            return True
        return False

    assert _as_somebody(refused) == 0
    assert (tmp_path / "config").read_bytes() == b"roots"
