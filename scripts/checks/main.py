"""Run every rule over the tracked files."""

from __future__ import annotations

from scripts.checks import mirror, modules, packages, platforms, texts
from scripts.checks.exceptions import EXCEPTIONS
from scripts.checks.tree import Module, Problem, is_python, tracked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

USAGE = "usage: scripts/check-source [--all]"


def collect() -> list[Problem]:
    """Everything that the rules find, exceptions included."""
    files = tracked()
    parsed = [Module(name, content) for name, content in files.items() if is_python(name, content)]
    found = [problem for name, content in files.items() for problem in texts.problems(name, content)]
    for each in parsed:
        found += modules.problems(each)
        found += platforms.problems(each)
    found += mirror.problems(files)
    vault = [each for each in parsed if each.in_vault]
    found += packages.class_names(vault)
    found += packages.sizes(vault)
    found += packages.cycles(packages.imports_of("vault"))
    return found


def judge(found: Collection[Problem], exceptions: Mapping[str, Collection[str]]) -> list[str]:
    """What to report: problems that no exception allows, and exceptions that are no longer needed."""
    said = [each.text for each in found if not set(each.keys) <= set(exceptions.get(each.rule, ()))]
    needed = {(each.rule, key) for each in found for key in each.keys}
    said += [
        f"scripts/checks/exceptions.py: {rule}: {key} no longer needs an exception: remove it"
        for rule, keys in exceptions.items()
        for key in sorted(keys)
        if (rule, key) not in needed
    ]
    return said


def main(arguments: Collection[str]) -> int | str:
    if set(arguments) - {"--all"}:
        return USAGE
    said = judge(collect(), {} if "--all" in arguments else EXCEPTIONS)
    print("\n".join(said), end="\n" if said else "")
    return 1 if said else 0
