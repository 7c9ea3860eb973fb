"""What providers read: commands of AWS's files, as they are split, bounded and kept from a loop, and token files."""

from __future__ import annotations

import json
import os
import sys

import pytest

from tests.unit.aws.provider_context import context
from vault import errors, limits
from vault.aws import provider_inputs
from vault.profiles.aws_files import Origin

PLACE = Origin("config", 7)


def run(tmp_path, *words, env=None, child_env=None, **more):
    command = " ".join(f'"{word}"' for word in (sys.executable, *words))
    given = context(tmp_path, env or {}, child_env=child_env, **more)
    return provider_inputs.run_command(command, key="credential_process", origin=PLACE, context=given)


@pytest.fixture
def told(tmp_path):
    """A program that tells its words and its environment."""
    path = tmp_path / "told.py"
    path.write_text("import json, os, sys\nprint(json.dumps([sys.argv[1:], dict(os.environ)]))\n")
    return str(path)


def test_the_words_of_a_command(tmp_path, told):
    """As a shell splits them; no shell looks into them."""
    words, _ = json.loads(run(tmp_path, told, "a b", "$HOME", "*", "; exit 1"))
    assert words == ["a b", "$HOME", "*", "; exit 1"]


def test_the_environment_of_a_command(tmp_path, told):
    """That for children, and how deep it is."""
    _, env = json.loads(run(tmp_path, told, env={"ONLY": "here"}, child_env={"CHILD": "yes"}))
    assert (env["CHILD"], env["AWSVAULT_DEPTH"], "ONLY" in env) == ("yes", "1", False)


@pytest.mark.parametrize(
    ("given", "level"), [("1", "2"), ("x", "1"), ("-3", "1"), ("1000", "1"), ("٣", "1"), ("", "1")]
)
def test_how_deep_a_command_is(tmp_path, told, given, level):
    """One deeper than we are; what awsvault-py did not set counts as none."""
    _, env = json.loads(run(tmp_path, told, env={"AWSVAULT_DEPTH": given}))
    assert env["AWSVAULT_DEPTH"] == level


def test_a_loop_through_other_programs_ends(tmp_path, told):
    """With the line that leads to it; the level below still runs."""
    assert run(tmp_path, told, env={"AWSVAULT_DEPTH": str(limits.MAX_DEPTH - 1)})
    with pytest.raises(errors.ConfigError, match=r"^config:7: credential_process loop: "):
        run(tmp_path, told, env={"AWSVAULT_DEPTH": str(limits.MAX_DEPTH)})


def test_a_command_that_cannot_be_split(tmp_path):
    """An open quote."""
    with pytest.raises(errors.ConfigError, match=r"^config:7: mfa_process is not a valid command line: "):
        provider_inputs.run_command('tool "a', key="mfa_process", origin=PLACE, context=context(tmp_path, {}))


@pytest.mark.parametrize("program", ["import sys; sys.exit(3)", "print('x' * 10_000_000)"])
def test_a_command_that_fails(tmp_path, program):
    """By its exit code or by too much output; the line is named."""
    with pytest.raises(errors.ConfigError, match=r"^config:7: credential_process: "):
        run(tmp_path, "-c", program)


def test_a_token_file(tmp_path):
    """Its bytes as they are."""
    path = tmp_path / "token"
    path.write_bytes(b"a.b.c\n")
    assert (
        provider_inputs.read_token_file(str(path), key="web_identity_token_file", origin=PLACE) == b"a.b.c\n"
    )


def test_a_token_file_that_is_missing(tmp_path):
    """The key, its line, and a name that cannot reach the terminal raw."""
    with pytest.raises(errors.ConfigError) as caught:
        provider_inputs.read_token_file(f"{tmp_path}/a\x1b[2J", key="web_identity_token_file", origin=PLACE)
    assert caught.value.message.startswith("config:7: web_identity_token_file names ")
    assert caught.value.message.endswith(", which does not exist")
    assert "\x1b" not in caught.value.message


def test_a_token_file_that_others_can_write(tmp_path):
    """Anyone could be signed in with it."""
    path = tmp_path / "token"
    path.write_bytes(b"x")
    os.chmod(path, 0o666)
    with pytest.raises(errors.UnsafeFile):
        provider_inputs.read_token_file(str(path), key="web_identity_token_file", origin=PLACE)
