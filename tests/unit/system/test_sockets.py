"""Descriptors over a connection between two of our processes."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from vault import errors
from vault.system import sockets


@pytest.fixture
def both():
    one, other = sockets.pair()
    with one, other:
        yield one, other


def test_a_descriptor_arrives(both):
    """Another number for the same file, which no program inherits."""
    one, other = both
    read, write = os.pipe()
    sockets.send_descriptor(one, b"x", write)
    os.close(write)
    (got,) = sockets.receive_descriptors(other)
    assert not os.get_inheritable(got)
    os.write(got, b"told")
    os.close(got)
    assert os.read(read, 9) == b"told"
    assert os.read(read, 9) == b""
    os.close(read)


def test_a_message_without_a_descriptor(both):
    """Is not the end of the connection."""
    one, other = both
    one.send(b"x")
    assert sockets.receive_descriptors(other) == []


def test_the_other_end_is_gone(both):
    """Closed."""
    one, other = both
    one.close()
    assert sockets.receive_descriptors(other) is None


def test_a_connection_that_is_broken(both):
    """As one that was closed."""
    _, other = both
    other.close()
    assert sockets.receive_descriptors(other) is None


def test_no_descriptor_is_left_for_a_pair(monkeypatch):
    """The error says what could not be made."""

    def refused():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(socket, "socketpair", refused)
    with pytest.raises(errors.StorageError, match="a connection between two processes of awsvault-py"):
        sockets.pair()
