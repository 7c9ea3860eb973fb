"""scripts/audit, by pip-audit itself against advisories of our own: what fails a run of the checks, and what does not."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import subprocess
import sys

import pytest

from scripts.loop.steps import STEPS
from tests.patience import PATIENCE
from tests.unit.aws.recorder import Recorder

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(ROOT, "scripts", "audit")
PINS = "".join(f"{name}==1.0 --hash=sha256:{'0' * 64}\n" for name in ("one", "two"))
BAD = {
    "id": "PYSEC-2026-1",
    "summary": "a hole",
    "affected": [{"package": {"name": "one", "ecosystem": "PyPI"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.1"}]}]}],
}  # fmt: skip


def audit(tmp_path, url, *, pins=PINS):
    file = tmp_path / "pins.txt"
    file.write_text(pins)
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    return subprocess.run(
        [sys.executable, SCRIPT, "--osv-url", url, str(file)],
        env=env, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


def test_a_known_vulnerability_fails_the_run(tmp_path):
    """It is named with its package, its version and where it is fixed."""
    with Recorder(bodies=[json.dumps({"vulns": [BAD]}).encode(), b"{}"]) as server:
        done = audit(tmp_path, server.url)
    assert done.returncode == 1
    for word in ("one 1.0", "PYSEC-2026-1", "1.1", "audited 2 of 2"):
        assert word in done.stdout


def test_none_is_said_with_the_number_that_was_audited(tmp_path):
    """So that nobody takes an audit of nothing for a good one."""
    with Recorder(bodies=[b"{}"]) as server:
        done = audit(tmp_path, server.url)
    assert (done.returncode, done.stdout) == (0, "audited 2 of 2 packages: no known vulnerability\n")


@pytest.mark.parametrize("how", ["nobody there", "a registry that says no"])
def test_without_advisories_the_run_goes_on_and_says_so(tmp_path, how):
    """One plain line, and no word of "no known vulnerability"."""
    if how == "nobody there":
        done = audit(tmp_path, "http://127.0.0.1:9")
    else:
        with Recorder(statuses=["403 Forbidden"] * 9) as server:
            done = audit(tmp_path, server.url)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    assert line.startswith("NOT audited: no advisory data can be had here (osv: ")
    assert "vulnerabilit" not in line


def test_a_file_that_cannot_be_read_fails_the_run(tmp_path):
    """That is no want of advisories."""
    done = audit(tmp_path, "http://127.0.0.1:9", pins="one==1.0\n")
    assert done.returncode == 1
    assert "pins.txt" in done.stderr


@pytest.fixture(scope="module")
def script():
    loader = importlib.machinery.SourceFileLoader("audit", SCRIPT)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("audit", loader))
    loader.exec_module(module)
    return module


SKIPPED = {"name": "two", "skip_reason": "Dependency not found"}
GOOD = {"name": "one", "version": "1.0", "vulns": []}


def test_packages_without_advisories_are_named(script):
    """pip-audit calls a run good in which it skipped some."""
    lines, bad = script.told([GOOD, SKIPPED])
    assert not bad
    assert lines[0] == "audited 1 of 2 packages: no known vulnerability"
    assert lines[1].startswith("NOT audited")
    assert lines[1].endswith(": two")


def test_an_index_that_knows_none_of_them_is_not_the_last_that_is_asked(script, monkeypatch):
    """A mirror answers 404 to each question for advisories, which pip-audit calls no known vulnerabilities."""
    answers = {"pypi": ([SKIPPED], ""), "osv": ([GOOD], "")}
    monkeypatch.setattr(script, "pip_audit", lambda _files, _option, service, *_more: answers[service])
    assert script.ask(["x"], [("pypi",), ("osv",)]) == ([GOOD], "")
    answers["osv"] = (None, "no route")
    found, why = script.ask(["x"], [("pypi",), ("osv",)])
    assert found is None
    assert why == "pypi: it knows none of the packages; osv: no route"


def test_what_an_installation_brings_is_audited_by_the_checks(script):
    """By scripts/test, and the files are there."""
    with open(os.path.join(ROOT, "scripts", "test"), encoding="utf-8") as file:
        checks = file.read().partition("\nchecks() {")[2].partition("\n}")[0]
    assert "advisories" in checks
    assert STEPS["advisories"] == (("python", "scripts/audit"),)
    assert all(os.path.exists(os.path.join(ROOT, name)) for name in script.FILES)
