"""All accounts and roles of a sign-in, or an error: paced, with a token that is refreshed when it must be."""

from __future__ import annotations

import pytest

from vault import errors
from vault.signin import assigned

EVERY = 500


@pytest.fixture
def company(signed):
    """A sign-in that may use 500 accounts; AWS takes 20 requests a second."""
    world = signed.aws.world
    world.sso.assigned.clear()
    for number in range(EVERY):
        world.assign(f"{number:012}", "Reader", "Writer", account_name=f"account {number}")
    world.sso.rate = 20
    return signed


def listed(desk, *, wanted=lambda _: True, progress=lambda *_: None):
    context = desk.context()
    keys = desk.keys(context)
    return assigned.listed(context, keys, desk.target(), wanted=wanted, progress=progress)


def requests(desk):
    return [(call.action, call.result) for call in desk.aws.calls]


def test_five_hundred_accounts(company):
    """At most 510 requests and none is throttled. The progress counts to the end. It may take longer than other commands."""
    seen = []
    found = listed(company, progress=lambda *shown: seen.append(shown))
    assert len(found.accounts) == len(found.roles) == EVERY
    assert set(found.roles.values()) == {("Reader", "Writer")}
    assert len(requests(company)) <= 510
    assert {result for _, result in requests(company)} == {"ok"}
    assert seen == [(done, EVERY) for done in range(EVERY + 1)]


def test_only_the_wanted_accounts_are_asked_for_their_roles(company):
    """A pattern saves requests."""
    found = listed(company, wanted=lambda account: account.name == "account 7")
    assert found.roles == {f"{7:012}": ("Reader", "Writer")}
    assert len(found.accounts) == EVERY
    assert len(requests(company)) == 6


def test_a_token_that_expires_on_the_way_is_refreshed(company):
    """Once, and the lists begin again."""
    refused = []

    def end(done, _total):
        if done == 3 and not refused:
            refused.append(company.aws.world.sso.expire_access())

    found = listed(company, progress=end)
    assert len(found.roles) == EVERY
    assert company.asked("CreateToken") == 1


@pytest.mark.parametrize("when", ["before", "on the way"])
def test_a_sign_in_that_is_over(company, when):
    """Nothing incomplete comes back; the hint is the command."""

    def end(done, _total):
        if done == 3:
            company.aws.world.sso.expire_sign_ins()

    if when == "before":
        company.aws.world.sso.expire_sign_ins()
    with pytest.raises(errors.NotSignedIn, match=r"config:\d+ and .*: corp: ") as caught:
        listed(company, progress=end)
    assert (caught.value.sign_in, caught.value.hint) == ("corp", "run: awsvault-py sso login corp")


@pytest.mark.parametrize("action", ["ListAccounts", "ListAccountRoles"])
@pytest.mark.parametrize("fault", ["throttle-429", "error-503"])
def test_a_list_that_stays_incomplete(company, action, fault):
    """Throttled or failed to the end: an error, whatever came before."""
    company.aws.faults.add(action, fault, skip=2, times=None)
    with pytest.raises(errors.Unreachable):
        listed(company)


def test_without_a_sign_in(bare):
    """Nobody is asked."""
    bare.aws.calls.clear()
    with pytest.raises(errors.NotSignedIn, match="corp: you are not signed in on this machine") as caught:
        listed(bare)
    assert caught.value.hint == "run: awsvault-py sso login corp"
    assert requests(bare) == []


def test_a_sign_in_at_another_place_does_not_count(company):
    """The section names another URL now."""
    company.home.config(
        "[sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://other.example/start\n"
    )
    with pytest.raises(errors.NotSignedIn):
        listed(company)
    assert requests(company) == []


def test_a_host_that_is_not_trusted(company):
    """It gets no token."""
    company.home.settings("", trusted=())
    with pytest.raises(errors.Untrusted, match="it would receive the access token"):
        assigned.check_host(company.target())
    with pytest.raises(errors.Untrusted):
        listed(company)
    assert requests(company) == []
