"""The rule for tests/unit: it mirrors vault/, so that the tests of a module are found by its name."""

from __future__ import annotations

import os
from collections import defaultdict

from scripts.checks.tree import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def problems(paths: Iterable[str]) -> Iterator[Problem]:
    """The modules of vault/ without a tests/unit/PACKAGE/test_MODULE.py or test_MODULE_*.py."""
    modules, tests = defaultdict(dict), defaultdict(list)
    for path in paths:
        folder, name = os.path.split(path)
        top, _, package = folder.partition("/")
        if top == "vault" and name.endswith(".py") and name != "__init__.py":
            modules[package][_stem(name)] = path
        elif folder == "tests/unit" or folder.startswith("tests/unit/"):
            tests[package.partition("/")[2]].append(name)
    for package, stems in sorted(modules.items()):
        tested = {_owner(name, stems) for name in tests[package]}
        for stem, path in sorted(stems.items()):
            if stem not in tested:
                place = "/".join(filter(None, ("tests/unit", package, f"test_{stem}")))
                text = f"{path}: it has no tests of its name: add {place}.py or {place}_*.py"
                yield Problem("mirror", (path,), text)


def _stem(name: str) -> str:
    return name.removesuffix(".py").strip("_")


def _owner(test: str, stems: Iterable[str]) -> str | None:
    """The module that a test file belongs to: of ``prompt`` and ``prompt_line``, the longer name that fits."""
    if not test.startswith("test_"):
        return None
    name = test.removeprefix("test_").removesuffix(".py")
    fitting = [stem for stem in stems if name == stem or name.startswith(f"{stem}_")]
    return max(fitting, key=len, default=None)
