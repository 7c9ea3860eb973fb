"""Free memory, where the machine says little or nothing."""

from __future__ import annotations

import os
import sys

import pytest

from vault.system import memory


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
