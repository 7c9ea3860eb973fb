"""CONTRIBUTING.md against the repository: the scripts, steps and limits that it names are the real ones."""

from __future__ import annotations

import os
import re

from scripts.checks import modules, packages
from scripts.loop.steps import SLOW, STEPS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def page():
    with open(os.path.join(ROOT, "CONTRIBUTING.md"), encoding="utf-8") as file:
        return file.read()


def test_the_scripts_are_there():
    """Each can be run."""
    named = set(re.findall(r"scripts/([a-z-]+)", page())) | set(re.findall(r"`(make-[a-z-]+)`", page()))
    assert len(named) > 10
    for name in named:
        assert os.access(os.path.join(ROOT, "scripts", name), os.X_OK), name


def test_the_steps_and_limits_are_real():
    """A limit or a step that changes is changed in the page too."""
    steps = re.search(r"# only some checks: ([a-z, ]+)\n", page())[1]
    assert set(steps.split(", ")) == set(STEPS) - SLOW
    limits = (modules.LONGEST_MODULE, modules.LONGEST_FUNCTION, packages.LARGEST_PACKAGE)
    said = re.search(r"at most (\d+) lines, a function (\d+), and a package ([\d,]+) ", page()).groups()
    assert tuple(int(number.replace(",", "")) for number in said) == limits
