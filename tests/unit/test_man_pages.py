"""docs/man: a page for each command, with the words of --help, that man and mandoc read without a complaint."""

from __future__ import annotations

import glob
import os
import re
import subprocess
import tomllib

import click
import pytest

from scripts.reference import roff
from tests.patience import PATIENCE
from vault.cli.main import build

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = os.path.join(ROOT, "docs", "man")
FILES = sorted(glob.glob(os.path.join(PAGES, "*")))


def every(group, context):
    """Each command by the name of its page, with its context."""
    yield context.command_path.replace(" ", "-"), context
    for name in group.list_commands(context) if isinstance(group, click.Group) else ():
        below = group.get_command(context, name)
        yield from every(below, click.Context(below, info_name=name, parent=context))


COMMANDS = dict(every(build(), click.Context(build(), info_name="awsvault-py")))


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False, **more)


@pytest.fixture(scope="module")
def rendered():
    """Each page as mandoc shows it, each blank a single one."""
    found = {}
    for path in FILES:
        done = run("mandoc", "-Tutf8", "-Owidth=160", path, env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0
        found[os.path.basename(path)[:-2]] = " ".join(re.sub(r".\x08", "", done.stdout).split())
    return found


def test_there_is_a_page_for_each_command():
    """Groups and subcommands too; and no other. The wheel installs the folder where man looks."""
    assert {os.path.basename(path) for path in FILES} == {f"{name}.1" for name in COMMANDS}
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        wheel = tomllib.load(file)["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["shared-data"] == {"docs/man": "share/man/man1"}


def test_mandoc_has_no_warning():
    """Of all pages."""
    done = run("mandoc", "-Tlint", "-Wwarning", *FILES)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_man_shows_each_without_a_warning():
    """As groff's macros see them."""
    done = run(
        "man",
        "-l",
        "--warnings=w",
        *FILES,
        env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8", "MANPAGER": "cat"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    for name in COMMANDS:
        assert f"{name.upper()}(1)" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_page_says_what_help_says(name, rendered):
    """Each paragraph and each option with its text, as they are typed: no hyphen that a shell does not know."""
    context = COMMANDS[name]
    for paragraph in re.split(r"\n\s*\n", context.command.help):
        assert " ".join(paragraph.replace("`", "").replace("…", "...").split()) in rendered[name]
    for parameter in context.command.get_params(context):
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context)):
            assert " ".join(" ".join(record).replace("…", "...").split()) in rendered[name]
    if context.parent is not None:
        assert f"{context.command_path} " in rendered[name].partition("DESCRIPTION")[0]


def test_the_programs_page_has_environment_and_exit_codes(rendered):
    """What a user looks for there."""
    text = rendered["awsvault-py"]
    for word in ("AWSVAULT_HOME", "WrongPassphrase", "130 interrupted", "awsvault-py-mfa-add"):
        assert word in text if word != "awsvault-py-mfa-add" else word in rendered["awsvault-py-mfa"]


@pytest.mark.parametrize(
    "text",
    [
        ".SH not a heading",
        "'so /etc/passwd",
        "a \\fBb\\e -c --d",
        "'quoted' \"double\"",
        "~/.aws ^x …",
        "word " * 30 + ". .dot 'tick",
    ],
)
def test_any_text_is_shown_as_it_is(text, tmp_path):
    """Nothing in a text is a command of roff."""
    page = roff.page(
        "a-b",
        date="2026-01-02",
        version="1",
        sections=[("name", [r"a\-b \- c"]), ("description", [roff.marked(text)])],
    )
    path = tmp_path / "a-b.1"
    path.write_text(page, encoding="utf-8")
    for words in (("mandoc", "-Tutf8"), ("man", "-l", "--warnings=w")):
        done = run(
            *words, str(path), env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "300", "MANPAGER": "cat"}
        )
        assert (done.returncode, done.stderr) == (0, "")
        shown = " ".join(re.sub(r".\x08", "", done.stdout).split())
        assert " ".join(text.split()).replace("…", "...") in shown
