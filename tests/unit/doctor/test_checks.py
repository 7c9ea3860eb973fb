"""Each check of doctor: silent in a sound home, reported in a home that is broken this way, gone after --fix."""

from __future__ import annotations

import pytest

from tests.unit.doctor.homes import BREAK, findings
from tests.unit.doctor.quiet import QUIET
from vault.doctor import fixes
from vault.doctor.checks import CHECKS, THEMES, run
from vault.doctor.findings import Finding
from vault.doctor.gather import gather

BY_NAME = {check.name: check for check in CHECKS}


def test_a_sound_home_is_silent(home):
    """Not even a note: after everything in the documents is done, doctor finds nothing."""
    assert findings(home) == {}


def test_every_check_has_a_broken_and_a_quiet_home():
    """A check that no test can trigger is no check, nor is one that cries wolf. The clock has its own tests."""
    assert set(BREAK) | {"clock"} == set(BY_NAME)
    assert set(QUIET) | {"clock"} == set(BY_NAME)
    assert {check.theme for check in CHECKS} == set(THEMES)


@pytest.mark.parametrize("name", sorted(BREAK))
def test_a_check_reports_and_its_fix_ends_it(name, home):
    """The finding has a place and a message; if the table says so, --fix ends it."""
    BREAK[name](home)
    found = findings(home)
    assert name in found, found
    finding = found[name]
    assert finding.where
    assert finding.message
    assert finding.hint or name == "clock"
    assert bool(finding.fixes) == BY_NAME[name].fixable
    if not finding.fixes:
        return
    context = home.context()
    everything = run(gather(context, network=False), network=False)
    files = gather(context, network=False).files
    fixes.apply(context, fixes.changes(files, everything), fixes.others(everything))
    assert name not in findings(home)


@pytest.mark.parametrize("name", sorted(QUIET))
def test_a_check_is_silent_about_what_only_looks_like_it(name, home):
    """What only resembles the trouble is not reported."""
    QUIET[name](home)
    found = findings(home)
    assert name not in found, found[name]


def test_a_vault_that_needs_a_prompt_skips_checks(home):
    """There is no prompt; one note names the checks that were skipped, and why."""
    home.env.pop("AWSVAULT_PASSPHRASE_FILE")
    found = findings(home)
    assert set(found) == {"left-out"}
    assert found["left-out"].level == "note"
    assert found["left-out"].message.startswith("not checked, because these checks need the passphrase: ")
    assert found["left-out"].hint == "AWSVAULT_PASSPHRASE_FILE=FILE awsvault-py doctor"
    for check in CHECKS:
        assert (check.name in found["left-out"].message) == check.vault


def test_a_passphrase_file_that_is_missing_is_the_cause(home):
    """A typo in the variable: the note names it, and so does any other command, before the ways that nobody set."""
    home.env["AWSVAULT_PASSPHRASE_FILE"] += ".typo"
    message = findings(home)["left-out"].message
    assert message.startswith("not checked, because the vault did not open: ")
    assert ".typo" in message
    said = home.run("list", AWSVAULT_PASSPHRASE=None).stderr
    assert ".typo" in said.partition(", ")[0]


@pytest.mark.parametrize(
    ("check", "quoted"),
    [
        ("process-needs-shell", "~/bin/awsvault-py"),
        ("mfa-of-user", "arn:aws:iam::111111111111:user/yourself"),
    ],
)
def test_the_wrong_value_is_quoted(home, check, quoted):
    """The finding shows what is meant without the file."""
    BREAK[check](home)
    assert quoted in findings(home)[check].message


def finding(*fixes_):
    return Finding(level="error", where="x", message="x", hint="x", fixes=fixes_)
