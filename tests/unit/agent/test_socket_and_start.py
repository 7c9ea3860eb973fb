"""An agent's place and its start, where something is in the way: an error that names it, never half an agent."""

from __future__ import annotations

import errno
import os
import socket
import sys

import pytest

from vault import errors
from vault.agent import locked_page, socket_place, start
from vault.system.locks import LockUnavailable
from vault.system.paths import from_env


@pytest.fixture
def paths(tmp_path_factory):
    return from_env({"HOME": "/nowhere", "AWSVAULT_HOME": str(tmp_path_factory.mktemp("p"))})


def test_a_path_that_no_socket_can_have(tmp_path):
    """The error names the limit and the variables to set."""
    far = from_env({"HOME": "/nowhere", "AWSVAULT_HOME": str(tmp_path / ("x" * 120))})
    with pytest.raises(errors.StorageError, match="100 bytes"):
        socket_place.take(far)


def end(taken):
    """What the server does at its end."""
    taken.listener.close()
    taken.leave()


def test_one_agent_a_place(paths):
    """A second one is told that there is one; the place is free again when the first leaves."""
    first = socket_place.take(paths)
    assert os.stat(paths.socket).st_mode & 0o777 == 0o600
    assert socket_place.take(paths) is None
    end(first)
    assert not os.path.exists(paths.socket)
    end(socket_place.take(paths))


def test_what_the_disk_refuses_is_named(paths, monkeypatch):
    """A socket that cannot be made, or closed to others, leaves no lock behind."""

    def refuse(*_args, **_more):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(socket_place, "_bound", refuse)
        with pytest.raises(errors.StorageError, match="No space left"):
            socket_place.take(paths)
    with monkeypatch.context() as patch:
        patch.setattr(os, "umask", lambda _mask: 0)  # as on a file system that knows no modes
        with pytest.raises(errors.UnsafeFile, match="could not be closed"):
            socket_place.take(paths)

    def unlockable(*_args, **_more):
        raise LockUnavailable("no locks here")

    with monkeypatch.context() as patch:
        patch.setattr(socket_place, "try_lock", unlockable)
        with pytest.raises(errors.StorageError, match="cannot lock"):
            socket_place.take(paths)
    end(socket_place.take(paths))


def test_a_socket_of_systemd_is_looked_at(paths):
    """Only one listening Unix socket that is meant for this process is taken."""
    ours = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    assert socket_place.passed_by_systemd(ours) == 3
    assert socket_place.passed_by_systemd({**ours, "LISTEN_FDS": "2"}) is None
    assert socket_place.passed_by_systemd({**ours, "LISTEN_PID": "1"}) is None
    with socket.socket() as wrong, pytest.raises(errors.UnsafeFile, match="not a listening Unix socket"):
        socket_place.take(paths, passed=os.dup(wrong.fileno()))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(paths.socket)
        listener.listen()
        taken = socket_place.take(paths, passed=os.dup(listener.fileno()))
        assert taken.stands()
        end(taken)
        assert os.path.exists(paths.socket)  # systemd's own


def test_keys_stand_in_an_ordinary_page_where_there_is_no_hidden_one():
    """They are put, seen, dropped and cleared the same way."""
    keys = locked_page.KeyPage(hidden=False)
    assert not keys.hidden
    keys.staging(32)[:] = b"k" * 32
    keys.take(("main",))
    assert bytes(keys.view("main")) == b"k" * 32
    keys.drop("main")
    assert not keys.has("main")
    with pytest.raises(KeyError):
        keys.view("main")
    keys.clear()


def test_a_kernel_without_hidden_memory(monkeypatch):
    """Linux before 5.14, or a sandbox: the call is unknown, and the ordinary page does, without a warning."""
    monkeypatch.setitem(locked_page._MEMFD_SECRET, os.uname().machine, 100_000)
    keys = locked_page.KeyPage()
    assert (keys.hidden, keys.warnings) == (False, [])


def test_hidden_memory_that_a_limit_refuses(monkeypatch):
    """The ordinary page does, and the descriptor is given back."""

    def refuse(fd, _size):
        refused.append(fd)
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    refused: list[int] = []
    monkeypatch.setattr(os, "ftruncate", refuse)
    assert not locked_page.KeyPage().hidden
    for fd in refused:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)


class _Library:
    """The C library of a system that locks no memory."""

    def __init__(self, *_args, **_more):
        self.asked = []

    def mlock(self, _address, _size):
        self.asked.append("mlock")
        return -1

    def madvise(self, _address, _size, advice):
        self.asked.append(advice)
        return 0


@pytest.mark.parametrize(("platform", "asked"), [("linux", ["mlock", 16]), ("darwin", ["mlock"])])
def test_memory_that_cannot_be_locked_is_told(monkeypatch, platform, asked):
    """Keys might be swapped out: status and doctor show this warning. Out of a core file they are kept all the same."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(locked_page.ctypes, "CDLL", _Library)
    keys = locked_page.KeyPage(hidden=False)
    assert ["ulimit -l" in warning for warning in keys.warnings] == [True]
    assert keys._libc.asked == asked


def test_a_start_that_cannot_be_is_false(monkeypatch):
    """No interpreter, no pipe, no process: exports go on without an agent."""

    def refuse(*_args):
        raise OSError(11, "try again")

    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "")
        assert not start.start({})
    for name in ("pipe", "fork"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, refuse)
            assert not start.start({})


def test_a_starter_that_has_gone_is_no_error():
    """The agent tells a closed pipe, and lives on."""
    reading, writing = os.pipe()
    os.close(reading)
    start.report(writing, listening=True)
    os.close(writing)
