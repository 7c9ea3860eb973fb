"""Memory, loopback's table, hardening and the kernel's keyring, where the machine says no, little or nothing."""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import sys

import pytest

from vault.system import hardening, kernel_keyring, loopback, memory


@pytest.fixture
def files(monkeypatch):
    """What the kernel's files say, by their names' ends."""
    said: dict[str, list[bytes]] = {}
    monkeypatch.setattr(
        memory, "_lines", lambda path: next((v for k, v in said.items() if path.endswith(k)), [])
    )
    return said


def test_the_smaller_of_machine_and_cgroup_counts(files):
    """A container's limit holds where it is below what the machine has left."""
    files["meminfo"] = [b"MemTotal: 99 kB", b"MemAvailable:    5000 kB"]
    assert memory.available_kib() == 5000
    files["memory.max"], files["memory.current"] = [b"3072000"], [b"1024000"]
    assert memory.available_kib() == 2000
    files["memory.current"] = [b"9999999"]
    assert memory.available_kib() == 0
    files["memory.max"] = [b"max"]
    assert memory.available_kib() == 5000


def test_memory_that_nobody_tells_of(files, monkeypatch):
    """No table, no bound; on macOS the whole memory is it."""
    monkeypatch.setattr(sys, "platform", "linux")
    assert memory.available_kib() is None
    monkeypatch.setattr(sys, "platform", "darwin")
    assert memory.available_kib() == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024


def test_the_kernels_own_files_are_read(tmp_path):
    """This machine tells of its memory; a table that anybody could have written tells nothing."""
    assert memory.available_kib() > 0
    assert memory._lines("/proc/there is no such file") == []
    forged = tmp_path / "meminfo"
    forged.write_text("MemAvailable: 1 kB\n")
    forged.chmod(0o666)
    assert memory._lines(str(forged)) == []


def test_whose_connection_it_is(monkeypatch):
    """The kernel's table names the user of a connection's other end."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.connect(listener.getsockname())
        ports = {"peer_port": client.getsockname()[1], "our_port": listener.getsockname()[1]}
        assert loopback.same_user(**ports)
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        assert not loopback.same_user(**ports)
        monkeypatch.setattr(loopback, "_TABLES", {"/proc/net/there is no such table": ""})
        assert not loopback.same_user(**ports)
        monkeypatch.setattr(loopback, "_TABLES", {"/proc/self": ""})  # opens, and cannot be read
        assert not loopback.same_user(**ports)
        monkeypatch.setattr(sys, "platform", "darwin")
        assert loopback.same_user(**ports)


def test_whose_connection_it_is_by_a_socket_of_both_families():
    """As Java has it: the client's socket is IPv6's, and the kernel lists it in another table."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_INET6) as client:
        port = listener.getsockname()[1]
        client.connect(("::ffff:127.0.0.1", port))
        assert loopback.same_user(peer_port=client.getsockname()[1], our_port=port)


def _forbidden(*_args, **_more):
    raise OSError(1, "not permitted")


def test_hardening_that_is_forbidden_ends_nothing(monkeypatch):
    """A sandbox without prctl or setrlimit opens the vault all the same."""
    monkeypatch.setattr(ctypes, "CDLL", _forbidden)
    monkeypatch.setattr(resource, "setrlimit", _forbidden)
    assert not hardening.not_dumpable()
    hardening.before_keys()
    hardening.no_new_privileges()
    hardening.end_with_parent(0)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not hardening.not_dumpable()
    hardening.no_new_privileges()
    hardening.end_with_parent(0)


def test_a_kernel_without_keyrings(monkeypatch):
    """Another machine, a forbidden call: nothing is found, nothing is kept."""
    monkeypatch.setattr(ctypes, "CDLL", _forbidden)
    assert kernel_keyring.read("awsvault-py test") is None
    assert not kernel_keyring.put("awsvault-py test", b"x" * 32, seconds=5)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert kernel_keyring.read("awsvault-py test") is None


def test_a_key_without_its_time_limit_is_taken_back(monkeypatch):
    """One that could not be given its end would stay until the machine's."""
    calls = []

    def call(number, *arguments):
        calls.append(arguments[0])
        return 7 if number == 0 else -1

    monkeypatch.setattr(kernel_keyring, "_call", call)
    assert not kernel_keyring.put("awsvault-py test", b"x" * 32, seconds=5)
    assert calls[-1] == kernel_keyring._INVALIDATE
