"""scripts/bench by itself: which rivals it takes, what a row says, and what is kept for the next run."""

from __future__ import annotations

import argparse
import sys

import pytest

from scripts.measuring import main, rivals
from scripts.measuring.report import Bar, Row
from scripts.measuring.results import Results
from scripts.measuring.rows import Found, row
from scripts.measuring.runs import Command, Failed, once, rounds


@pytest.mark.parametrize(
    ("name", "kind"),
    [("aws-vault 7.2", rivals.AwsVault), ("Granted", rivals.Granted), ("aws-runas", rivals.AwsRunas)],
)
def test_a_rival_is_known_by_the_first_word_of_its_name(name, kind):
    """Its version may follow."""
    assert rivals.kind_of(name) is kind
    assert main.named_rival(f"{name}={sys.executable}") == (name, sys.executable)


@pytest.mark.parametrize("word", ["awsume=/bin/true", "aws-vault", "aws-vault=/there/is/none", "=/bin/true"])
def test_another_rival_is_refused(word):
    """Nobody knows how to run it, or it is not there."""
    with pytest.raises(argparse.ArgumentTypeError, match="granted"):
        main.named_rival(word)


@pytest.mark.parametrize(
    ("ratio", "bound", "beside", "said"),
    [(0.9, None, True, "ahead"), (1.0, None, True, "behind"), (1.1, 1.2, True, "behind, within"), (0.3, 0.2, True, "ahead, **over**"),
     (2.0, 2.0, False, "within"), (2.1, 2.0, False, "**over**"), (0.5, None, False, "")],
)  # fmt: skip
def test_a_row_says_whether_it_is_ahead_and_within_its_bound(ratio, bound, beside, said):
    """Ahead of other tools only; a limit such as /bin/true is nobody's work."""
    assert Row("", ratio, bound, "", "", beside).verdict == said


def test_a_row_has_wall_time_and_cpu_time_of_the_same_rounds():
    """A program that works beside one that sleeps: it has the CPU time, the other the wall time."""
    env = {"PATH": "/usr/bin:/bin"}
    works = Command((sys.executable, "-S", "-c", "sum(range(3_000_000))"), env)
    sleeps = Command(("/bin/sh", "-c", "sleep 0.5; exec sleep 0.5"), env)
    found = rounds({"works": works, "sleeps": sleeps}, 3)
    made = row("", found["sleeps"], found["works"])
    assert made.cpu < 1
    assert found["sleeps"].ms >= 1000


def test_a_run_that_fails_has_no_figure():
    """It would be a fast one."""
    with pytest.raises(Failed, match="ended with 1"):
        once(Command(("/bin/false",), {}))


def test_a_measurement_can_be_repeated_without_the_others(tmp_path):
    """The others come from the file."""
    path = str(tmp_path / "results.json")
    cold, warm = Found([Row("a", 1.0, None, "b", "c")]), Found([], [Bar("a", 1.0, 0.5, 2.0, highlighted=True)], [("a", "1", "0")], [("b", "c")])  # fmt: skip
    Results(path).put("cold", cold)
    again = Results(path)
    again.put("warm", warm)
    assert again.all(["warm", "cold", "never"]) == [warm, cold]
    assert [name for name, _, _ in again.when(["warm", "cold"])] == ["warm", "cold"]
