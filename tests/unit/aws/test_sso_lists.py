"""The accounts and roles of a sign-in, and its end, live."""

import json
import threading

import pytest

from tests.fakes import example
from tests.fakes.example import SSO_TOKEN
from tests.unit.aws.recorder import Recorder
from tests.unit.aws.sign_ins import endpoint
from tests.unit.conftest import SharedClock
from vault import errors, limits
from vault.aws import hosts, sso_lists
from vault.aws.request_pace import RequestPace
from vault.secret import Secret
from vault.system.clock import Deadline

TOKEN = Secret(SSO_TOKEN)


@pytest.fixture
def how(aws):
    """The pace and the deadline of a run whose waiting moves the stand-in's clock."""
    aws.world.clock.freeze()
    return {
        "pace": RequestPace(limits.SSO_RATE),
        "deadline": Deadline.after(600, clock=SharedClock(aws.world)),
    }


def portal(server, **more):
    return endpoint(server.url, service=hosts.PORTAL, **more)


def company(aws, accounts, *roles):
    for number in range(accounts):
        aws.world.assign(f"{number:012}", *roles, account_name=f"account {number}")


def test_accounts_and_roles(aws, how):
    """Of all pages, in AWS's order."""
    company(aws, 230, "Reader")
    aws.world.assign("000000000007", *(f"Role{number}" for number in range(120)))
    found = sso_lists.list_accounts(portal(aws), TOKEN, **how)
    assert [each.account_id for each in found] == [example.DEV, *(f"{number:012}" for number in range(230))]
    assert found[1] == ("000000000000", "account 0", "000000000000@corp.example")
    roles = sso_lists.list_roles(portal(aws), TOKEN, "000000000007", **how)
    assert roles == ("Reader", *(f"Role{number}" for number in range(120)))
    assert (aws.calls.count("ListAccounts"), aws.calls.count("ListAccountRoles")) == (3, 2)


def test_five_hundred_accounts(aws, how):
    """At most 510 requests, none of them throttled by AWS's 20 a second; the progress counts to the end."""
    company(aws, 499, "Reader", "Writer")
    aws.world.sso.rate = 20
    done = []
    accounts = [each.account_id for each in sso_lists.list_accounts(portal(aws), TOKEN, **how)]
    found = sso_lists.roles_of_all(portal(aws), TOKEN, accounts, progress=done.append, **how)
    assert list(found) == accounts
    assert found["000000000498"] == ("Reader", "Writer")
    assert done == list(range(1, 501))
    assert len(aws.calls) <= 510
    assert {call.result for call in aws.calls} == {"ok"}


def test_throttled_by_another_program(aws, how):
    """The bucket is one for all of the user's programs: a 429 is waited out."""
    aws.faults.add("ListAccountRoles", "throttle-429", times=3)
    assert sso_lists.roles_of_all(portal(aws), TOKEN, [example.DEV], **how) == {example.DEV: ("PortalRole",)}
    assert aws.calls.count("ListAccountRoles") == 4


def test_incomplete_list_is_an_error(aws, how):
    """Of one account or of one page: nothing is returned, and no thread goes on."""
    company(aws, 50, "Reader")
    aws.faults.add(
        "ListAccountRoles", "refuse", skip=10, code="ForbiddenException", status=403, message="No access"
    )
    with pytest.raises(errors.Refused, match="refused ListAccountRoles: 403: No access"):
        sso_lists.roles_of_all(portal(aws), TOKEN, [f"{number:012}" for number in range(50)], **how)
    assert threading.active_count() < 50
    assert aws.calls.count("ListAccountRoles") < 50


@pytest.mark.parametrize(
    "ask", [sso_lists.list_accounts, lambda *a, **k: sso_lists.list_roles(*a, example.DEV, **k)]
)
def test_signed_out(aws, how, ask):
    """The code tells that a refresh may help."""
    with pytest.raises(errors.Refused, match="no longer accepts the sign-in") as caught:
        ask(portal(aws), Secret("else"), **how)
    assert caught.value.code == "SignedOut"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (None, "a valid accountList"),
        ([1], "a valid accountList"),
        ([{"accountId": "1"}], "a valid account$"),
        ([{"accountId": "222222222222", "accountName": 1}], "a valid account$"),
        ([{"accountId": "222222222222", "emailAddress": "x" * 300}], "a valid account$"),
    ],
)
def test_unusable_accounts(how, rows, said):
    """They would become lines of AWS's files."""
    with (
        Recorder(bodies=[json.dumps({"accountList": rows}).encode()]) as server,
        pytest.raises(errors.Unreachable, match=said),
    ):
        sso_lists.list_accounts(portal(server), TOKEN, **how)


@pytest.mark.parametrize(
    "row", [{}, {"roleName": "a\nb"}, {"roleName": "a]"}, {"roleName": "R", "accountId": "1" * 12}]
)
def test_unusable_roles(how, row):
    """A name that IAM does not allow, and a role of another account."""
    with (
        Recorder(bodies=[json.dumps({"roleList": [row]}).encode()]) as server,
        pytest.raises(errors.Unreachable, match=r"a valid role$"),
    ):
        sso_lists.list_roles(portal(server), TOKEN, example.DEV, **how)


@pytest.mark.parametrize("following", ["again", 7])
def test_list_without_an_end(how, following):
    """A token that comes back, or is none."""
    body = json.dumps({"accountList": [], "nextToken": following}).encode()
    with Recorder(bodies=[body]) as server, pytest.raises(errors.Unreachable, match="has no end"):
        sso_lists.list_accounts(portal(server), TOKEN, **how)
    assert len(server.asked) <= 2


def test_logout(aws, how):
    """The token opens nothing afterwards; a second logout is no error."""
    for _ in range(2):
        sso_lists.logout(portal(aws), TOKEN, deadline=how["deadline"])
    with pytest.raises(errors.Refused):
        sso_lists.list_accounts(portal(aws), TOKEN, **how)
    assert [call.result for call in aws.calls] == ["ok", "UnauthorizedException", "UnauthorizedException"]


def test_logout_that_is_refused(aws, how):
    """The error has AWS's name of it."""
    aws.faults.add("Logout", "refuse", code="InvalidRequestException", message="no")
    with pytest.raises(errors.Refused, match="refused Logout: 400: no") as caught:
        sso_lists.logout(portal(aws), TOKEN, deadline=how["deadline"])
    assert caught.value.code == "InvalidRequestException"


def test_access_token_goes_only_to_trusted_hosts(aws, how):
    """Nothing is sent to a host that is neither AWS's own nor listed."""
    to = portal(aws, trusted=())
    for ask in (
        lambda: sso_lists.list_accounts(to, TOKEN, **how),
        lambda: sso_lists.roles_of_all(to, TOKEN, [example.DEV], **how),
        lambda: sso_lists.logout(to, TOKEN, deadline=how["deadline"]),
    ):
        with pytest.raises(errors.Untrusted, match="it would receive the access token"):
            ask()
    assert not list(aws.calls)
