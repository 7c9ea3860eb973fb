"""A sign-in as a whole: registered, confirmed and sealed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.signins import START_URL, config
from vault import errors
from vault.signin import begin

DAY = 86_400


def registered(bare):
    return [call.action for call in bare.aws.calls].count("RegisterClient")


def test_a_sign_in_is_stored_with_all_that_a_refresh_needs(bare):
    found = bare.sign_in()
    assert found == bare.record()
    assert bare.accepted(found.access.token)
    assert (found.refresh is not None, found.client.device, found.scopes) == (
        True,
        True,
        ("sso:account:access",),
    )


def test_a_start_url_that_redirects_is_aws_to_aws(bare, monkeypatch):
    """AWS gets its own URL, the sign-in is stored under the one of the config."""
    company = "https://sso.example/start"
    bare.home.config(config(company))
    bare.aws.world.sso.start_urls = {START_URL}
    monkeypatch.setattr(begin.sso_start_url, "at_aws", lambda url, **_more: {company: START_URL}[url])
    found = bare.sign_in()
    assert found.place.start_url == company
    assert bare.accepted(found.access.token)


def test_a_registration_is_used_again(bare):
    bare.sign_in()
    bare.sign_in()
    assert registered(bare) == 1


def test_a_registration_that_ends_soon_is_not(bare):
    """The new sign-in needs it for its refreshes."""
    bare.sign_in()
    bare.pass_time(84 * DAY)
    bare.sign_in()
    assert registered(bare) == 2


def test_a_registration_with_other_scopes_is_not(bare):
    bare.sign_in()
    bare.home.config(config().replace("sso:account:access", "sso:account:access, codewhisperer:analysis"))
    assert bare.sign_in().scopes == ("sso:account:access", "codewhisperer:analysis")
    assert registered(bare) == 2


def test_a_registration_for_the_other_way_is_not(bare):
    """AWS binds a client to its grants."""
    found = bare.sign_in()
    bare.store(replace(found, client=replace(found.client, device=False)))
    bare.sign_in()
    assert registered(bare) == 2


def test_the_registration_of_a_sign_in_that_is_over_is_used_again(bare):
    bare.store(bare.sign_in().ended())
    assert bare.sign_in().access is not None
    assert registered(bare) == 1


def test_a_sign_in_that_fails_leaves_the_last_one(bare):
    """A no in the browser does not sign out."""
    before = bare.sign_in()
    bare.aws.world.sso.person = "no"
    with pytest.raises(errors.Declined):
        bare.sign_in()
    assert bare.record() == before


def test_a_place_that_aws_does_not_know_is_a_mistake_in_the_config(bare):
    """Both ways; the place is named with its lines."""
    bare.aws.world.sso.start_urls = {"https://another.awsapps.com/start"}
    for device in (True, False):
        with pytest.raises(errors.ConfigError, match=r"config:3 and .*config:2"):
            bare.sign_in(device=device)


def test_a_host_that_is_not_trusted_is_refused_first(bare):
    bare.home.settings("", trusted=())
    with pytest.raises(errors.Untrusted, match="tokens of your sign-in"):
        begin.check_host(bare.target())
