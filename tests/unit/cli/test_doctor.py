"""`doctor` as a command: exit codes, JSON, and --fix after a question."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from tests.home import SCENARIO
from tests.unit.doctor.homes import BREAK, KEYS, make
from vault.doctor.checks import CHECKS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


@pytest.fixture
def home(tmp_path):
    """A home in which nothing is wrong."""
    return make(tmp_path / "home")


def test_nothing_wrong_is_exit_0_and_an_empty_list(home):
    """A clean home: exit 0, and the user is told so."""
    done = home.run("doctor", "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"findings": []})
    said = home.run("doctor")
    assert (said.returncode, said.stdout, said.stderr) == (0, "", "No problems.\n")


def test_notes_leave_exit_0(home):
    """A note is no failure."""
    home.env["AWS_ENDPOINT_URL"] = "https://sts.example"
    done = home.run("doctor", "--json")
    assert done.returncode == 0
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["level"], finding["check"]) == ("note", "custom-endpoint")
    assert set(finding) == {"level", "check", "where", "message", "fix"}


def test_notes_are_counted_and_shown_on_demand(home):
    """A home as the README makes it has notes and nothing to fix: one line, in which a script has them all."""
    home.config(SCENARIO.replace("{command}", "awsvault-py"))
    BREAK["no-backup"](home)
    done = home.run("doctor")
    assert (done.returncode, done.stdout) == (0, "")
    (line,) = done.stderr.splitlines()
    count = int(re.search(r"(\d+) notes", line)[1])
    assert count > 3
    assert "awsvault-py doctor --notes" in line
    shown = home.run("doctor", "--notes")
    assert shown.returncode == 0
    assert shown.stdout.count("note: ") == count
    assert f"{count} notes" in shown.stderr
    assert "--notes" not in shown.stderr
    found = json.loads(home.run("doctor", "--json").stdout)["findings"]
    assert [finding["level"] for finding in found] == ["note"] * count
    home.credentials(f"[one]\n{KEYS}")
    both = home.run("doctor")
    assert both.returncode == 1
    assert "note: " not in both.stdout
    assert both.stderr == f"1 warning, {count} notes (to show them: awsvault-py doctor --notes).\n"


def test_a_warning_is_exit_1_and_fix_corrects_it(home):
    """--fix shows the lines and modes, does it after a yes, and the next run is clean."""
    BREAK["role-before-process"](home)
    BREAK["open-vault-files"](home)
    assert home.run("doctor").returncode == 1
    refused = home.run("doctor", "--fix")
    assert refused.returncode == 10
    assert "-role_arn = " in refused.stdout
    assert "+awsvault_role_arn = " in refused.stdout
    assert f"chmod 700 {home.file('state')}" in refused.stdout
    assert home.run("doctor").returncode == 1
    assert home.run("doctor", "--fix", "--yes").returncode == 0
    assert home.run("doctor", "--json").returncode == 0


def test_a_finding_says_where_why_and_what_to_do(home):
    """The reason is printed once for each check, not for each finding; every finding has its place and its fix."""
    keys = KEYS.rstrip()
    home.credentials(f"[one]\n{keys}\n[two]\n{keys}\n")
    done = home.run("doctor")
    assert done.returncode == 1
    path = home.credentials_path
    why = next(check.why for check in CHECKS if check.name == "plaintext-keys")
    assert done.stdout == (
        f"warning: {path}:2: the access key of profile one is in plaintext [plaintext-keys]\n"
        f"    {why}\n"
        "    → awsvault-py import\n"
        f"warning: {path}:5: the access key of profile two is in plaintext [plaintext-keys]\n"
        "    → awsvault-py import\n"
    )
    assert done.stderr == "2 warnings.\n"


def test_hostile_names_are_shown_as_escapes(home):
    """What a file says reaches the terminal as text only."""
    home.change_config("[profile dev]", "[profile evil\x1b[31m]\nregion = x\n[profile dev]")
    done = home.run("doctor", "--notes")
    assert "\x1b" not in done.stdout + done.stderr
    assert "\\x1b[31m" in done.stdout


def test_the_page_of_checks_is_made_from_the_table():
    """docs/doctor.md lists every check as the table has it."""
    done = subprocess.run(
        [sys.executable, os.path.join(ROOT, "scripts", "make-doctor-docs"), "--check"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with open(os.path.join(ROOT, "docs", "doctor.md"), encoding="utf-8") as file:
        assert re.findall(r"^### `([a-z-]+)`", file.read(), re.MULTILINE) == [
            check.name
            for theme in ("files", "profiles", "environment", "vault")
            for check in CHECKS
            if check.theme == theme
        ]
