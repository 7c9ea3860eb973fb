"""What doctor looks at: files in plaintext, modes, work trees, programs and sockets. Whatever is wrong there is a fact."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess

import pytest

from vault import __version__, limits
from vault.doctor.gather import gather

SESSION = {"Credentials": {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE"}}


def facts(home, **more):
    return gather(home.context(), network=False, **more)


def write(path, content, mode=0o600):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb", opener=lambda p, f: os.open(p, f, 0o600)) as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(path, mode)
    return path


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"Credentials": "none"}', b"\xff\xfe", b"[" * 50_000, b'{"ProviderType": "sso"}'],
)
def test_only_a_session_in_the_cache_of_the_aws_cli_is_one(home, content):
    """The folder has other files too; none of them ends the search."""
    cache = os.path.join(home.root, ".aws/cli/cache")
    found = write(f"{cache}/b.json", json.dumps(SESSION))
    write(f"{cache}/a.json", content)
    write(f"{cache}/c.txt", json.dumps(SESSION))
    assert facts(home).cli_cache == (found,)


def test_modes_are_those_of_files_that_belong_to_the_user(home, tmp_path):
    """A link is left out: its target may be anyone's."""
    vault = home.context().paths.vault
    os.chmod(vault, 0o640)
    os.rename(home.config_path, tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", home.config_path)
    modes = facts(home).modes
    assert stat.S_IMODE(modes[vault]) == 0o640
    assert home.config_path not in modes
    assert home.credentials_path not in modes


def test_a_file_that_git_would_commit_is_named_with_its_work_tree(home):
    """Until git ignores it."""
    folder = os.path.dirname(home.config_path)
    subprocess.run(["git", "init", "-q", folder], check=True, env=home.env)
    assert (home.config_path, folder) in facts(home).unignored
    write(f"{folder}/.gitignore", "config\n")
    assert facts(home).unignored == ()


def test_a_variable_of_git_does_not_hide_a_work_tree(home):
    """Inside a hook of git, GIT_DIR names the repository of the hook."""
    folder = os.path.dirname(home.config_path)
    subprocess.run(["git", "init", "-q", folder], check=True, env=home.env)
    write(f"{folder}/.gitignore", "config\n")
    home.env["GIT_DIR"] = "/nowhere"
    assert facts(home).unignored == ()


def entries(home, name, content):
    write(os.path.join(home.context().paths.sessions, name), content)


@pytest.mark.parametrize("size", [0, 1, limits.ENTRY_BLOCK + 1, limits.MAX_ENTRY + limits.ENTRY_BLOCK])
def test_a_file_of_a_size_that_no_session_has_is_unreadable(home, size):
    """Locks and temporary files are not looked at."""
    entries(home, "x", bytes(size))
    entries(home, "x.lock", b"")
    entries(home, ".x", b"x")
    entries(home, "whole", bytes(limits.ENTRY_BLOCK))
    assert [os.path.basename(path) for path in facts(home).unreadable_sessions] == ["x"]


def program(home, name, text, mode=0o700):
    return write(os.path.join(home.root, "bin", name), text, mode)


def called(home, word):
    home.config(f"[profile x]\ncredential_process = {word} export x\n")
    return facts(home).programs[word]


def test_a_program_is_found_by_its_path_and_on_the_path(home):
    """A profile may name it either way; PATH is that of the user's shell."""
    path = program(home, "other", "#!/bin/sh\n")
    assert called(home, path) == (path, True, None)
    home.env["PATH"] = os.path.dirname(path)
    assert called(home, "other") == (path, True, None)
    assert called(home, "another") == (None, False, None)


def test_a_program_that_cannot_be_run_does_not_run(home):
    """A file without the mode for it, and a folder."""
    plain = program(home, "plain", "#!/bin/sh\n", 0o600)
    assert called(home, plain) == (plain, False, None)
    assert called(home, home.root) == (home.root, False, None)


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("echo awsvault-py 0.0.1", "0.0.1"),
        (f"echo awsvault-py {__version__}", None),
        ("exit 3", "unknown"),
    ],
)
def test_another_copy_of_the_program_is_asked_for_its_version(home, says, version):
    """Two copies of one version are no difference."""
    path = program(home, "awsvault-py", f"#!/bin/sh\n{says}\n")
    assert called(home, path) == (path, True, version)


def test_a_program_of_another_name_is_not_run(home):
    """It might do anything."""
    path = program(home, "other", f"#!/bin/sh\ntouch {home.root}/ran\n")
    called(home, path)
    assert not os.path.exists(f"{home.root}/ran")


def test_a_socket_that_nobody_listens_at_is_silent(home):
    """And without one there is no agent."""
    assert facts(home).agent == "none"
    path = home.context().paths.socket
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path)
    assert facts(home).agent == "silent"


def test_a_broken_file_of_aws_is_a_fact(home):
    """Everything else is looked at nevertheless."""
    home.config("[profile x\n")
    found = facts(home)
    assert "config" in found.files_error
    assert (found.files, found.programs, found.has_vault) == (None, {}, True)
    assert found.opened is not None


def test_broken_settings_keep_the_vault_closed(home):
    """They may say how it is to be opened."""
    home.settings("no such line\n", trusted=())
    found = facts(home)
    assert found.settings is None
    assert "config.toml" in found.settings_error
    assert (found.opened, found.why_locked) == (None, "config.toml is wrong")


def test_a_vault_that_does_not_open_without_a_prompt_is_locked(home):
    """Doctor asks for nothing. Its header, backup and pin are known."""
    home.env.pop("AWSVAULT_PASSPHRASE_FILE")
    found = facts(home)
    assert found.opened is None
    assert "locked" in found.why_locked
    assert found.header is not None
    assert (found.backup, found.had_pin) == (found.header.gen, True)


def test_a_damaged_vault_is_a_fact(home):
    """With the error that any command would show."""
    write(home.context().paths.vault, b"damaged")
    found = facts(home)
    assert "vault.avlt" in found.vault_error
    assert (found.has_vault, found.header, found.why_locked) == (True, None, "it cannot be read")
