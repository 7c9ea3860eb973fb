"""List the texts that a user can see: a heading for each module, then FILE:LINE, the role and the text."""

from __future__ import annotations

import argparse
import ast
import os
import sys

from scripts.texts.extract import Text, comments_of, docstrings_of, error_names, texts_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PACKAGE = "vault"


def modules(folder: str) -> Iterator[str]:
    """The path of a module, or of all modules below a folder."""
    if os.path.isfile(folder):
        yield folder
    for place, folders, files in os.walk(folder):
        folders.sort()
        yield from (os.path.join(place, file) for file in sorted(files) if file.endswith(".py"))


def listed(paths: Sequence[str], *, docstrings: bool = False) -> Iterator[str]:
    """The lines of the list."""
    sources = {}
    for path in (path for folder in paths for path in modules(folder)):
        with open(path, encoding="utf-8") as file:
            sources[path] = file.read()
    trees = {path: ast.parse(source, path) for path, source in sources.items()}
    errors = error_names(trees.values())
    for path, tree in trees.items():
        found = texts_of(tree, errors)
        if docstrings:
            found = sorted(
                [*found, *docstrings_of(tree), *comments_of(sources[path])], key=lambda text: text.line
            )
        if found:
            yield f"\n# {path}"
            yield from (line(path, text) for text in found)


def line(path: str, text: Text) -> str:
    """One text. Its further lines are indented, and control characters escaped."""
    shown = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text.text.strip("\n"))
    return f"{path}:{text.line}: [{text.role}] " + "\n    ".join(shown.split("\n"))


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="scripts/list-texts", description=__doc__)
    parser.add_argument("--docstrings", action="store_true", help="also list docstrings and comments")
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of standard output")
    parser.add_argument(
        "paths", nargs="*", metavar="PATH", default=[PACKAGE], help="modules or folders; default: all"
    )
    given = parser.parse_args(arguments)
    text = "\n".join(listed(given.paths, docstrings=given.docstrings)).lstrip("\n") + "\n"
    if given.output:
        with open(given.output, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        sys.stdout.write(text)
