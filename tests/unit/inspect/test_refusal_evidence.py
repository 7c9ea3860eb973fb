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
    found = collect(desk.context(), "shared-services", here, refused(), [KEY])
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
    found = collect(desk.context(), "shared-services", here, refused(), [KEY])
    assert [each.decision for each in (*found.simulated, *found.with_mfa)] == ["implicitDeny", "allowed"]
    assert len(aws.calls) == MOST_READS


def test_a_session_without_mfa_is_replaced_by_its_key(desk, aws, here):
    """IAM refuses such a session, and answers the key."""
    session = aws.world.add_session(
        kind="session", account="111111111111", arn=here.caller, user_id="x", seconds=900, user=here.caller
    )
    first = Credentials(session.key_id, Secret(session.secret), Secret(session.token))
    found = collect(desk.context(), "shared-services", here, refused(), [first, KEY])
    assert found.unread == ()
    assert [one.result for one in aws.calls] == ["InvalidClientTokenId", "ok", "ok", "ok"]


def test_what_aws_refuses_is_said(desk, aws, here):
    """Each read by its action and AWS's code; nothing is raised."""
    aws.world.user("yourself").denied = {"iam:*"}
    found = collect(desk.context(), "shared-services", here, refused(), [KEY])
    assert (found.simulated, found.role, found.devices) == (None, None, None)
    assert [text.partition("AWS refused ")[2] for text in found.unread] == [
        f"{read} (AccessDenied)" for read in denials.READS
    ]


def test_iam_at_a_host_that_is_not_trusted(desk, home, here):
    """It is not believed, and that is said."""
    home.settings("", trusted=())
    found = collect(desk.context(), "shared-services", here, refused(), [KEY])
    assert found.simulated is None
    assert all("is not AWS's own for IAM" in text for text in found.unread)


def test_another_accounts_role_is_not_asked_for(desk, aws):
    """Its trust policy is named as unread."""
    found = collect(desk.context(), "shared-services", call(role_arn=FAR), refused(), [KEY])
    assert aws.calls.actions() == ["SimulatePrincipalPolicy"]
    assert "account 222222222222" in found.unread[0]


def test_nothing_is_read_without_need_or_caller(desk, aws, here):
    """A refusal that explains itself, and a caller that AWS does not know."""
    for one, error in ((here, refused("ExpiredToken")), (here._replace(caller=""), refused())):
        assert collect(desk.context(), "shared-services", one, error, [KEY]).unread == ()
    assert not list(aws.calls)


def test_the_caller(desk):
    """As GetCallerIdentity has it; empty for a key that AWS refuses."""
    assert caller_of(desk.context(), "shared-services", KEY) == "arn:aws:iam::111111111111:user/yourself"
    assert caller_of(desk.context(), "shared-services", WRONG) == ""
