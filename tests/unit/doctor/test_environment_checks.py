"""The clock, compared with AWS's."""

from __future__ import annotations

import pytest

from tests.fakes.aws import StandIn
from tests.unit.aws.recorder import Recorder
from tests.unit.doctor.homes import findings
from vault.doctor.checks import run
from vault.doctor.gather import gather


@pytest.mark.parametrize(
    ("seconds", "level"), [(0, None), (60, "warning"), (-60, "warning"), (3600, "error")]
)
def test_the_clock_is_compared_with_awss(home, seconds, level):
    """By the Date of STS's answer; ten seconds do not matter, five minutes make codes and signatures invalid."""
    with StandIn() as aws:
        home.env |= {"AWS_ENDPOINT_URL": aws.url, "NO_PROXY": "127.0.0.1"}
        if seconds:
            aws.faults.add("GetCallerIdentity", "date-off", seconds=seconds)
        found = findings(home, network=True).get("clock")
    assert (found.level if found is not None else None) == level


def test_nothing_is_sent_without_network(home):
    """Nothing leaves the machine unless --network says so."""
    with StandIn() as aws:
        home.env |= {"AWS_ENDPOINT_URL": aws.url, "NO_PROXY": "127.0.0.1"}
        findings(home)
        assert len(aws.calls) == 0


def test_a_missing_network_is_a_finding(home):
    """--network without a network is a finding, not a failure."""
    home.env |= {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "NO_PROXY": "127.0.0.1"}
    assert "cannot check the clock" in findings(home, network=True)["clock"].message


def test_an_answer_without_a_date_says_nothing_about_the_clock(home):
    """A proxy may leave the Date out: the check says what was missing."""
    with Recorder() as server:
        home.env |= {"AWS_ENDPOINT_URL": server.url, "NO_PROXY": "127.0.0.1"}
        facts = gather(home.context(), network=True)
    assert facts.skew_problem == f"the answer of {server.url} has no Date"
    assert f"the answer of {server.url} has no Date" in str(run(facts, network=True))
