"""What is asked about a refused link, by whom, and what becomes of a read that AWS refuses."""

from __future__ import annotations

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.unit.inspect import denials
from tests.unit.inspect.calls import FAR, call
from vault import errors
from vault.aws.credentials import Credentials
from vault.inspect.refusal_evidence import MOST_READS, caller_of, collect
from vault.secret import Secret

KEY = Credentials(KEY_ID, Secret(SECRET))
WRONG = Credentials(KEY_ID, Secret(SECRET[::-1]))


def refused(code="AccessDenied"):
    error = errors.Refused("no", code=code, hint="a hint")
    error.said = "User: x is not authorized to perform: sts:AssumeRole on resource: y"
    return error


@pytest.fixture
def here(aws):
    """A role in the caller's account."""
    aws.world.add_role(denials.HERE, trusts=(denials.ROOT,), max_session=7200)
    return call(role_arn=denials.HERE, mfa=False, temporary=False)


def test_everything_is_read(desk, aws, here):
    """The simulation, the role with its trust policy, and the user's devices: at most as many calls as were announced."""
    found = collect(desk.context(), "shared-services", here, refused(), KEY)
    assert [each.decision for each in found.simulated] == ["allowed"]
    assert (found.role.arn, found.role.max_session) == (denials.HERE, 7200)
    assert found.devices == ("arn:aws:iam::111111111111:mfa/yourself",)
    assert (found.code, found.hint, found.unread) == ("AccessDenied", "a hint", ())
    assert len(aws.calls) <= MOST_READS


def test_a_second_simulation_with_mfa(desk, aws, here):
    """Only if the first one denies, and the call had none: these are the most calls."""
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    own = [denials.statement("sts:*", Condition=condition), denials.statement(*denials.READS)]
    aws.world.user("yourself").policies = own
    found = collect(desk.context(), "shared-services", here, refused(), KEY)
    assert [each.decision for each in (*found.simulated, *found.with_mfa)] == ["implicitDeny", "allowed"]
    assert len(aws.calls) == MOST_READS


def test_what_aws_refuses_is_said(desk, aws, here):
    """Each read by its action and AWS's code; nothing is raised."""
    aws.world.user("yourself").denied = {"iam:*"}
    found = collect(desk.context(), "shared-services", here, refused(), KEY)
    assert (found.simulated, found.role, found.devices) == (None, None, None)
    assert [text.partition("AWS refused ")[2] for text in found.unread] == [
        f"{read} (AccessDenied)" for read in denials.READS
    ]


def test_iam_at_a_host_that_is_not_trusted(desk, home, here):
    """It is not believed, and that is said."""
    home.settings("", trusted=())
    found = collect(desk.context(), "shared-services", here, refused(), KEY)
    assert found.simulated is None
    assert all("is not AWS's own for IAM" in text for text in found.unread)


def test_another_accounts_role_is_not_asked_for(desk, aws):
    """Its trust policy is named as unread."""
    found = collect(desk.context(), "shared-services", call(role_arn=FAR), refused(), KEY)
    assert aws.calls.actions() == ["SimulatePrincipalPolicy"]
    assert "account 222222222222" in found.unread[0]


def test_nothing_is_read_without_need_or_caller(desk, aws, here):
    """A refusal that explains itself, and a caller that AWS does not name, which is said."""
    assert collect(desk.context(), "shared-services", here, refused("ExpiredToken"), KEY).unread == ()
    (said,) = collect(desk.context(), "shared-services", here._replace(caller=""), refused(), KEY).unread
    assert "GetCallerIdentity" in said
    assert not list(aws.calls)


def test_the_caller(desk, aws):
    """As GetCallerIdentity has it; empty for a key that AWS refuses, and if AWS does not answer: the refusal stays known."""
    assert caller_of(desk.context(), "shared-services", KEY) == "arn:aws:iam::111111111111:user/yourself"
    assert caller_of(desk.context(), "shared-services", WRONG) == ""
    aws.faults.add("GetCallerIdentity", "throttle", times=None)
    assert caller_of(desk.context(), "shared-services", KEY) == ""


def test_a_simulation_that_lacks_a_key_is_no_evidence(desk, aws, here):
    """Whether a policy's condition on the tags of a session holds, a simulation does not know: neither yes nor no."""
    condition = {"StringEquals": {"aws:RequestTag/team": "a"}}
    reads = denials.statement(*denials.READS)
    for own in (
        [reads, denials.statement("sts:*", Condition=condition)],
        [denials.statement("*"), denials.statement("sts:*", effect="Deny", Condition=condition)],
    ):
        aws.world.user("yourself").policies = own
        found = collect(desk.context(), "shared-services", here, refused(), KEY)
        assert found.simulated is None
        assert found.unread == (
            "the policies of user yourself depend on aws:RequestTag/team, which a simulation does not know",
        )


def test_keys_of_other_services_and_of_the_user_do_not_matter(desk, aws, here):
    """Nor do those that the call is known to lack."""
    condition = {"StringEquals": {"s3:prefix": "a", "aws:PrincipalTag/team": "a"}, "Bool": {"aws:MultiFactorAuthPresent": "true"}}  # fmt: skip
    own = [denials.statement("*"), denials.statement("s3:*", Condition=condition)]
    aws.world.user("yourself").policies = own
    found = collect(desk.context(), "shared-services", here, refused(), KEY)
    assert [each.decision for each in found.simulated] == ["allowed"]
