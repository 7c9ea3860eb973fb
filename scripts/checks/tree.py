"""What the rules read (tracked files, parsed modules) and what they report (problems)."""

from __future__ import annotations

import ast
import os
import subprocess
from functools import cached_property
from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong, and the rule that says so. An exception (exceptions.py) that names all of its keys allows it."""

    rule: str
    keys: tuple[str, ...]
    text: str


class Module:
    """A Python file: its path and its text, parsed on first use."""

    def __init__(self, path: str, content: bytes | str) -> None:
        self.path = path
        self.text = content.decode() if isinstance(content, bytes) else content
        self.lines = self.text.count("\n")
        self.in_vault = path.startswith("vault/")
        parts = path.split("/")
        # `cli` for vault/cli/x.py and all below it; empty for vault/x.py and what is not in vault/
        self.package = parts[1] if self.in_vault and len(parts) > 2 else ""

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(ast.parse(self.text, self.path)))


def tracked() -> dict[str, bytes]:
    """Every text file that git tracks, by path."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout
    found = {}
    for name in listed.decode().split("\0"):
        if name and os.path.isfile(name):
            with open(name, "rb") as file:
                content = file.read()
            if b"\0" not in content:
                found[name] = content
    return found


def is_python(name: str, content: bytes) -> bool:
    return name.endswith(".py") or (
        name.startswith("scripts/") and content.startswith(b"#!/usr/bin/env python")
    )
