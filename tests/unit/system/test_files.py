"""Our folders and files: private, by descriptor, replaced in one step."""

import errno
import os
import stat

import pytest

from vault import errors
from vault.system import files
from vault.system.files import Folder


@pytest.fixture
def folder(tmp_path):
    with Folder.open(str(tmp_path / "state"), create=True) as opened:
        yield opened


def test_a_folder_is_made_private_with_its_parents(tmp_path):
    """Missing parents are made 0700 too, whatever the umask."""
    old = os.umask(0)
    try:
        Folder.open(str(tmp_path / "a" / "b"), create=True).close()
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o700


def test_what_root_makes_on_the_way_in_a_users_home_is_the_users(tmp_path):
    """The folder itself is root's; ~/.local, which every program of the user's shares, is not."""
    assert os.geteuid() == 0, "as in CI"
    os.chown(tmp_path, 65534, 65534)
    folder = Folder.open(str(tmp_path / ".local" / "state" / "state"), create=True)
    folder.close()
    owners = [os.stat(tmp_path / path).st_uid for path in (".local", ".local/state", ".local/state/state")]
    assert owners == [65534, 65534, 0]


def test_a_missing_folder_is_not_made_unasked(tmp_path):
    """Reading makes nothing."""
    with pytest.raises(FileNotFoundError):
        Folder.open(str(tmp_path / "none"))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("kind", ["link", "file", "open", "foreign"])
def test_a_folder_that_is_not_safely_ours_is_refused(tmp_path, kind):
    """A link, a file, a folder open to others or another's is named and refused, with exit code 6."""
    path = tmp_path / "x"
    if kind == "link":
        (tmp_path / "real").mkdir(0o700)
        path.symlink_to(tmp_path / "real")
    elif kind == "file":
        path.write_text("")
    else:
        path.mkdir(0o700 if kind == "foreign" else 0o755)
        if kind == "foreign":
            os.chown(path, 12345, 12345)
    with pytest.raises(errors.UnsafeFile, match=str(path)) as caught:
        Folder.open(str(path))
    assert caught.value.exit_code == 6
    assert caught.value.hint


def test_writing_replaces_in_one_step_and_leaves_nothing_else(folder):
    """The new content is there, private, and no temporary file is left."""
    folder.write_atomic("x", b"old", durable=False)
    folder.write_atomic("x", b"new", durable=True, mtime=1000)
    assert folder.read("x", limit=3) == b"new"
    assert folder.names() == ["x"]
    assert folder.attributes("x").mtime_ns == 1000 * 10**9
    assert stat.S_IMODE(os.stat(folder.path_of("x")).st_mode) == 0o600


@pytest.mark.parametrize("call", ["write", "fsync", "rename", "fchmod", "utime"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES, errno.EMFILE])
def test_a_failing_write_keeps_the_old_file(folder, monkeypatch, call, code):
    """Whatever step fails, the old content stays, the temporary file goes, and the error names the file."""
    folder.write_atomic("x", b"old", durable=False)

    def fail(*_args, **_kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(errors.StorageError, match="state"):
        folder.write_atomic("x", b"new", durable=True, mtime=5)
    monkeypatch.undo()
    assert folder.read("x", limit=3) == b"old"
    assert folder.names() == ["x"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_folder_that_cannot_be_synced_is_told_as_a_change_that_was_made(folder, monkeypatch, code):
    """After the rename the new content is there: nobody is told that nothing was changed."""
    real = os.fsync

    def fail(fd):
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            raise OSError(code, os.strerror(code))
        real(fd)

    folder.write_atomic("x", b"old", durable=False)
    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(errors.StorageError, match="the change was made") as caught:
        folder.write_atomic("x", b"new", durable=True)
    assert "nothing was changed" not in caught.value.message
    assert folder.read("x", limit=3) == b"new"


def test_short_writes_are_finished(folder, monkeypatch):
    """A write that takes one byte at a time still stores all of them."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data[:1])))
    folder.write_atomic("x", b"several bytes", durable=False)
    assert folder.read("x", limit=100) == b"several bytes"


def test_reading_is_bounded(folder):
    """A file over the limit is refused before it is read."""
    folder.write_atomic("x", b"12345", durable=False)
    with pytest.raises(errors.ConfigError, match="5 bytes, over the limit of 4"):
        folder.read("x", limit=4)


def test_a_file_that_grows_while_read_is_refused(folder, monkeypatch):
    """The limit holds though fstat saw a smaller file."""
    folder.write_atomic("x", b"12345678", durable=False)
    fd = folder.open_file("x")
    real = os.fstat

    class Small:
        st_size = 1

    monkeypatch.setattr(os, "fstat", lambda n: Small() if n == fd else real(n))
    with pytest.raises(errors.ConfigError, match="grew over the limit of 4"):
        files.read_all(fd, "x", 4)
    os.close(fd)


@pytest.mark.parametrize("kind", ["link", "fifo", "folder", "open", "foreign"])
def test_a_link_in_place_of_a_file_is_not_followed(folder, kind):
    """A link, a FIFO, a folder, or a file of others' is refused at once, and nothing behind it is read."""
    path = folder.path_of("x")
    if kind == "link":
        os.symlink("/etc/hostname", path)
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "folder":
        os.mkdir(path, 0o700)
    else:
        with open(path, "w") as file:
            file.write("theirs")
        os.chmod(path, 0o644 if kind == "open" else 0o600)
        if kind == "foreign":
            os.chown(path, 12345, 12345)
    with pytest.raises(errors.UnsafeFile, match="state/x"):
        folder.read("x", limit=10)


def test_links_and_unlinks_by_descriptor(folder):
    """link refuses an existing name, unlink of nothing is fine, and all act inside the open folder."""
    folder.write_atomic("x", b"1", durable=False)
    folder.link("x", "y")
    assert folder.attributes("y").links == 2
    with pytest.raises(FileExistsError):
        folder.link("x", "y")
    with pytest.raises(FileNotFoundError):
        folder.link("none", "z")
    with pytest.raises(FileNotFoundError):
        folder.rename("none", "z")
    with pytest.raises(FileNotFoundError):
        folder.attributes("none")
    folder.unlink("y")
    folder.unlink("y")
    assert folder.names() == ["x"]


def test_errors_of_every_call_are_errors_of_the_program(folder, monkeypatch):
    """Each primitive turns an OSError into a StorageError that names the path."""

    def fail(*_args, **_kwargs):
        raise OSError(errno.EIO, "Input/output error")

    for name, act in {
        "listdir": folder.names,
        "fsync": folder.sync,
        "link": lambda: folder.link("a", "b"),
        "rename": lambda: folder.rename("a", "b"),
        "unlink": lambda: folder.unlink("a"),
        "stat": lambda: folder.attributes("a"),
        "open": lambda: folder.create_temp("a", b"", durable=False),
    }.items():
        monkeypatch.setattr(os, name, fail)
        with pytest.raises(errors.StorageError, match="Input/output error"):
            act()
        monkeypatch.undo()


def test_what_was_written_is_taken_away_where_writing_is_interrupted(folder, monkeypatch):
    """Ctrl-C in the middle of a file: no half file is left, and the interrupt goes on."""

    def interrupted(_fd, _data):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        folder.create_temp("x", b"data", durable=False)
    assert folder.names() == []


def test_the_first_of_two_errors_is_the_one_that_is_told(folder, monkeypatch):
    """A disk that is full and then fails altogether: the half file cannot go, and the word is about the full disk."""

    def fail(code):
        def call(*_args, **_more):
            raise OSError(code, os.strerror(code))

        return call

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fail(errno.ENOSPC))
        patch.setattr(os, "unlink", fail(errno.EIO))
        with pytest.raises(errors.StorageError, match="no space left"):
            folder.create_temp("x", b"data", durable=False)
    folder.sweep("x")
    assert folder.names() == [], "the next writer takes it away"


def test_half_an_appended_record_is_a_full_disk(folder, monkeypatch):
    """A write that took only a part is told, so that nobody believes the record to be there."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data[:3])))
    with pytest.raises(errors.StorageError, match="state/log: no space left"):
        folder.append("log", b"record")
    assert folder.read("log", limit=10) == b"rec"


def test_a_disk_that_cannot_be_read_is_named(folder, monkeypatch):
    """With the file's path, as every other error of a file."""
    folder.write_atomic("x", b"1", durable=False)

    def fail(_fd, _size):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "read", fail)
    with pytest.raises(errors.StorageError, match="state/x: Input/output error"):
        folder.read("x", limit=10)


def test_a_folder_may_be_closed_twice(tmp_path):
    """The second time closes nothing: the number may be another file's by then."""
    opened = Folder.open(str(tmp_path / "f"), create=True)
    number = opened.fd
    opened.close()
    taken = os.dup2(0, number)
    opened.close()
    os.fstat(taken)
    os.close(taken)


def test_macos_flushes_the_drive_too(monkeypatch):
    """On macOS the sync is F_FULLFSYNC, since fsync there stops at the drive's cache."""
    import fcntl

    asked = []
    monkeypatch.setattr(files.sys, "platform", "darwin")
    monkeypatch.setattr(fcntl, "F_FULLFSYNC", 51, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", lambda fd, what: asked.append((fd, what)))
    files.sync(7)
    assert asked == [(7, 51)]


def test_a_folder_that_everyone_shares_is_not_to_be_closed(tmp_path):
    """/tmp, even if it is this user's: chmod 700 would break the other users' programs."""
    for mode, closing in ((0o1777, False), (0o755, True)):
        tmp_path.chmod(mode)
        with pytest.raises(errors.UnsafeFile, match="open to other users") as caught:
            Folder.open(str(tmp_path))
        tmp_path.chmod(0o700)
        assert ("chmod" in caught.value.hint) is closing
