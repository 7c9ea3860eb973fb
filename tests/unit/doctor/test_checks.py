"""Each check of doctor: silent in a sound home, heard in one that is broken its way, gone after --fix where that mends it."""

from __future__ import annotations

import os

import pytest

from tests.fakes.aws import StandIn
from tests.unit.doctor.homes import BREAK, findings
from tests.unit.doctor.quiet import QUIET
from vault.doctor import fixes
from vault.doctor.checks import CHECKS, THEMES, run
from vault.doctor.gather import gather

BY_NAME = {check.name: check for check in CHECKS}


def test_a_sound_home_is_silent(home):
    """Not a note: whoever did all that the documents say hears nothing."""
    assert findings(home) == {}


def test_every_check_is_broken_by_something_and_bears_its_look_alike():
    """A check that no test can make heard is no check, nor one that cries wolf. The clock has its own tests below."""
    assert set(BREAK) | {"clock"} == set(BY_NAME)
    assert set(QUIET) | {"clock"} == set(BY_NAME)
    assert {check.theme for check in CHECKS} == set(THEMES)


@pytest.mark.parametrize("name", sorted(BREAK))
def test_a_check_is_heard_and_mended(name, home):
    """The broken home names the check, with a place and a message; where the table says so, --fix ends it."""
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
    """What resembles the trouble and is none leaves the check silent."""
    QUIET[name](home)
    found = findings(home)
    assert name not in found, found[name]


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, None), (60, "warning"), (-60, "warning"), (3600, "error")]
)
def test_the_clock_is_held_against_awss(home, seconds, level):
    """The Date of STS's answer; ten seconds are nothing, five minutes make codes and signatures invalid."""
    with StandIn() as aws:
        home.env |= {"AWS_ENDPOINT_URL": aws.url, "NO_PROXY": "127.0.0.1"}
        if seconds:
            aws.faults.add("GetCallerIdentity", "date-off", seconds=seconds)
        found = findings(home, network=True).get("clock")
    assert (found.level if found is not None else None) == level


def test_the_clock_is_not_asked_for_without_network(home):
    """Nothing leaves the machine unless --network says so."""
    with StandIn() as aws:
        home.env |= {"AWS_ENDPOINT_URL": aws.url, "NO_PROXY": "127.0.0.1"}
        findings(home)
        assert len(aws.calls) == 0


def test_a_network_that_is_not_there_is_told(home):
    """--network without a network is a finding, not a failure."""
    home.env |= {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
    assert "cannot check the clock" in findings(home, network=True)["clock"].message


def test_a_vault_that_needs_a_person_leaves_checks_out(home):
    """Nobody is asked; one note names the checks that were left out and why."""
    home.env.pop("AWSVAULT_PASSPHRASE_FILE")
    found = findings(home)
    assert set(found) == {"left-out"}
    assert found["left-out"].level == "note"
    for check in CHECKS:
        assert (check.name in found["left-out"].message) == check.vault


def test_a_mend_of_two_findings_on_one_line_is_made_once(home):
    """A command that is neither absolute nor a plain word is one edit, and setup --undo takes it back."""
    BREAK["process-needs-shell"](home)
    BREAK["role-before-process"](home)
    BREAK["long-chained-role"](home)
    context = home.context()
    facts = gather(context, network=False)
    everything = run(facts, network=False)
    with open(home.config_path, "rb") as file:
        before = file.read()
    fixes.apply(context, fixes.changes(facts.files, everything), [])
    assert findings(home) == {}
    from vault.migrate import undo

    undone = undo.preview(home.context(), kind="setup", open_vault=lambda: pytest.fail("not sealed"))
    undo.undo(home.context(), undone, kind="setup")
    with open(home.config_path, "rb") as file:
        assert file.read() == before


def test_a_link_is_not_mended(home):
    """A file that something else makes is named, and left as it is."""
    BREAK["role-before-process"](home)
    real = home.config_path + ".real"
    os.rename(home.config_path, real)
    os.symlink(real, home.config_path)
    context = home.context()
    facts = gather(context, network=False)
    edits = fixes.changes(facts.files, run(facts, network=False))
    left = fixes.apply(context, edits, [])
    assert "a link to" in left[0]
    assert os.path.islink(home.config_path)
    assert "role-before-process" in findings(home)
