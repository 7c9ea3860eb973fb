"""The machine's name: the one that its own programs show."""

from __future__ import annotations

import socket

from vault.system.machine import host_name


def test_the_host_name_is_the_one_that_the_kernel_tells():
    """gethostname(2) and uname(2) agree."""
    assert host_name() == socket.gethostname()
