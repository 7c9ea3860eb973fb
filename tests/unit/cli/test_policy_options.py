"""--policy and --policy-arn: what is no policy is said before AWS is asked."""

from __future__ import annotations

import json

import pytest

from tests.home import failed
from vault import limits

pytestmark = pytest.mark.usefixtures("inside")


NARROW = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}


MANAGED = "arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"


@pytest.fixture
def home(home):
    """The README's home, with a vault."""
    home.scenario()
    home.make_vault()
    return home


@pytest.fixture
def policy(tmp_path):
    """A file with a policy, in the form of an editor."""
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(NARROW, indent=4))
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1"),
        ("[]", "Statement"),
        ('{"Statement": "x"}', "Statement"),
        ('{"Statement": [], "Statement": []}', "twice"),
        (json.dumps({"Id": "x" * 2048, **NARROW}), "2048"),
        ("[" * 60000, "nested"),
    ],
)
def test_a_policy_that_is_none_is_said_before_any_call(home, aws, policy, text, said):
    """Exit 2 names the file; AWS is not asked."""
    policy.write_text(text)
    failed(home.run("login", "shared-services", "--print", "--policy", str(policy)), 2, said)
    assert not list(aws.calls)


def test_a_wrong_arn_or_too_many_are_usage(home, aws, tmp_path):
    """As is a file that is not there."""
    for arn in ("ReadOnlyAccess", "arn:aws:iam::aws:role/x", "arn:aws:iam::1:policy/x", MANAGED + "\n"):
        failed(home.run("login", "shared-services", "--print", "--policy-arn", arn), 2, "--policy-arn")
    many = [f"--policy-arn={MANAGED}{at}" for at in range(limits.SESSION_POLICY_ARNS + 1)]
    failed(home.run("login", "shared-services", "--print", *many), 2, "--policy-arn", "11")
    failed(home.run("login", "shared-services", "--print", "--policy", str(tmp_path / "none")), 2, "none")
    assert not list(aws.calls)
