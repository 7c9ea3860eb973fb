"""The user's files, created where a file system is limited or another process is quicker."""

from __future__ import annotations

import errno
import os

import pytest

from vault import errors
from vault.system import user_files


def test_a_file_on_a_stick_without_links(tmp_path, monkeypatch):
    """FAT has none: the file gets its name by a rename. Another refusal is an error that leaves nothing."""
    path = str(tmp_path / "copy")

    def refuse(number):
        def link(*_args, **_more):
            raise OSError(number, os.strerror(number))

        return link

    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refuse(errno.EIO))
        with pytest.raises(errors.StorageError):
            user_files.create_users_file(path, b"abc", check=lambda _found: None)
    assert os.listdir(tmp_path) == []
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refuse(errno.EPERM))
        user_files.create_users_file(path, b"abc", check=lambda found: found)
    with open(path, "rb") as file:
        assert file.read() == b"abc"
    with pytest.raises(FileExistsError):
        user_files.create_users_file(path, b"other", check=lambda _found: None)
    with pytest.raises(errors.StorageError, match="no folder"):
        user_files.create_users_file(str(tmp_path / "no" / "copy"), b"abc", check=lambda _found: None)
    with pytest.raises(errors.Error):
        user_files.create_users_file(path + "/copy", b"abc", check=lambda _found: None)
    assert os.listdir(tmp_path) == ["copy"]


def test_a_copy_that_does_not_come_back_is_not_kept(tmp_path, monkeypatch):
    """A stick that was pulled out: what was written cannot be opened again, so nothing is said to be there."""
    real = os.open

    def pulled(name, flags, *args, **more):
        if flags & os.O_CREAT or "dir_fd" not in more:
            return real(name, flags, *args, **more)
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "open", pulled)
    with pytest.raises(errors.StorageError, match="Input/output error"):
        user_files.create_users_file(str(tmp_path / "copy"), b"abc", check=lambda _found: None)
    assert os.listdir(tmp_path) == []


def test_a_file_that_appears_meanwhile_stays(tmp_path):
    """Another process took the name between the first look and the last step: its file is left, the new one goes."""
    path = tmp_path / "copy"
    with pytest.raises(FileExistsError):
        user_files.create_users_file(str(path), b"abc", check=lambda _found: path.write_bytes(b"theirs"))
    assert os.listdir(tmp_path) == ["copy"]
    assert path.read_bytes() == b"theirs"
