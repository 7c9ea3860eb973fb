"""scripts/check: the tests that a change needs are found, a step that fails is said, and every run has the same steps."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from glob import glob

import pytest

from scripts.loop import related, steps

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FILES = {
    "vault/store/boxes.py": "",
    "vault/store/format.py": "",
    "vault/cli/exec_.py": "",
    "vault/limits.py": "",
    "tests/home.py": "",
    "tests/unit/cli/test_exec.py": "",
    "tests/unit/cli/test_exec_terminal.py": "",
    "tests/unit/cli/test_executed.py": "",
    "tests/unit/store/test_format.py": "from vault.store import kdf, boxes\n",
    "tests/unit/store/test_files.py": "from vault.store.boxes import Box\n",
    "tests/unit/store/test_pin.py": "from vault.store import pin\n",
    "tests/unit/test_check_source.py": "from vault import limits\n",
    "scripts/check-source": "",
    "docs/doctor.md": "",
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "tests"),
    [
        ("vault/cli/exec_.py", ["cli/test_exec.py", "cli/test_exec_terminal.py"]),  # of its name
        ("vault/store/boxes.py", ["store/test_files.py", "store/test_format.py"]),  # that import it
        ("vault/limits.py", ["test_check_source.py"]),
        ("scripts/check-source", ["test_check_source.py"]),
        ("tests/unit/store/test_pin.py", ["store/test_pin.py"]),
        ("tests/unit/store", ["store"]),
        ("tests/home.py", []),
        ("docs/doctor.md", []),
        ("tests/unit/cli/test_gone.py", []),
    ],
)
def test_the_tests_of_a_file(tree, path, tests):
    """tests/unit mirrors vault/; a module without a test of its name has those that import it."""
    assert related.tests_of([path, path]) == [f"tests/unit/{name}" for name in tests]


def git(*words):
    subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *words], check=True)


def test_what_was_changed(tree):
    """Since the last commit, new files too; with nothing changed, by it."""
    git("init", "-q")
    git("add", "vault", "docs")
    git("commit", "-q", "-m", "one")
    git("add", "tests")
    git("commit", "-q", "-m", "two")
    (tree / "scripts" / "check-source").unlink()
    assert related.changed() == [name for name in sorted(FILES) if name.startswith("tests/")]
    (tree / "vault" / "limits.py").write_text("x = 1\n")
    (tree / "new.py").touch()
    assert related.changed() == ["vault/limits.py", "new.py"]


def test_a_step_that_fails_is_said(monkeypatch, capsys):
    """With what it printed; the others are done all the same."""
    bad = ("python", "-c", "print('what is wrong'); raise SystemExit(3)")
    monkeypatch.setattr(steps, "STEPS", {"bad": (bad, bad), "good": (("python", "-c", "print('hidden')"),)})
    assert steps.main(["bad", "good"], os.path.dirname(sys.executable)) == 1
    said = capsys.readouterr().out
    assert re.search(r"FAILED bad .*\nwhat is wrong\nwhat is wrong\nok     good ", said)
    assert "hidden" not in said
    assert steps.main(["good"], os.path.dirname(sys.executable)) == 0


@pytest.mark.parametrize(
    ("workers", "failing", "code"), [("0", "False", 0), ("0", "True", 1), ("2", "False", 0)]
)
def test_a_run_that_is_stopped(tmp_path, workers, failing, code):
    """After the budget no test begins; those that ran decide whether it passed; without a budget all run."""
    (tmp_path / "test_slow.py").write_text(
        "import pathlib, pytest, time\n@pytest.mark.parametrize('n', range(40))\ndef test_slow(n):\n"
        f"    pathlib.Path(__file__).with_name(f'ran{{n}}').touch()\n    time.sleep(0.05)\n    assert not {failing} or n\n"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        workers,
        "-c",
        os.devnull,
        "-p",
        "xdist.plugin",
        "-p",
        "scripts.loop.budget",
        "--maxschedchunk",
        "1",
    ]
    env = {**os.environ, "PYTHONPATH": ROOT, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    stopped = subprocess.run(
        [*command, "--budget", "0.2", tmp_path],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (stopped.returncode, "seconds for tests are over" in stopped.stdout) == (code, True), (
        stopped.stdout
    )
    assert 0 < len(list(tmp_path.glob("ran*"))) < 40
    whole = subprocess.run(
        [*command, tmp_path], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (whole.returncode, "are over" in whole.stdout) == (code, False), whole.stdout
    assert len(list(tmp_path.glob("ran*"))) == 40


def test_neither_a_step_nor_a_path(capsys):
    """Nothing is run."""
    assert steps.main(["no-such-thing"], "/nowhere") == 2
    assert "no-such-thing" in capsys.readouterr().err


def test_every_run_has_the_same_steps():
    """scripts/test, which CI runs, and the hooks of a commit; every generator of pages is in them."""
    with open(os.path.join(ROOT, "scripts", "test"), encoding="utf-8") as file:
        (in_ci,) = re.findall(r"scripts/check ([a-z ]+)\n", file.read())
    with open(os.path.join(ROOT, ".pre-commit-config.yaml"), encoding="utf-8") as file:
        hooks = re.findall(r"entry: scripts/check ([a-z]+)\n", file.read())
    assert set(in_ci.split()) == set(hooks) == set(steps.STEPS)
    makers = {os.path.relpath(path, ROOT) for path in glob(os.path.join(ROOT, "scripts", "make-*"))}
    assert {words[1] for words in steps.STEPS["pages"]} == makers
