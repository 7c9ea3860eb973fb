"""The pages for users of aws-vault and granted: each of their commands and options once, and lines of awsvault-py that work."""

from __future__ import annotations

import json
import os
import re
import shlex

import click
import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.home import Home
from vault.cli.command_table import ALIAS_OPTIONS, ALIASES
from vault.cli.main import build

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PAGES = {"aws-vault": "from-aws-vault.md", "assume": "from-granted.md", "granted": "from-granted.md"}
with open(os.path.join(ROOT, "tests", "data", "rivals.json"), encoding="utf-8") as opened:
    RIVALS = json.load(opened)

# What a test here cannot run: the reason, by the beginning of the line.
ELSEWHERE = {
    "awsvault-py add shared-services": "asks for a key",
    "awsvault-py add --replace shared-services": "asks for a key",
    "awsvault-py sso login": "needs a browser: tests/unit/cli/test_sso.py",
    "awsvault-py setup --sso": "needs a sign-in: tests/unit/cli/test_setup_sso.py",
    "awsvault-py import --aws-vault": "needs aws-vault's store: tests/clients/test_from_aws_vault.py",
}
CODES = {"doctor": 1}  # the passphrase in the environment of the test's home is a finding


def text_of(page):
    with open(os.path.join(ROOT, "docs", "how-to", page), encoding="utf-8") as file:
        return file.read()


def rows(page):
    """The rows of the tables of commands: program, names of the other program (the first one whole), the text beside them."""
    heading = ""
    for line in text_of(page).partition("## Every command")[2].splitlines():
        if line.startswith("### "):
            heading = line[4:]
        elif line.startswith("| `"):
            left, right = (cell.strip() for cell in line.strip("|").split(" | ", 1))
            first, *others = re.findall(r"`([^`]+)`", left)
            program = heading.split()[0]
            whole = first if first.split()[0] == program else f"{heading} {first}"
            yield program, (whole, *others), right


def facts(program):
    """The same names from the list of facts."""
    for entry in RIVALS[program]["commands"]:
        path = " ".join(filter(None, (program, entry["command"])))
        if entry["command"] or program == "assume":
            yield path, *(f"{program} {alias}" for alias in entry["aliases"])
        for flag in entry["flags"]:
            first, *others = [flag] if isinstance(flag, str) else flag
            yield f"{path} {first}", *others


ROWS = [row for page in sorted(set(PAGES.values())) for row in rows(page)]
LINES = sorted(
    {
        line.strip()
        for _, _, right in ROWS
        for span in re.findall(r"`([^`]+)`", right)
        for line in re.findall(r"awsvault-py [^|;>)\"]+", span)
    }
)


@pytest.mark.parametrize("program", sorted(RIVALS))
def test_each_command_and_option_of_the_others_is_named_once(program):
    """With its other spellings, and no other; the page says which version it is about."""
    named = [names for of, names, _ in ROWS if of == program]
    assert sorted(named) == sorted(facts(program))
    assert RIVALS[program]["version"] in text_of(PAGES[program])


def test_each_row_has_a_command_or_a_reason():
    """A line, a setting or a variable to use; otherwise why there is none."""
    for _, names, right in ROWS:
        assert right.startswith("not needed: ") or "`" in right, names


def parsed(words):
    """Let click parse the line of a command; nothing runs. Errors: those of click."""
    group = build()
    words = [word for word in words if word != "--debug"]
    context = click.Context(group, info_name="awsvault-py")
    command, name = group, words[0]
    while isinstance(command, click.Group):
        name, words = words[0], words[1:]
        found = command.get_command(context, name)
        assert found is not None, name
        words = [*ALIAS_OPTIONS.get(name, ()), *words]
        command, context = found, click.Context(found, info_name=ALIASES.get(name, name), parent=context)
    return command.make_context(ALIASES.get(name, name), words, parent=context.parent)


@pytest.mark.parametrize("line", LINES)
def test_each_line_is_one_that_the_program_takes(line):
    """Its command and its options exist, and nothing is missing."""
    parsed(shlex.split(line)[1:])


@pytest.mark.parametrize("line", [line for line in LINES if not line.startswith(tuple(ELSEWHERE))])
def test_each_line_does_what_it_says(line, home, aws, clock):
    """Against the stand-in, in the README's home. A sign-in in a browser is printed instead."""
    home.scenario()
    home.make_vault()
    words = [word.replace("123456", aws.code()).replace("~", home.root) for word in shlex.split(line)[1:]]
    env = {"SHELL": "/bin/true"}
    if "--env" in words:
        env |= {"AWS_ACCESS_KEY_ID": KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET}
    command = ALIASES.get(words[0], words[0])
    if command == "login" and not {"--print", "--stdout"} & {*words}:
        words.append("--print")
    done = Home.run(home, *words, **env)
    assert done.returncode == CODES.get(command, 0), done.stderr
    if command == "export" and "--no-session" not in words:
        assert "ASIA" in done.stdout
