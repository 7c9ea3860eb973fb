"""The value of credential_process: the same words by a shell, without one, and by botocore; a program that is there."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys

import pytest
from botocore.compat import compat_shell_split

from vault.errors import ConfigError
from vault.keys.entry_names import check_name
from vault.migrate import own_command

NAMES = (
    "dev",
    "my dev",
    "team/colleague",
    "someone@example.com",
    "a.b-c_d",
    "prod+eu:1",
    "R&D <a|b> (x)*?!",
    "bücher",
)


@pytest.fixture(params=["tools", "my tools"])
def program(request, tmp_path):
    """A program named awsvault-py that prints its arguments; once in a folder with a space."""
    folder = tmp_path / request.param
    folder.mkdir()
    path = folder / "awsvault-py"
    path.write_text(f"#!{sys.executable} -S\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\n")
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize("name", NAMES)
def test_every_way_of_running_it_gives_the_same_words(program, name):
    """Go, JavaScript and Java use `sh -c`, Python splits the line itself: nothing is expanded, nothing is lost."""
    words = own_command.program_words({"PATH": ""}, argv0=program)
    value = own_command.process_value(words, check_name(name), ("--no-session", "--duration", "90m"))
    wanted = ["export", name, "--no-session", "--duration", "90m"]
    for line in (compat_shell_split(value), shlex.split(value), ["/bin/sh", "-c", value]):
        done = subprocess.run(line, env={}, cwd="/", capture_output=True, check=True)
        assert json.loads(done.stdout) == wanted
    assert own_command.options(value) == ("--no-session", "--duration", "90m")


@pytest.mark.parametrize("odd", ["$HOME", "a;b", "it's", 'x"y', "back\\slash", "~", "new\nline", "50%"])
def test_a_path_with_special_characters_is_refused(odd, tmp_path):
    """Exit 6 with a way out, rather than a line that works in only one tool."""
    with pytest.raises(ConfigError) as raised:
        own_command.program_words({}, argv0=str(tmp_path / odd / "awsvault-py"))
    assert "without special characters" in raised.value.hint


def test_the_link_that_was_called_is_kept(tmp_path):
    """An update moves its target."""
    link = tmp_path / "awsvault-py"
    link.symlink_to("/somewhere/1.0/awsvault-py")
    assert own_command.program_words({}, argv0=str(link)) == (str(link),)
    beside = os.path.join(os.path.dirname(sys.executable), "awsvault-py")
    assert own_command.program_words({}, argv0="/x/python -m vault") == (beside,)


@pytest.mark.parametrize(
    ("command", "program"),
    [
        ("aws-vault export --format=json dev", "aws-vault"),
        ("/opt/bin/aws-vault exec dev --json", "aws-vault"),
        ("aws-vault exec other --json", None),
        ("aws-vault list dev", None),
        ("granted credential-process --profile=dev", "granted"),
        ("granted credential-process --auto-login --profile dev", "granted"),
        ("granted credential-process --profile=other", None),
        ("granted sso dev", None),
        ('granted "', None),
        ("", None),
    ],
)
def test_which_program_serves_the_profile(command, program):
    """Only a call for this very profile is replaced after its key has moved."""
    assert own_command.importable_from(command, "dev") == program


@pytest.mark.parametrize("on_path", [True, False])
def test_the_command_is_searched_if_it_is_not_beside_python(tmp_path, monkeypatch, on_path):
    """A Python without scripts: the command on the PATH, else the module with this Python."""
    python = str(tmp_path / "python")
    monkeypatch.setattr(sys, "executable", python)
    found = tmp_path / "tools" / "awsvault-py"
    found.parent.mkdir()
    if on_path:
        found.write_text("#!/bin/sh\n")
        found.chmod(0o755)
    words = own_command.program_words({"PATH": str(found.parent)}, argv0="/x/other")
    assert words == ((str(found),) if on_path else (python, "-P", "-m", "vault"))


@pytest.mark.parametrize(
    ("command", "wanted"), [("/opt/tool get", "/opt/tool"), ('"/my tools/tool" x', "/my tools/tool"), ("", None), ('tool "', None)]
)  # fmt: skip
def test_the_program_of_a_command(command, wanted):
    """Its first word; none if the command is empty or cannot be split."""
    assert own_command.program(command) == wanted


@pytest.mark.parametrize("command", ["/opt/tool export dev", ""])
def test_another_programs_command_has_no_options(command):
    """Nothing of it is kept."""
    assert own_command.options(command) == ()
