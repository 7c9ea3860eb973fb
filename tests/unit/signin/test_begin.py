"""A sign-in as a whole: registered, confirmed and sealed."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from dataclasses import replace

import pytest

from tests.patience import PATIENCE
from tests.signins import START_URL, config
from tests.vaults import soon
from vault import errors, limits
from vault.signin import begin
from vault.signin.attempt import SignInAttempt

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


def by_browser(bare):
    """Sign in by a browser. Where its page is an error, nobody does anything until the time is over."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    threads = []

    def goes(url):
        try:
            opener.open(url, timeout=PATIENCE).read()
        except urllib.error.HTTPError:
            bare.pass_time(limits.SIGN_IN_TIME)

    def opens(url):
        threads.append(threading.Thread(target=goes, args=(url,)))
        threads[-1].start()
        return lambda: False

    try:
        return bare.sign_in(device=False, opens=opens)
    finally:
        for each in threads:
            each.join()


def test_a_browser_that_did_not_come_back_costs_the_registration(bare):
    """AWS may have forgotten it: then the browser shows an error page, and the wait is in vain. Once."""
    by_browser(bare)
    bare.aws.world.sso.clients.clear()
    with pytest.raises(errors.Refused, match="nobody confirmed"):
        by_browser(bare)
    assert registered(bare) == 1
    assert by_browser(bare).access is not None
    assert registered(bare) == 2
    by_browser(bare)
    assert registered(bare) == 2


def test_a_wait_that_the_user_ends_costs_it_too(bare):
    """After the look at that page."""
    by_browser(bare)

    def interrupted(_url):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bare.sign_in(device=False, opens=interrupted)
    by_browser(bare)
    assert registered(bare) == 2


def test_a_no_in_the_browser_does_not(bare):
    """AWS knew the registration."""
    by_browser(bare)
    bare.aws.world.sso.person = "no"
    with pytest.raises(errors.Declined):
        by_browser(bare)
    bare.aws.world.sso.person = "yes"
    by_browser(bare)
    assert registered(bare) == 1


def test_a_registration_that_a_refresh_found_forgotten_is_not_used_again(bare):
    """The browser would not tell."""
    by_browser(bare)
    bare.aws.world.sso.clients.clear()
    bare.pass_time(3600)
    with pytest.raises(errors.NotSignedIn, match="no longer accepts"):
        bare.current()
    assert by_browser(bare).access is not None
    assert registered(bare) == 2


def test_those_who_waited_end_with_its_error(bare):
    """The same class, message and hint."""
    bare.aws.world.sso.person = "no"
    with bare.sign_ins(create=True) as sign_ins:
        place = bare.target().place
        held = sign_ins.lock_question(place, deadline=soon(), waiting=lambda: None)
        found = []

        def waits():
            try:
                bare.sign_in()
            except errors.Error as error:
                found.append(error)

        waiting = threading.Thread(target=waits)
        waiting.start()
        while not bare.told:
            time.sleep(0.01)
        sign_ins.write_attempt(
            place, SignInAttempt("client", answered=True, failure=errors.Declined("no", hint="h"))
        )
        held.release()
        waiting.join()
    assert [(type(one), one.message, one.hint) for one in found] == [(errors.Declined, "no", "h")]
    assert bare.asked("StartDeviceAuthorization") == 0


def test_an_attempt_is_gone_after_a_success_and_a_logout(bare):
    bare.aws.world.sso.person = "no"
    for _ in range(2):
        with pytest.raises(errors.Declined):
            bare.sign_in()
        with bare.sign_ins() as sign_ins:
            assert sign_ins.attempt(bare.target().place)[1].failure is not None
            sign_ins.remove(bare.target().place)
            assert sign_ins.attempt(bare.target().place) == (b"", None)
    with pytest.raises(errors.Declined):
        bare.sign_in()
    bare.aws.world.sso.person = "yes"
    bare.sign_in()
    with bare.sign_ins() as sign_ins:
        assert sign_ins.attempt(bare.target().place) == (b"", None)


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
        with pytest.raises(errors.ConfigError, match=r"config:2 and .*config:3"):
            bare.sign_in(device=device)


def test_a_host_that_is_not_trusted_is_refused_first(bare):
    bare.home.settings("", trusted=())
    with pytest.raises(errors.Untrusted, match="tokens of your sign-in"):
        begin.check_host(bare.target())
