"""The log's file under a second name."""

import os
import subprocess

import pytest

from tests.journals import read, write
from vault import errors
from vault.cache.log_files import CURRENT


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "log")


def test_a_hard_linked_log_is_not_written(path):
    """The log is the one file that is changed in place, and another file with its inode must not change with it. Reading reports it."""
    write(path, "one")
    current, other = os.path.join(path, CURRENT), f"{path}.other"
    os.link(current, other)
    with open(other, "rb") as file:
        before = file.read()
    with pytest.raises(errors.UnsafeFile, match="current: the file has 2 names"):
        write(path, "two")
    with open(other, "rb") as file:
        assert file.read() == before
    records, (problem,) = read(path)
    assert records == [b"one"]
    subprocess.run(problem.partition("folder: ")[2], shell=True, cwd=path, check=True)
    write(path, "three")
    assert read(path) == ([b"one", b"three"], [])
    with open(other, "rb") as file:
        assert file.read() == before
