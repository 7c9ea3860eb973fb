"""A quick read of a file that is odd, changes or belongs to another user."""

from __future__ import annotations

import errno
import os

from vault.system.quick_read import read_quickly


def test_a_quick_read_of_a_file_that_changes_or_fails(tmp_path, monkeypatch):
    """All of one that comes in pieces, nothing of one that outgrows the limit meanwhile or cannot be read."""
    path = tmp_path / "f"
    path.write_bytes(b"12345")
    real = os.read
    with monkeypatch.context() as patch:
        patch.setattr(os, "read", lambda fd, _size: real(fd, 2))
        assert read_quickly(str(path), limit=10) == b"12345"

    class Small:
        st_uid, st_mode, st_size = os.geteuid(), path.stat().st_mode, 1

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", lambda _fd: Small)
        assert read_quickly(str(path), limit=4) == b""

    def fail(_fd, _size):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "read", fail)
    assert read_quickly(str(path), limit=10) == b""


def test_a_quick_read_takes_only_files_of_the_user_or_root(tmp_path):
    """No file, a folder, one that all may write, one too large: nothing."""
    path = tmp_path / "f"
    assert read_quickly(str(path), limit=10) == b""
    assert read_quickly(str(tmp_path), limit=10) == b""
    assert read_quickly("a\0b", limit=10) == b""
    path.write_bytes(b"12345")
    assert read_quickly(str(path), limit=10) == b"12345"
    assert read_quickly(str(path), limit=4) == b""
    path.chmod(0o666)
    assert read_quickly(str(path), limit=10) == b""
