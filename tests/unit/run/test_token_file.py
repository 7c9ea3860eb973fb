"""The endpoint's token in a file."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from tests.home import failed
from vault.system.paths import from_env

pytestmark = pytest.mark.usefixtures("unmeasured")


LIFE = 4  # seconds, the TTL of a role session: refreshed after two and a half


@pytest.fixture
def home(home, aws):
    home.scenario()
    home.make_vault()
    aws.world.role_seconds = LIFE
    return home


def token_files(home):
    run = from_env(home.env).run
    return [f"{run}/{name}" for name in os.listdir(run) if name.endswith(".token")]


def test_the_token_is_in_a_file_too(home):
    """Rust's object_store takes it from there alone, and without it asks the machine's own role, another identity.

    The file is closed to others, holds the token and nothing else, and goes with the command.
    """
    show = (
        "import os, sys; path = os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE']; s = os.lstat(path);"
        "print(path, oct(s.st_mode), os.environ['AWS_CONTAINER_AUTHORIZATION_TOKEN'], repr(open(path).read()))"
    )
    done = home.run("exec", "--server", "dev", "--", sys.executable, "-c", show)
    assert done.returncode == 0, done.stderr
    path, mode, token, held = done.stdout.split()
    assert os.path.dirname(path) == from_env(home.env).run
    assert (mode, held) == ("0o100600", repr(token))
    assert not os.path.lexists(path)
    for code in (0, 3):
        home.run("exec", "--server", "dev", "--", "sh", "-c", f"exit {code}")
    home.run("exec", "--server", "dev", "--", "no-such-command-here")
    assert token_files(home) == []


def test_both_are_taken_by_boto3(home, aws):
    """It reads the file where both are set."""
    aws.world.role_seconds = None
    who = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    done = home.run("exec", "--server", "dev", "--", sys.executable, "-c", who)
    assert "assumed-role/DeveloperRole" in done.stdout, done.stderr


def test_a_folder_that_takes_no_token_file(home):
    """No server then: some programs would take another identity without it."""
    home.run("exec", "dev", "--", "true")
    run = from_env(home.env).run
    os.makedirs(os.path.dirname(run), exist_ok=True)
    shutil.rmtree(run, ignore_errors=True)
    with open(run, "w"):
        pass
    failed(home.run("exec", "--server", "dev", "--", "touch", home.file("ran")), 6, run)
    assert not os.path.exists(home.file("ran"))
