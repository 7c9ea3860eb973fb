"""Waiting for descriptors: what is ready, what is not in time, and numbers that select(2) does not take."""

import fcntl
import os
import resource
import subprocess

import pytest

from tests.home import COMMAND, PASSPHRASE
from tests.patience import PATIENCE
from vault.system.poll import readable

MANY = 1100  # over select's 1,024


@pytest.fixture
def room():
    """So many descriptors may be open in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * MANY)), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_can_be_read_is_told_whatever_its_number(room):
    """A byte and the end of a pipe are both something; nothing is a time-out."""
    silent, silent_end = os.pipe()
    low, end = os.pipe()
    high = fcntl.fcntl(low, fcntl.F_DUPFD, MANY)
    try:
        assert readable([silent, high], 0) == []
        assert readable([silent, high], 0.01) == []
        os.write(end, b"x")
        assert readable([silent, high], 60) == [high]
        assert readable([silent, low, high], None) == [low, high]
        os.read(high, 1)
        os.close(end)
        assert readable([silent, high], 60) == [high]
    finally:
        for fd in (silent, silent_end, low, high):
            os.close(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        readable([high], 60)


def test_a_command_runs_where_its_caller_left_many_descriptors_open(room, home):
    """A program for the passphrase, a source that is a program, and the agent are all waited for."""
    home.scenario()
    home.make_vault()
    with open(home.config_path, "a") as file:
        file.write("\n[profile other]\ncredential_process = cat answer\n")
    with open(os.path.join(home.root, "answer"), "w") as file:
        file.write(
            '{"Version": 1, "AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "wJalrXUtnFEMI"}'
        )
    with open(os.path.join(home.root, "word"), "w") as file:
        file.write(PASSPHRASE)
    env = home.with_env(
        {"AWSVAULT_PASSPHRASE": None, "AWSVAULT_PASSPHRASE_COMMAND": "cat word", "AWSVAULT_AGENT": "auto"}
    )
    many = [os.open(os.devnull, os.O_RDONLY) for _ in range(MANY)]
    try:
        for words in (["unlock"], ["export", "dev"], ["lock"], ["unlock"], ["export", "other"]):
            done = subprocess.run(
                [COMMAND, *words], env=env, cwd=home.root, pass_fds=many, stdin=subprocess.DEVNULL,
                capture_output=True, timeout=PATIENCE, check=False,
            )  # fmt: skip
            assert done.returncode == 0, (words, done.stderr)
    finally:
        for fd in many:
            os.close(fd)
