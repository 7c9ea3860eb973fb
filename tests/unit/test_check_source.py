"""scripts/check-source: each rule finds what it forbids, leaves alone what it allows, and no exception outlives its reason."""

from __future__ import annotations

import os
import tomllib
from fnmatch import fnmatch

import pytest

from scripts.checks import mirror, modules, packages, platforms, texts
from scripts.checks.exceptions import EXCEPTIONS
from scripts.checks.main import judge
from scripts.checks.tree import Module, Problem

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KEY = "AKIA" + "ABCDEFGHIJKLMNOP"
HOME = "/home/" + "jo/vault"
INDEX = "index-url = " + "https://packages.invalid/simple"
LONG = "def long():\n" + "    pass\n" * modules.LONGEST_FUNCTION


def rules(found):
    return [problem.rule for problem in found]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f"key = '{KEY}'\n", "key"),
        (f"path = '{HOME}/file'\n", "machine"),
        (INDEX + "\n", "index"),
        ("one \ntwo\n", "ends"),
        ("one\r\ntwo\n", "ends"),
        ("one\ntwo", "ends"),
    ],
)
def test_a_file_may_not_hold(text, rule):
    """A real key, a path of one machine, an index, blanks at the end of a line: in any file, whatever its kind."""
    assert rules(texts.problems("docs/page.md", text.encode())) == [rule]


@pytest.mark.parametrize(
    "text", ["AKIAIOSFODNN7EXAMPLE\n", "/home/you/vault/x\n", "index-url is not set\n", ""]
)
def test_a_file_may_hold(text):
    """AWS's example keys and invented homes."""
    assert not rules(texts.problems("docs/page.md", text.encode()))
    assert not rules(texts.problems("tests/data/as-it-was", b"one \r\ntwo"))


@pytest.mark.parametrize(
    ("path", "text", "rule"),
    [
        ("vault/a.py", "x = 1\n" * (modules.LONGEST_MODULE + 1), "length"),
        ("tests/test_a.py", "x = 1\n" * (modules.LONGEST_TEST_MODULE + 1), "length"),
        ("vault/a.py", LONG, "function"),
        ("vault/a.py", "from typing import TYPE_CHECKING, Any\n", "type-checking"),
        ("tests/test_a.py", "from typing import TYPE_CHECKING\n", "type-checking"),
        ("tests/test_b.py", "from typing import (\n    Any,\n    TYPE_CHECKING,\n)\n", "type-checking"),
        ("scripts/a", "import typing\nif typing.TYPE_CHECKING:\n    import os\n", "type-checking"),
        ("vault/aws/a.py", "with open('x') as file:\n    pass\n", "open"),
        ("vault/aws/a.py", "import os\nos.open('x', 0)\n", "open"),
        ("vault/aws/a.py", "import subprocess\nsubprocess.run('x', shell=True)\n", "shell"),
        ("vault/aws/a.py", "from cryptography.hazmat.primitives.ciphers.aead import AESGCM\n", "seal"),
    ],
)
def test_a_module_may_not(path, text, rule):
    """Be too long, import what only types need, or do what belongs in one place."""
    assert rules(modules.problems(Module(path, text))) == [rule]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("vault/a.py", "x = 1\n" * modules.LONGEST_MODULE),
        ("vault/a.py", "TYPE_CHECKING = False\nif TYPE_CHECKING:\n    import os\n"),
        ("vault/a.py", "import os\nos.open(os.devnull, os.O_RDWR)\n"),
        ("vault/a.py", "from vault.cli import page\npage(shell=None)\n"),
        ("vault/system/files.py", "import os\nos.open('x', 0)\n"),
        ("tests/test_a.py", "open('x')\n" + LONG),
    ],
)
def test_a_module_may(path, text):
    """What the rules leave free."""
    assert not rules(modules.problems(Module(path, text)))


@pytest.mark.parametrize(
    "text",
    [
        "import fcntl",
        "from termios import tcgetattr",
        "def f():\n    import pwd",
        "import os\nos.fork()",
        "from os import geteuid",
        "import os\nos.open(os.devnull, os.O_RDONLY | os.O_NOFOLLOW)",
        "import _socket\n_socket.AF_UNIX",
        "import signal\nsignal.pthread_sigmask",
        "MEMORY = '/proc/meminfo'",
        "MOUNTS = '/proc'",
        "import subprocess\nsubprocess.Popen(['x'], start_new_session=True)",
    ],
)
def test_what_one_platform_has(text):
    """It is found outside vault/system and vault/agent, and is free to use inside them and in the warm path."""
    assert set(rules(platforms.problems(Module("vault/aws/a.py", text)))) == {"platform"}
    for free in ("vault/system/a.py", "vault/agent/b/a.py", "vault/warm.py", "tests/unit/test_a.py"):
        assert not rules(platforms.problems(Module(free, text))), free


@pytest.mark.parametrize(
    "text", ["import os\nos.getpid()", "import signal\nsignal.SIGINT", "'a page of /proc says'", "tty = 1"]
)
def test_what_every_platform_has(text):
    """It is free everywhere."""
    assert not rules(platforms.problems(Module("vault/aws/a.py", text)))


def test_a_class_name_means_one_class():
    """In one module it may be defined in two branches; two modules may not share it."""
    one = Module("vault/a.py", "if x:\n    class Wish: ...\nelse:\n    class Wish: ...\n")
    other = Module("vault/cli/b.py", "def f():\n    class Wish: ...\n")
    assert not rules(packages.class_names([one]))
    (problem,) = packages.class_names([one, other])
    assert problem.keys == ("Wish",)
    assert "vault/a.py:2, vault/cli/b.py:2" in problem.text


def test_a_package_has_a_size():
    """With the packages below it; cli, which has a file a command, may be larger."""
    half = "x = 1\n" * (packages.LARGEST_PACKAGE // 2)
    fits = [Module("vault/aws/a.py", half), Module("vault/aws/more/b.py", half)]
    assert not rules(packages.sizes([*fits, *[Module(f"vault/cli/{n}.py", half) for n in "abc"]]))
    (problem,) = packages.sizes([*fits, Module("vault/aws/more/c.py", "x = 1\n")])
    assert problem.keys == ("vault/aws",)


def test_import_cycles_are_found_whole():
    """Each once, however long the way round; what only leads into one is no part of it."""
    imports = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}, "g": set()}
    assert sorted(problem.keys for problem in packages.cycles(imports)) == [("a", "b", "c"), ("d", "e")]
    assert not list(packages.cycles({"a": {"b", "c"}, "b": {"c"}, "c": set()}))


def test_imports_count_wherever_they_are(tmp_path, monkeypatch):
    """In a function, and where only types need them."""
    folder = tmp_path / "cyclic"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "a.py").write_text("TYPE_CHECKING = False\nif TYPE_CHECKING:\n    from cyclic.b import B\n")
    (folder / "b.py").write_text("def f():\n    import cyclic.a\n")
    monkeypatch.syspath_prepend(tmp_path)
    (problem,) = packages.cycles(packages.imports_of("cyclic"))
    assert problem.keys == ("cyclic.a", "cyclic.b")


def test_an_exception_hides_its_problem_alone_and_goes_with_it():
    """One that names a part of a cycle is not enough; one that nothing needs is itself an error."""
    found = [Problem("cycle", ("a", "b"), "the cycle"), Problem("length", ("a",), "too long")]
    assert judge(found, {}) == ["the cycle", "too long"]
    assert judge(found, {"cycle": {"a", "b"}, "length": {"a"}}) == []
    assert judge(found, {"cycle": {"a"}, "length": {"a"}}) == ["the cycle"]
    (said,) = judge(found, {"cycle": {"a", "b", "c"}, "length": {"a"}})
    assert "cycle: c" in said


def test_python_scripts_are_checked_by_ruff_too():
    """They have no ending, so pyproject.toml names them."""
    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        named = tomllib.load(file)["tool"]["ruff"]["extend-include"]
    scripts = [f"scripts/{name}" for name in os.listdir(os.path.join(ROOT, "scripts"))]
    for path in filter(os.path.isfile, (os.path.join(ROOT, name) for name in scripts)):
        with open(path, "rb") as file:
            first = file.readline()
        name = os.path.relpath(path, ROOT)
        assert (b"python3" in first) == any(fnmatch(name, pattern) for pattern in named), name


def test_each_module_has_tests_of_its_name():
    """In the mirrored folder: test_MODULE.py, or test_MODULE_*.py if no longer name of a module fits."""
    modules = [
        "vault/warm.py",
        "vault/cli/prompt.py",
        "vault/cli/prompt_line.py",
        "vault/cli/exec_.py",
        "vault/cli/__init__.py",
    ]
    tests = [
        "tests/unit/test_warm_export.py",
        "tests/unit/cli/test_exec.py",
        "tests/unit/cli/test_prompt_line.py",
    ]
    assert [problem.keys for problem in mirror.problems([*modules, *tests])] == [("vault/cli/prompt.py",)]
    elsewhere = ["tests/unit/test_prompt.py", "tests/unit/cli/test_prompts.py", "tests/cli/test_prompt.py"]
    assert [problem.keys for problem in mirror.problems([*modules, *tests, *elsewhere])] == [
        ("vault/cli/prompt.py",)
    ]
    assert not list(mirror.problems([*modules, *tests, "tests/unit/cli/test_prompt.py"]))


def test_every_module_has_tests_of_its_name():
    """Write the tests of a new module beside it."""
    assert EXCEPTIONS["mirror"] == set()
