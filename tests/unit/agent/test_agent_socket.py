"""The agent's socket: one agent has it, and if something is in the way an error names it."""

from __future__ import annotations

import os
import socket
import threading

import pytest

from vault import errors
from vault.agent import agent_socket
from vault.system.locks import LockUnavailable
from vault.system.paths import from_env


@pytest.fixture
def paths(tmp_path_factory):
    return from_env({"HOME": "/nowhere", "AWSVAULT_HOME": str(tmp_path_factory.mktemp("p"))})


def test_a_socket_path_that_is_too_long_is_refused(tmp_path):
    """The error names the limit and the variables to set."""
    far = from_env({"HOME": "/nowhere", "AWSVAULT_HOME": str(tmp_path / ("x" * 120))})
    with pytest.raises(errors.StorageError, match="100 bytes"):
        agent_socket.take(far)


def end(taken):
    """What the server does when it ends."""
    taken.listener.close()
    taken.leave()


def test_only_one_agent_has_the_socket(paths):
    """A second agent finds the socket taken; it is free again when the first one ends."""
    first = agent_socket.take(paths)
    assert os.stat(paths.socket).st_mode & 0o777 == 0o600
    assert agent_socket.take(paths) is None
    end(first)
    assert not os.path.exists(paths.socket)
    end(agent_socket.take(paths))


def test_the_lock_of_an_agent_that_is_ending_is_waited_for(paths):
    """Its socket is gone, its lock not yet: an agent that gave up now would leave none."""
    first = agent_socket.take(paths)
    first.listener.close()
    os.unlink(paths.socket)
    ending = threading.Timer(0.1, first.lock.release)
    ending.start()
    second = agent_socket.take(paths)
    ending.join()
    assert second is not None
    end(second)


def test_a_socket_that_cannot_be_made_is_named(paths, monkeypatch):
    """A socket that cannot be made, or cannot be closed to others, leaves no lock behind."""

    def refuse(*_args, **_more):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(agent_socket, "_bound", refuse)
        with pytest.raises(errors.StorageError, match="No space left"):
            agent_socket.take(paths)
    with monkeypatch.context() as patch:
        patch.setattr(os, "umask", lambda _mask: 0)  # as on a file system that knows no modes
        with pytest.raises(errors.UnsafeFile, match=r"agent\.sock"):
            agent_socket.take(paths)

    def unlockable(*_args, **_more):
        raise LockUnavailable("no locks here")

    with monkeypatch.context() as patch:
        patch.setattr(agent_socket, "try_lock", unlockable)
        with pytest.raises(errors.StorageError, match="locks"):
            agent_socket.take(paths)
    end(agent_socket.take(paths))


def test_a_socket_of_systemd_is_checked(paths):
    """Only one listening Unix socket that is meant for this process is accepted."""
    meant_for_us = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    assert agent_socket.passed_by_systemd(meant_for_us) == 3
    assert agent_socket.passed_by_systemd({**meant_for_us, "LISTEN_FDS": "2"}) is None
    assert agent_socket.passed_by_systemd({**meant_for_us, "LISTEN_PID": "1"}) is None
    with socket.socket() as wrong, pytest.raises(errors.UnsafeFile, match="not a listening Unix socket"):
        agent_socket.take(paths, passed=os.dup(wrong.fileno()))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(paths.socket)
        listener.listen()
        passed = os.dup(listener.fileno())
        os.set_inheritable(passed, True)  # as systemd passes it
        taken = agent_socket.take(paths, passed=passed)
        assert taken.reachable()
        assert not os.get_inheritable(passed)  # no child of the agent keeps the socket
        end(taken)
        assert os.path.exists(paths.socket)  # systemd's own
