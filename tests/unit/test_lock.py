"""scripts/lock: what is pinned fits pyproject.toml, which alone says what is asked for."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import tomllib

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HASHED = " \\\n    --hash=sha256:" + "0" * 64 + "\n"
PINNED = f"one==1.2{HASHED}two-parts==3.0 ; sys_platform == 'linux'{HASHED}"


@pytest.fixture(scope="module")
def lock():
    loader = importlib.machinery.SourceFileLoader("lock", os.path.join(ROOT, "scripts", "lock"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("lock", loader))
    loader.exec_module(module)
    return module


def test_what_each_file_holds(lock):
    """The test file has everything, groups that a group includes too; no other file says what is asked for."""
    project = {
        "project": {"dependencies": ["run"], "optional-dependencies": {"key": ["key>=2"]}},
        "build-system": {"requires": ["build"]},
        "dependency-groups": {
            "quickstart": ["quick"],
            "test": [{"include-group": "quickstart"}, "test"],
            "check": ["check"],
        },
    }
    assert lock.wanted(project) == {
        "test": ["run", "key>=2", "build", "quick", "test", "check"],
        "quickstart": ["run", "build", "quick"],
        "run": ["run"],
        "build": ["build"],
        "key": ["key>=2"],
    }
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        files = {f"{name}.txt" for name in lock.wanted(tomllib.load(file))}
    assert set(os.listdir(os.path.join(ROOT, "requirements"))) == files


def test_a_file_that_fits(lock):
    """Whatever way a name is written, with markers and extras."""
    assert not list(lock.problems(["One>=1", "two.parts[x]>=2; sys_platform == 'linux'"], PINNED, PINNED))


@pytest.mark.parametrize(
    ("requirements", "text", "said"),
    [
        (["three"], PINNED, "three is missing"),
        (["one>=2"], PINNED, "one is pinned to 1.2, but pyproject.toml wants >=2"),
        (["one"], PINNED.replace("1.2", "1.1"), "one==1.1 differs"),
        (["one"], "one==1.2\n", "one==1.2 has no hash"),
        (["one"], "--index-url x\n" + PINNED, "not a pin: --index-url x"),
    ],
)
def test_a_file_that_does_not_fit(lock, requirements, text, said):
    """The reason names the package."""
    (problem,) = lock.problems(requirements, text, PINNED)
    assert problem.startswith(said)
