"""Names that are not ASCII are shown as they are, in errors too; in export's two lines, which SDKs capture, as escapes."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys

import pytest

from tests.home import SCENARIO, failed
from tests.patience import PATIENCE
from vault.cli import exits
from vault.errors import Usage

NAME = "b\u00fcro-\u4e2d"
WRONG = NAME + "x"


@pytest.fixture
def ready(home):
    home.config(SCENARIO + f"[profile {NAME}]\nregion = eu-west-1\nrole_arn = r\nsource_profile = {WRONG}y\n")
    home.make_vault()
    return home


@pytest.mark.parametrize(
    "words",
    [
        ["explain", WRONG],
        ["--debug", "exec", WRONG, "--", "true"],
        ["exec", WRONG, "--", "true"],
        ["login", WRONG, "--print"],
        ["remove", WRONG, "--yes"],
        ["otp", WRONG],
        ["import", WRONG],
        ["setup", WRONG],
    ],
)
@pytest.mark.usefixtures("inside")
def test_an_error_shows_the_name_as_it_is(ready, words):
    """What was typed, and what was meant."""
    done = ready.run(*words)
    assert (done.returncode, done.stdout) == (5, "")
    error, hint = done.stderr.splitlines()[-2:]
    assert WRONG in error
    assert "\\u" not in hint


@pytest.mark.parametrize("words", [[], ["--fresh"], ["--format", "env"]])
@pytest.mark.usefixtures("inside")
def test_exports_two_lines_are_ascii(ready, words):
    """On the command line and in the parser, with --debug or without."""
    failed(ready.run("export", WRONG, *words), 5, "b\\xfcro-\\u4e2dx")
    assert ready.run("--debug", "export", NAME, *words).stderr.isascii()


@pytest.mark.parametrize("words", [["explain", WRONG], ["exec", WRONG, "--", "true"], ["export", WRONG]])
def test_a_locale_that_cannot_write_it_shows_escapes(ready, words):
    """No command fails for it."""
    done = ready.run(*words, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout) == (5, "")
    assert "b\\xfcro-\\u4e2dx" in done.stderr


@pytest.mark.usefixtures("inside")
def test_what_would_change_the_line_is_escaped_everywhere(ready):
    """A bidi override, a control character, an invisible one: no terminal gets them raw."""
    done = ready.run("explain", "a\u202eb\x1b[31m\u200b")
    assert (done.returncode, done.stdout) == (5, "")
    assert "u202eb" in done.stderr
    assert not {"\u202e", "\x1b", "\u200b"} & set(done.stderr)


@pytest.mark.usefixtures("inside")
def test_what_is_shown_of_a_profile_has_its_name(ready):
    """list, explain and doctor: as the file has it."""
    assert NAME in ready.run("list", "--profiles").stdout
    ready.config(SCENARIO.replace("[profile dev]", f"[profile {NAME}]"))
    assert NAME in ready.run("explain", NAME).stdout
    assert NAME in ready.run("doctor", "--notes").stdout


class Full(io.StringIO):
    """A stream on a full disk."""

    def flush(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("stream", [Full(), None])
def test_where_nobody_can_be_told_the_exit_code_tells(monkeypatch, stream):
    """stderr is on a full disk, or closed by the caller."""
    monkeypatch.setattr(sys, "stderr", stream)
    assert exits.report(Usage("x")) == 2


@pytest.mark.parametrize(
    "words", [["export", "nosuch"], ["explain", "nosuch"], ["status"], ["help"], ["remove", "x", "--yes"]]
)
@pytest.mark.parametrize("broken", ["full", "pipe"])
def test_a_stderr_that_takes_nothing_does_not_change_the_exit_code(ready, words, broken):
    """Python would end with 120, because it writes again what is left. status tells nothing else than its text."""
    if broken == "full":
        stream = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, stream = os.pipe()
        os.close(reader)
    lost = 141 if broken == "pipe" else 6
    try:
        done = subprocess.run(
            [ready.command, *words], env=ready.env, stdin=subprocess.DEVNULL, stdout=stream if words == ["help"] else subprocess.PIPE,
            stderr=stream, timeout=PATIENCE, check=False,
        )  # fmt: skip
    finally:
        os.close(stream)
    assert done.returncode == (lost if words in (["status"], ["help"]) else 5)


def test_a_profile_that_the_locale_cannot_encode_is_no_bug(ready):
    """status looks for the session of each profile of the file."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = ready.run("status", **plain)
    assert (done.returncode, "unexpected" in done.stderr) == (0, False), done.stderr


def test_without_a_stdout_a_command_still_ends_well(home, monkeypatch, here):
    """Closed by the caller; a failure keeps its own exit code."""
    monkeypatch.setattr(sys, "stdout", None)
    assert here(home, "--version").returncode == 0
    assert here(home, "backup").returncode == 2


def test_a_hint_names_the_path_of_config_toml(ready):
    """In each way in which a command runs: export alone imports less than the others."""
    for words in (["export", "dev"], ["export", "dev", "--fresh"], ["exec", "dev", "--", "true"]):
        done = ready.run(*words, AWS_ENDPOINT_URL="http://192.0.2.1")  # refused before it is called
        failed(done, 6, f"add to {ready.env['AWSVAULT_HOME']}/config.toml: allow_http")
