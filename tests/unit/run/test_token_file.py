"""The endpoint's token in a file."""

from __future__ import annotations

import os
import shutil
import sys

import pytest

from tests.home import failed
from vault import errors
from vault.run import token_file
from vault.run.token_file import NamedTokenFile, new_token
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


def test_a_named_token_is_the_users_alone_and_removed(tmp_path):
    """In the process that made it, and by the keeper of a killed server."""
    tmp_path.chmod(0o700)
    for end in (NamedTokenFile.remove, NamedTokenFile.unlink):
        made = NamedTokenFile(str(tmp_path / "s.token"), new_token())
        assert (tmp_path / "s.token").stat().st_mode == 0o100600
        end(made)
        assert os.listdir(tmp_path) == []


def test_a_killed_servers_token_is_replaced_and_the_old_server_leaves_the_new_one(tmp_path):
    """The keeper of the killed server removes its own token only."""
    tmp_path.chmod(0o700)
    path = tmp_path / "s.token"
    killed = NamedTokenFile(str(path), new_token())
    token = new_token()
    made = NamedTokenFile(str(path), token)
    killed.unlink()
    assert path.read_text() == token
    made.remove()
    assert not path.exists()


@pytest.mark.parametrize(
    "content", ["", "x" * 42, "x" * 44, "x" * 42 + "=", "x" * 42 + "\n", "\u00e9" + "x" * 41]
)
def test_what_is_no_token_is_not_replaced(tmp_path, content):
    """A token is 43 characters of base64url and nothing else."""
    tmp_path.chmod(0o700)
    path = tmp_path / "s.token"
    path.write_text(content)
    path.chmod(0o600)
    for refuse in (
        lambda: token_file.check(str(tmp_path / "s")),
        lambda: NamedTokenFile(str(path), new_token()),
    ):
        with pytest.raises(errors.UnsafeFile, match="may replace"):
            refuse()
    assert path.read_text() == content


def test_a_token_looks_like_one():
    """Otherwise the file of a killed server would never be replaced."""
    assert token_file._is_token(new_token().encode("ascii"))
