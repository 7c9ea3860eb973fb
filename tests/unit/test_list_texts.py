"""scripts/list-texts: a reviewer of the texts gets every one with its place, and little else."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from textwrap import dedent

import click

from scripts.texts import main
from scripts.texts.extract import comments_of, docstrings_of, error_names, texts_of
from vault.cli.main import build

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def texts(source):
    """What is found: role → texts."""
    tree = ast.parse(dedent(source))
    found = {}
    for text in texts_of(tree, error_names([tree])):
        found.setdefault(text.role, []).append(text.text)
    return found


def test_help_is_a_text_and_other_docstrings_are_not():
    """Of commands and groups, with their options' help and metavars, but not the options' names."""
    found = texts('''
        """What the module is."""
        @click.command(name="add")
        @click.option("--from-profile", "from_profile", metavar="[P]...", help="Take the key of P.")
        def command(context, from_profile: "str | None"):
            """Store an access key.

            AWS is asked about it.
            """
        class Store:
            """Where a key is."""
            limit = 3
            """How many there are."""
    ''')
    assert found == {
        "help": ["Take the key of P.", "Store an access key.\n\nAWS is asked about it."],
        "metavar": ["[P]..."],
    }


def test_errors_and_hints():
    """Raised, returned or kept; of one word too; with the values that they name as holes."""
    found = texts("""
        class Refused(ValueError):
            hint = "try again"
        class Denied(Refused): ...
        def f(profile):
            raise Denied(f"profile {safe(profile.name, limit=60)}: {', '.join(sorted(left_out))}", hint="wait")
            return Refused("locked")
    """)
    assert found == {
        "hint": ["try again", "wait"],
        "Denied": ["profile {name}: {left_out}"],
        "Refused": ["locked"],
    }


def test_parts_of_a_sentence():
    """A choice of two, a sum, a template, a list of parts, and what a call in a hole says."""
    found = texts("""
        say(f"{n} session{'' if n == 1 else 's'} left" + (", all of them cached" if cached else ""))
        say("last used %s ago" % span)
        say(f"it holds: {', '.join(f'{name} (line {line})' for name, line in found)}")
        say(f"not there: {reason('no such file')}")
        state = "open" if opened else "locked manually"
        SAID = {"held": "locked by you"}
    """)
    assert found == {
        "say": [
            "{n} session{|s} left{, all of them cached|}",
            "last used %s ago",
            "it holds: {{name} (line {line}) …}",
            "not there: {reason}",
        ],
        "reason": ["no such file"],
        "state": ["open", "locked manually"],
        "SAID": ["locked by you"],
    }


def test_tables():
    """Headings, in their order."""
    assert texts("table(('PROFILE', 'LAST USED', 'AGE'), rows)") == {"table": ["PROFILE", "LAST USED", "AGE"]}


def test_what_programs_read_is_no_text():
    """Keys, compared and searched strings, patterns, headers, annotations, names, addresses."""
    found = texts("""
        __all__ = ["some name"]
        answer = {"a key": 1}["a key"]
        if said == "the answer is" or said in ("one text", "two texts"): ...
        match said:
            case "as it was": ...
        re.compile("to perform: (x)")
        text.replace("old words", "new words").startswith("the end")
        fields.get("the name", "nothing at all")
        Literal["a b", "c d"]
        value: "dict of strings" = 3
        send("Connection: close", "AKIAIOSFODNN7EXAMPLE", "https://sts.amazonaws.com/", f"https://{host}/x", f"arn:{p}:iam")
        raise AssertionError("this cannot be")
        level("warning")
    """)
    assert found == {"get": ["nothing at all"]}


def test_docstrings_and_comments():
    """On demand: a comment of several lines is one, and what is said to tools is none."""
    source = dedent('''
        """What the module is."""
        # A reason
        # of two lines.
        x = 1  # beside
        y = 2  # noqa: S101  # with a reason
        @click.group()
        def f():
            """Help."""
        def g():
            """What g does."""
    ''')
    assert [(text.line, text.text) for text in comments_of(source)] == [
        (3, "A reason of two lines."),
        (5, "beside"),
        (6, "with a reason"),
    ]
    assert [text.text for text in docstrings_of(ast.parse(source))] == ["What the module is.", "What g does."]


def listed_of_the_program():
    return "\n".join(main.listed([os.path.join(ROOT, main.PACKAGE)]))


def commands_below(command, context):
    yield command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from commands_below(command.get_command(context, name), context)


def test_nothing_that_click_shows_is_missing():
    """Every help text of every command, option and argument of the real program."""
    text = " ".join(listed_of_the_program().split())
    group = build()
    count = 0
    for command in commands_below(group, click.Context(group)):
        shown = [command.help, command.short_help]
        shown += [part for param in command.params for part in (getattr(param, "help", None), param.metavar)]
        for each in filter(None, shown):
            count += 1
            assert " ".join(each.replace("\b", "").split()) in text, (command.name, each)
    assert count > 100


def test_the_command_writes_a_file(tmp_path):
    """With a heading a module, and FILE:LINE at each text."""
    module = tmp_path / "deep" / "errors.py"
    module.parent.mkdir()
    module.write_text(
        'class Gone(Exception):\n    """Not there."""\n    hint = "look up\\x1b again"\n\n\n# A comment.\n'
    )
    output = tmp_path / "texts"
    script = os.path.join(ROOT, "scripts", "list-texts")
    subprocess.run([sys.executable, script, "-o", output, tmp_path], check=True)
    assert output.read_text() == f"# {module}\n{module}:3: [hint] look up\\x1b again\n"
    done = subprocess.run(
        [sys.executable, script, "--docstrings", module], check=True, capture_output=True, text=True
    )
    assert "[docstring of Gone] Not there." in done.stdout
    assert "[comment] A comment." in done.stdout
