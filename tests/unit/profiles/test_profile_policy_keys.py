"""The keys of a profile that restrict its sessions: one that would silently not apply is an error."""

from __future__ import annotations

import pytest

from tests.home import SCENARIO, failed

MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess"


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


def in_dev(*lines):
    """The scenario with lines in the profile dev."""
    return SCENARIO.replace("[profile dev]\n", "[profile dev]\n" + "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    "line", ["awsvault_policy_arns = ,", "awsvault_policy_file =", "awsvault_policy_arns ="]
)
@pytest.mark.parametrize("included", [False, True], ids=["own", "over an included one"])
def test_an_empty_policy_is_an_error(home, aws, line, included):
    """It would be a guard rail that is silently off."""
    home.config(
        f"{in_dev(line, 'include_profile = base')}[profile base]\n{f'awsvault_policy_arns = {MANAGED}' * included}\n"
    )
    failed(home.run("export", "dev"), 6, f"config:7: {line.split()[0]} is empty")
    assert not list(aws.calls)


@pytest.mark.parametrize(
    "line",
    [
        "policy_arns = " + MANAGED,
        "policy_file = /none",
        "read_only = yes",
        "confirm = always",
        "max_duration = 1h",
    ],
)
def test_a_guard_rail_without_its_prefix_is_an_error(home, aws, line):
    """Most keys may stand without it, and no other tool reads these."""
    home.config(in_dev(line))
    name = line.partition(" ")[0]
    failed(
        home.run("export", "dev"),
        6,
        f"config:7: {name} has no effect without its prefix",
        f"did you mean awsvault_{name}?",
    )
    assert not list(aws.calls)


def test_read_only_and_the_same_managed_policy_are_one(home, aws):
    """AWS refuses an ARN that is given twice."""
    home.config(in_dev("awsvault_read_only = on"))
    home.export("dev", "--policy-arn", MANAGED)
    assert [name for name in aws.calls.of("AssumeRole")[0].parameters if name.startswith("PolicyArns")] == [
        "PolicyArns.member.1.arn"
    ]


def test_a_policy_of_another_partition_is_refused(home, aws):
    """Before any call: AWS would not find it."""
    china = MANAGED.replace("arn:aws:", "arn:aws-cn:")
    for words in (["export", "dev"], ["login", "--print", "shared-services"]):
        failed(home.run(*words, "--policy-arn", china), 2, "--policy-arn", "partition aws-cn", "arn:aws:")
    home.config(in_dev(f"awsvault_policy_arns = {china}"))
    failed(home.run("export", "dev"), 6, "config:7: awsvault_policy_arns", "partition aws-cn")
    assert not list(aws.calls)
