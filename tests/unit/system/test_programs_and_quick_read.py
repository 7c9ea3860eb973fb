"""Other programs, other processes and the user's files, where they are missing, odd or slow."""

from __future__ import annotations

import errno
import os
import sys

import pytest

from tests.patience import PATIENCE
from vault import errors
from vault.system import processes, user_files
from vault.system.clock import Deadline
from vault.system.programs import ProgramFailed, output
from vault.system.quick_read import read_quickly

PYTHON = [sys.executable, "-S", "-c"]


def run(*words, limit=100, seconds=PATIENCE):
    return output(words, env={}, limit=limit, deadline=Deadline.after(seconds))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/there/is/none"], "cannot start /there/is/none: No such file"),
        (["a\0b"], "its command contains a NUL"),
        ([*PYTHON, "raise SystemExit(3)"], "exit code 3"),
        ([*PYTHON, "import os; os.kill(os.getpid(), 9)"], "signal 9"),
        ([*PYTHON, "print('x' * 1000)"], "100"),
    ],
)
def test_a_program_that_fails_is_told(words, said):
    """What went wrong, and nothing of what it wrote."""
    with pytest.raises(ProgramFailed) as caught:
        run(*words)
    assert said in caught.value.message
    assert "xx" not in caught.value.message


@pytest.mark.parametrize(
    "code", ["import time; time.sleep(60)", "import os, time; os.close(1); time.sleep(60)"]
)
def test_a_program_that_hangs_is_ended(code):
    """Also one that closed its output and stays."""
    with pytest.raises(ProgramFailed, match="did not finish in time"):
        run(*PYTHON, code, seconds=0.5)


def test_what_a_program_writes():
    """All of it."""
    assert run(*PYTHON, "print('hello')") == b"hello\n"


def test_what_a_program_leaves_running_is_not_waited_for():
    """All that it wrote itself counts, as soon as it has ended, whoever still holds its output open."""
    leaves = "import os, time\nif os.fork():\n print('hello', flush=True)\nelse:\n time.sleep(200)"
    assert run(*PYTHON, leaves, seconds=PATIENCE) == b"hello\n"


def test_a_process_that_is_not_there_has_no_name():
    """And one that is has a name and a parent."""
    assert processes.process(2**22 + 1) == ("", "", "")
    name, parent, _ = processes.process(os.getpid())
    assert name
    assert int(parent) == os.getppid()


def test_a_process_that_ends_while_it_is_looked_at_has_no_name(monkeypatch):
    """Its file opens, and is no more when it is read."""

    def gone(_fd, _size):
        raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))

    monkeypatch.setattr(os, "read", gone)
    assert processes.process(os.getpid()) == ("", "", "")


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
    """Somebody else took the name between the first look and the last step: theirs is left, ours goes."""
    path = tmp_path / "copy"
    with pytest.raises(FileExistsError):
        user_files.create_users_file(str(path), b"abc", check=lambda _found: path.write_bytes(b"theirs"))
    assert os.listdir(tmp_path) == ["copy"]
    assert path.read_bytes() == b"theirs"
