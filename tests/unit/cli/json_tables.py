"""docs/reference/json.md as a table of each command, and the comparison with what the command prints."""

from __future__ import annotations

import json
import os
import re

import click

from tests.terminal_user import Terminal

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PAGE = os.path.join(ROOT, "docs", "reference", "json.md")
TYPES = {
    "object": dict,
    "text": str, "time": str, "seconds": int, "number": int, "boolean": bool, "list of texts": list, "list of objects": list,
}  # fmt: skip
TIME = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def page():
    """The text of docs/reference/json.md."""
    with open(PAGE, encoding="utf-8") as file:
        return file.read()


def tables():
    """The tables of the page: title → field → (type, when it is present)."""
    found, rows = {}, {}
    for line in page().splitlines():
        if line.startswith("### "):
            rows = found[line[4:].strip()] = {}
        elif match := re.fullmatch(r"\| `(.+?)` \| (.+?) \| (.+?) \| .*\|", line):
            assert match[1] not in rows, "documented twice"
            rows[match[1]] = (match[2], match[3])
    return found


WRITTEN = tables()


def walk(value, path=""):
    """Each object below ``value``, itself first, with the paths that the page has for it; and its fields."""
    kind = value.get("type")
    yield [path] if kind is None else [path, path.removesuffix("[]") + f"[{kind}]"], value
    for name, held in value.items():
        for item in held if isinstance(held, list) else ():
            if isinstance(item, dict):
                yield from walk(item, (path + "." if path else "") + name + "[]")


def compare(title, *documents):
    """Fail unless all these documents together have exactly the fields of the table ``title``, and each of the form it says."""
    rows, seen = WRITTEN[title], set()
    for document in documents:
        for paths, found in walk(document):
            prefixes = [path + "." if path else "" for path in paths]
            for name, held in found.items():
                at = next((p + name for p in reversed(prefixes) if p + name in rows), None)
                assert at is not None, f"{title}: {prefixes[-1]}{name} is not documented"
                seen.add(at)
                check(f"{title}: {at}", rows[at][0], held)
            for at, (_, when) in rows.items():
                above, _, name = at.rpartition(".")
                assert above not in paths or when != "always" or name in found, f"{title}: {at} is absent"
    assert set(rows) == seen, title


def check(where, kind, held):
    if kind.startswith("one of "):
        assert held in re.findall(r"`(.+?)`", kind), (where, held)
        return
    assert type(held) is TYPES[kind], (where, held)
    assert kind != "time" or TIME.fullmatch(held), (where, held)
    inner = {"list of texts": str, "list of objects": dict}.get(kind)
    assert inner is None or all(type(item) is inner for item in held), (where, held)


def printed(home, *words, code=0, **env):
    """The document that a command prints: nothing else is on stdout."""
    done = home.run(*words, **env)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def extend(home, text):
    with open(home.config_path, "a", encoding="utf-8") as file:
        file.write(text)


def commands(group, path=()):
    for name in group.list_commands(None):
        below = group.get_command(None, name)
        if isinstance(below, click.Group):
            yield from commands(below, (*path, name))
        else:
            yield " ".join((*path, name)), below


def typed(home, words, *answers, **env):
    """The document that a command prints at a terminal, which has its prompts and messages too."""
    person = Terminal(home, *words, "--json", **env)
    for question, answer in answers:
        person.answers(question, answer)
    assert person.ends() == 0, person.shown
    return json.loads("{" + person.shown.rpartition("\n{")[2])
