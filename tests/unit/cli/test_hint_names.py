"""Each command that a message tells a user to run is whole: it exists, and a NAME stands where the command wants one."""

from __future__ import annotations

import ast
import glob
import os
import re
import shlex

import click
import pytest

from tests.fakes.example import SERIAL
from tests.home import SCENARIO, failed
from vault.cli.main import build

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
WANT_A_NAME = {"add"}  # whose NAME is looked at by the command itself, for words of its own
CALL = re.compile(r"awsvault-py((?: [^\s;,:()`'\"]+)+)")


def texts(tree):
    """Every text of a module but its docstrings; what an f-string puts in is shown as ``NAME``."""
    nodes = list(ast.walk(tree))
    inner = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docs = {
        id(node.body[0].value)
        for node in nodes
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "NAME" for part in node.values)
        elif (
            isinstance(node, ast.Constant) and isinstance(node.value, str) and not {id(node)} & (inner | docs)
        ):
            yield node.value


def calls():
    """The command lines of awsvault-py in the texts of ``vault/``, as words after the program's name."""
    for path in sorted(glob.glob(os.path.join(ROOT, "vault", "**", "*.py"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            source = file.read()
        if "awsvault-py" not in source:
            continue
        for text in texts(ast.parse(source)):
            for found in CALL.finditer(text):
                yield os.path.relpath(path, ROOT), found[1].split()


def command_of(words):
    """The command that the words begin with, its path, and the words after it; None where they name none."""
    at, path, group = 0, [], build()
    while at < len(words) and isinstance(group, click.Group):
        under = group.get_command(click.Context(group), words[at])
        if under is None:
            break
        group, at = under, at + 1
        path.append(words[at - 1])
    return (group, " ".join(path), words[at:]) if path else None


CALLS = sorted({(path, " ".join(words)) for path, words in calls()})


def test_the_texts_are_found():
    """The scan sees plain strings and f-strings."""
    lines = [line for _, line in CALLS]
    assert any(line.startswith("mfa resync NAME") for line in lines)
    assert any(line.startswith("mfa remove NAME --deactivate") for line in lines)
    assert len(CALLS) > 60


@pytest.mark.parametrize(("path", "line"), CALLS)
def test_a_command_that_wants_a_name_has_one(path, line):
    """``run: awsvault-py mfa resync`` would end with another error."""
    found = command_of(line.split())
    if found is None or "--help" in line:
        return  # options of the program itself, or words about it
    command, name, rest = found
    wanted = [one for one in command.params if isinstance(one, click.Argument) and one.required]
    given = [word for word in rest if not word.startswith("-")]
    least = max(len(wanted), int(name in WANT_A_NAME))
    assert len(given) >= least, f"{path}: awsvault-py {line}"


@pytest.fixture
def ready(home, inside):
    home.scenario()
    home.make_vault()
    return home


def hint_of(done):
    return done.stderr.splitlines()[1]


def test_codes_that_aws_refuses_lead_to_the_device(ready, aws):
    """The hint's command is whole, and runs: AWS knows the device's clock after it."""
    aws.faults.add(
        "GetSessionToken", "refuse", status=403, code="AccessDenied", times=2,
        message="MultiFactorAuthentication failed with invalid MFA one time pass code. ",
    )  # fmt: skip
    done = ready.run("export", "dev")
    failed(done, 7, f"awsvault-py mfa resync {SERIAL}")
    words = shlex.split(hint_of(done).partition("run: awsvault-py ")[2])
    again = ready.run(*words)
    assert again.returncode == 0, again.stderr


def test_a_code_that_nobody_knows_leads_to_the_entry(home):
    """The entry's own name, quoted, though the profile has another."""
    home.config(SCENARIO.replace("[profile dev]", "[profile some]"))
    home.make_vault(seed=None)
    failed(home.run("export", "some"), 3, "awsvault-py mfa add shared-services", "--mfa-code")
