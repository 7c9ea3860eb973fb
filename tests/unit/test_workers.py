"""The workers of scripts/test: each outcome arrives, what is shared is made once, and a worker that dies costs one test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests import workers

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = """
import os, pathlib, pytest

MADE = pathlib.Path(os.environ["MADE"])

@pytest.fixture(scope="session")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("session")
    yield folder
    with open(MADE / f"session-{os.getpid()}", "a") as noted:
        noted.write(str(folder) + "\\n")

@pytest.fixture(scope="module")
def module(session, request):
    yield
    with open(MADE / f"module-{request.path.stem}", "a") as noted:
        noted.write("made\\n")
"""
FILE = """
import os, pytest

def test_first(module): print("told")
@pytest.mark.parametrize("number", range(3))
def test_several(module, number): pass
{}
def test_last(module): pass
"""
MISHAPS = {
    "fails": "def test_it(module):\n    print('heard')\n    assert 1 == 2",
    "skips": "def test_it(module): pytest.skip('not here')",
    "breaks": "@pytest.fixture\ndef broken(): raise OSError\ndef test_it(broken): pass",
    "ends": "def test_it(module): os._exit(7)",
    "none": "",
    "long": "import time\n@pytest.mark.parametrize('n', range(12))\ndef test_long(module, n): time.sleep(0.5)",
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """``run(*names)``: a file of tests for each of MISHAPS, run by two workers."""

    def run(*names, options=()):
        tests, made = tmp_path / "project", tmp_path / "made"
        made.mkdir()
        tests.mkdir()
        (tests / "conftest.py").write_text(SHARED)
        (tests / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n")
        for number, name in enumerate(names):
            (tests / f"test_{number}_{name}.py").write_text(FILE.format(MISHAPS[name]))
        monkeypatch.setenv("MADE", str(made))
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # the half of each start
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "tests.workers", "--workers", "2", "-q", "-rA",
             "--rootdir", str(tests), "-c", str(tests / "pytest.ini"), *options, str(tests)],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


def noted(tmp_path, kind):
    return {path.name: path.read_text() for path in (tmp_path / "made").glob(f"{kind}-*")}


def test_each_outcome_arrives(run):
    """With its output, its cause and its place, and the exit code of pytest."""
    done = run("fails", "skips", "breaks")
    assert done.returncode == 1
    assert re.search(r"1 failed, 15 passed, 1 skipped, 1 error in", done.stdout), done.stdout + done.stderr
    for text in ("assert 1 == 2", "heard", "test_1_skips.py:7: not here", "ERROR ", "OSError"):
        assert text in done.stdout


def test_what_is_shared_is_made_once(run, tmp_path):
    """A module's fixtures once in all, and the session's once in a worker, with a folder of its own."""
    assert run(*["none"] * 5).returncode == 0
    assert list(noted(tmp_path, "module").values()) == ["made\n"] * 5
    sessions = noted(tmp_path, "session").values()
    assert 1 <= len(sessions) <= 2
    assert len({folder for made in sessions for folder in made.splitlines()}) == len(sessions)


def test_a_worker_that_dies_costs_one_test(run):
    """The others of its file are run by another worker."""
    done = run("ends", "none", "none")
    assert done.returncode == 1
    assert "1 failed, 15 passed in" in done.stdout, done.stdout + done.stderr
    assert "the worker of this test ended with 7" in done.stdout


def test_a_long_file_is_shared_at_the_end(run, tmp_path):
    """Both workers run tests of the only file, each of them once."""
    done = run("long")
    assert "17 passed in" in done.stdout, done.stdout + done.stderr
    assert len(noted(tmp_path, "session")) == 2


@pytest.mark.parametrize(
    ("took", "shared", "given"),
    [
        ([], 0.0, range(0)),
        ([0.1], 0.0, range(0)),
        ([0.3, 0.1], 0.0, range(8, 13)),
        ([1.0], 4.9, range(8, 13)),
        ([1.0], 5.1, range(0)),
    ],
)
def test_what_is_worth_sharing(took, shared, given):
    """What takes a second, and longer than to make again what the file's tests share."""
    assert workers.half(range(3, 13), SimpleNamespace(took=took, shared=shared)) == given


def test_it_stops_where_it_is_told_to(run):
    """After the first failure, with -x; what the workers share is still ended."""
    done = run("fails", "none", options=["-x"])
    assert done.returncode == 1
    assert "stopping after 1 failures" in done.stdout, done.stdout + done.stderr
