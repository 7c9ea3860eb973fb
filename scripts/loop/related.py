"""Which tests belong to a file. tests/unit mirrors vault/; a module without a test of its name gets those that import it."""

from __future__ import annotations

import os
import re
import subprocess
from glob import glob

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 4  # test files that only import the module: more would take too long


def changed() -> list[str]:
    """The files that differ from the last commit, including new ones; if there are none, those of the last commit."""
    now = lines("diff", "--name-only", "HEAD") + lines("ls-files", "--others", "--exclude-standard")
    return now or lines("diff", "--name-only", "HEAD~1", "HEAD")


def lines(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def tests_of(paths: Iterable[str]) -> list[str]:
    """The test files to run, without duplicates."""
    found = [test for path in paths for test in _tests_of(path) if os.path.exists(test)]
    return list(dict.fromkeys(found))


def _tests_of(path: str) -> list[str]:
    folder, name = os.path.split(path)
    if folder.split("/")[0] == "tests":
        return [path] if name.startswith("test_") or os.path.isdir(path) else []
    stem = name.removesuffix(".py").strip("_").replace("-", "_")
    if folder.split("/")[0] == "scripts":
        return sorted(glob(f"tests/unit/test_{stem}.py"))
    if folder.split("/")[0] != "vault" or not name.endswith(".py"):
        return []
    mirror = "/".join(["tests/unit", *folder.split("/")[1:]])
    return sorted({*glob(f"{mirror}/test_{stem}.py"), *glob(f"{mirror}/test_{stem}_*.py")}) or importers(
        path, mirror
    )


def importers(path: str, mirror: str, *, most: int = MOST) -> list[str]:
    """The tests in the mirrored folder that import the module, ``most`` of them; if there are none, those elsewhere in tests/unit."""
    package, _, module = path.removesuffix(".py").replace("/", ".").rpartition(".")
    words = re.compile(
        rf"^\s*(from {re.escape(package)}\.{module} import|import {re.escape(package)}\.{module}\b"
        rf"|from {re.escape(package)} import .*\b{module}\b)",
        re.MULTILINE,
    )
    near = [test for test in sorted(glob(f"{mirror}/**/test_*.py", recursive=True)) if names(test, words)]
    far = near or [
        test for test in sorted(glob("tests/unit/**/test_*.py", recursive=True)) if names(test, words)
    ]
    return far[:most]


def names(path: str, words: re.Pattern[str]) -> bool:
    with open(path, encoding="utf-8") as file:
        return words.search(file.read()) is not None
