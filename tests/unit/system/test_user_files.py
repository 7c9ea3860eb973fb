"""Files and folders of the user's own, which others may have made, linked or opened: read with care, or refused by name."""

import os
import stat

import pytest

from vault import errors
from vault.system import user_files
from vault.system.files import Folder
from vault.system.user_files import read_users_file


def test_users_files_are_read_through_links(tmp_path):
    """AWS's files may be links, as home-manager makes them; one that is missing is None."""
    (tmp_path / "real").write_bytes(b"[default]\n")
    (tmp_path / "config").symlink_to(tmp_path / "real")
    assert read_users_file(str(tmp_path / "config"), limit=100) == b"[default]\n"
    assert read_users_file(str(tmp_path / "none"), limit=100) is None
    assert read_users_file(str(tmp_path / "real" / "below"), limit=100) is None
    assert read_users_file("/dev/null", limit=100) == b""


@pytest.mark.parametrize("kind", ["world-writable", "foreign", "fifo", "folder", "nul", "device"])
def test_users_files_that_others_could_have_written_are_refused(tmp_path, kind):
    """What every user can write, another user's file, and what is no file at all is not taken as configuration."""
    path = tmp_path / "config"
    path.write_text("[default]\n")
    if kind == "world-writable":
        path.chmod(0o666)
    elif kind == "foreign":
        os.chown(path, 12345, 12345)
    elif kind in ("fifo", "folder"):
        path.unlink()
        os.mkfifo(path) if kind == "fifo" else path.mkdir()
    name = {"nul": "a\0b", "device": "/dev/zero"}.get(kind, str(path))
    with pytest.raises(errors.ConfigError):
        read_users_file(name, limit=100)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("file", "not a folder"),
        ("foreign", "does not belong to you"),
        ("circle", "a loop of links"),
        ("long", "File name too long"),
    ],
)
def test_a_folder_of_the_user_s_that_cannot_be_used_is_named(tmp_path, kind, said):
    """~/.aws may be a link and open to others, but it must be a folder, and the user's own."""
    path = tmp_path / ("x" * 300 if kind == "long" else "aws")
    if kind == "file":
        path.write_text("")
    elif kind == "circle":
        path.symlink_to(path)
    elif kind == "foreign":
        path.mkdir()
        os.chown(path, 12345, 12345)
    with pytest.raises(errors.ConfigError, match=said) as caught:
        Folder.of_user(str(path))
    assert str(path)[:50] in caught.value.message


def test_a_folder_of_the_user_s_that_is_not_there(tmp_path):
    """It is not made unasked; asked for, it is made closed to others."""
    with pytest.raises(FileNotFoundError):
        Folder.of_user(str(tmp_path / "aws"))
    Folder.of_user(str(tmp_path / "aws"), create=True).close()
    assert stat.S_IMODE((tmp_path / "aws").stat().st_mode) == 0o700


def test_a_loop_of_links_is_reported(tmp_path):
    """Links to AWS's files are followed, so the word is not that they are not."""
    (tmp_path / "config").symlink_to(tmp_path / "other")
    (tmp_path / "other").symlink_to(tmp_path / "config")
    with pytest.raises(errors.UnsafeFile, match="config: a loop of links"):
        read_users_file(str(tmp_path / "config"), limit=100)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("NUL", "is not a valid path"),
        ("foreign", "belongs to user ID 12345, not to you or root"),
        ("link", "is a link; links are not followed here"),
        ("fifo", "is not a regular file"),
        ("open", "is open to other users"),
    ],
)
def test_a_file_with_a_secret_that_others_may_know_is_refused(tmp_path, kind, said):
    """AWSVAULT_PASSPHRASE_FILE and its like: nothing of such a file is read."""
    path = tmp_path / ("a\0b" if kind == "NUL" else "secret")
    if kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind != "NUL":
        path.write_text("secret")
        path.chmod(0o644 if kind == "open" else 0o600)
        if kind == "foreign":
            os.chown(path, 12345, 12345)
    with pytest.raises(errors.ConfigError, match=said):
        user_files.read_private_file(str(path), limit=100)


def test_chmod_is_proposed_for_the_users_own_file_alone(tmp_path, monkeypatch):
    """Root's file may be open to others for a reason, and the user cannot change it."""
    path = tmp_path / "secret"
    path.write_text("secret")
    path.chmod(0o644)
    os.chown(path, 0, 0)
    for user, proposed in ((0, True), (12345, False)):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        with pytest.raises(errors.UnsafeFile, match="open to other users") as caught:
            user_files.read_private_file(str(path), limit=100)
        assert ("chmod" in caught.value.hint) is proposed
