"""A copy of the repository in which one mutant at a time is tried, with a Python whose ``vault`` is that copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from glob import glob
from typing import NamedTuple

from scripts.loop.related import importers, tests_of
from scripts.releasing.builds import copy_tracked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from scripts.mutating.mutations import Mutant

COMMAND = "awsvault-py"
MORE = 60  # seconds after the budget in which a test that has begun must end
MOST = 40  # test files that only import a module


class Outcome(NamedTuple):
    """What became of a mutant: ``killed``, ``survived`` or ``untested``; the test that killed it, and the seconds."""

    state: str
    by: str
    seconds: float


class Copy:
    """One copy, in ``folder``, for one job."""

    def __init__(self, folder: str) -> None:
        self.tree, self._bin = os.path.join(folder, "tree"), os.path.join(folder, "venv", "bin")
        copy_tracked(self.tree, private=False)
        venv.create(os.path.join(folder, "venv"), symlinks=True)
        packages = sysconfig.get_path("purelib", vars={"base": os.path.join(folder, "venv")})
        with open(os.path.join(packages, "mutant.pth"), "w", encoding="utf-8") as paths:
            paths.write(f"{self.tree}\n{sysconfig.get_path('purelib')}\n")
        here = os.path.dirname(sys.executable)
        for name in os.listdir(here):
            if not os.path.exists(os.path.join(self._bin, name)) and name != COMMAND:
                os.symlink(os.path.join(here, name), os.path.join(self._bin, name))
        with open(os.path.join(self.tree, "scripts", COMMAND), encoding="utf-8") as script:
            _, _, rest = script.read().partition("\n")
        with open(os.path.join(self._bin, COMMAND), "w", encoding="utf-8", opener=_runnable) as script:
            script.write(f"#!{self._bin}/python\n{rest}")

    def test(self, mutant: Mutant, *, seconds: float) -> Outcome:
        """Try one mutant; the copy is as before afterwards."""
        path = os.path.join(self.tree, mutant.path)
        with open(path, "rb") as file:
            source = file.read()
        try:
            self._write(path, mutant.apply(source))
            return self._outcome(covering(mutant.path), seconds)
        finally:
            self._write(path, source)

    def _write(self, path: str, content: bytes) -> None:
        with open(path, "wb") as file:
            file.write(content)
        shutil.rmtree(os.path.join(os.path.dirname(path), "__pycache__"), ignore_errors=True)

    def _outcome(self, tests: list[str], seconds: float) -> Outcome:
        if not tests:
            return Outcome("untested", "", 0.0)
        began = time.monotonic()
        command = [f"{self._bin}/python", "-m", "pytest", "-x", "-q", "-m", "not long", "-p", "no:cacheprovider",
                   "-p", "scripts.loop.budget", "--budget", str(seconds), "--tb", "no", *tests]  # fmt: skip
        env = {
            name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTHON"))
        }
        with subprocess.Popen(
            command, cwd=self.tree, env={**env, "CI": "1"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        ) as running:  # fmt: skip
            try:
                said, _ = running.communicate(timeout=seconds + MORE)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, 9)
                running.communicate()
                return Outcome("killed", "a test that does not end", time.monotonic() - began)
        took = time.monotonic() - began
        if running.returncode == 0:
            return Outcome("survived", "", took)
        failed = [line for line in said.splitlines() if line.startswith(("FAILED ", "ERROR "))]
        return Outcome("killed", failed[0].split(" ")[1] if failed else said[-200:], took)


def covering(path: str) -> list[str]:
    """The test files of a module: those of its name first, then those that import it, then all others of its package."""
    folder = os.path.dirname(path).replace("vault", "tests/unit", 1)
    found = tests_of([path])
    for root in (folder, "tests/unit", "tests/vectors", "tests/properties"):
        found += importers(path, root, most=MOST)
    return list(dict.fromkeys([*found, *sorted(glob(f"{folder}/test_*.py"))]))


def _runnable(path: str, flags: int) -> int:
    return os.open(path, flags, 0o755)
