"""The two ways to sign in, step by step, on the stand-in's clock."""

from __future__ import annotations

import http.client
import re
import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.patience import PATIENCE
from vault import errors, limits
from vault.system.programs import ProgramFailed


def sleeping(bare, does):
    """Each sleep of the clock does something more; returns how long each was."""
    slept, sleep = [], bare.clock.sleep

    def more(seconds):
        slept.append(seconds)
        sleep(seconds)
        does(len(slept))

    bare.clock.sleep = more
    return slept


def device_of(bare):
    (device,) = bare.aws.world.sso.devices.values()
    return device


def test_a_device_waits_until_the_user_confirms(bare):
    """With the interval that AWS names, and the code on the screen."""
    bare.aws.world.sso.person = "away"
    bare.aws.world.sso.interval = 7.0

    def confirm(times):
        if times == 4:
            device_of(bare).answer = "yes"

    slept = sleeping(bare, confirm)
    assert bare.sign_in().access is not None
    assert slept == [7, 7, 7, 7]
    assert any(device_of(bare).user_code in line for line in bare.told)


def test_slow_down_adds_five_seconds(bare):
    """And does not end the sign-in."""
    bare.aws.world.sso.person = "away"

    def confirm(times):
        device_of(bare).interval = 100.0 if times == 2 else 0.0
        if times == 5:
            device_of(bare).answer = "yes"

    slept = sleeping(bare, confirm)
    assert bare.sign_in().access is not None
    assert slept == [1, 1, 6, 6, 6]


def test_a_broken_network_does_not_end_the_wait(bare):
    """It may come back while the code is valid."""
    bare.aws.faults.add("CreateToken", "error-503")
    assert bare.sign_in().access is not None


def test_a_network_that_stays_broken_is_told(bare):
    """Whether somebody confirmed is not known then."""
    bare.aws.faults.add("CreateToken", "error-503", times=None)
    with pytest.raises(errors.Unreachable, match="CreateToken answered 503"):
        bare.sign_in()


def test_nobody_confirms_a_device(bare):
    """At the end of the code; nothing is stored."""
    bare.aws.world.sso.person = "away"
    began = bare.clock.time()
    with pytest.raises(errors.Refused, match="nobody confirmed"):
        bare.sign_in()
    assert bare.clock.time() - began <= 600
    assert bare.record() is None


def test_a_code_that_ends_early_is_nobodys_too(bare):
    bare.aws.faults.add(
        "CreateToken", "refuse", code="ExpiredTokenException", message="Device code has expired", status=400
    )
    with pytest.raises(errors.Refused, match="nobody confirmed"):
        bare.sign_in()


def test_a_refused_device_is_the_users_no(bare):
    bare.aws.world.sso.person = "no"
    with pytest.raises(errors.Declined):
        bare.sign_in()


class Browser:
    """Opens the page in a thread and follows redirects. ``pages`` are the addresses it saw."""

    def __init__(self, fails=False):
        self.pages, self.fails, self.threads = [], fails, []

    def __call__(self, url):
        if not self.fails:
            self.threads.append(threading.Thread(target=self._go, args=(url,)))
            self.threads[-1].start()
        return lambda: self.fails

    def _go(self, url):
        while url:
            self.pages.append(url)
            parts = urlsplit(url)
            connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
            connection.request("GET", f"{parts.path}?{parts.query}" if parts.query else parts.path)
            answer = connection.getresponse()
            answer.read()
            url = answer.headers.get("Location", "") if answer.status in (302, 303) else ""
            connection.close()

    def join(self):
        for thread in self.threads:
            thread.join(PATIENCE)


def by_browser(bare, browser):
    found = bare.sign_in(device=False, opens=browser)
    browser.join()
    return found


def test_a_browser_brings_the_code(bare):
    """With PKCE's challenge, this sign-in's state, and the redirect that AWS takes."""
    browser = Browser()
    found = by_browser(bare, browser)
    assert bare.accepted(found.access.token)
    _, authorize, back = browser.pages
    asked = parse_qs(urlsplit(authorize).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["state"] == parse_qs(urlsplit(back).query)["state"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/oauth/callback", asked["redirect_uri"][0])
    assert asked["redirect_uri"][0] == back.partition("?")[0]


def test_each_sign_in_has_a_state_and_a_challenge_of_its_own(bare):
    pages = []
    for _ in range(2):
        browser = Browser()
        by_browser(bare, browser)
        pages.append(parse_qs(urlsplit(browser.pages[1]).query))
    for name in ("state", "code_challenge"):
        assert pages[0][name] != pages[1][name]


def test_a_browser_that_fails_shows_the_page_once(bare, monkeypatch):
    """And the wait goes on to its end."""
    monkeypatch.setattr(limits, "SIGN_IN_TIME", 1.0)
    browser = Browser(fails=True)
    with pytest.raises(errors.Refused, match="nobody confirmed") as refused:
        within(bare, lambda: by_browser(bare, browser))
    assert "--device" in refused.value.hint
    assert len([line for line in bare.told if "could not be opened" in line and "/authorize?" in line]) == 1


def test_a_browser_that_cannot_be_started_shows_the_page(bare, monkeypatch):
    monkeypatch.setattr(limits, "SIGN_IN_TIME", 1.0)

    def cannot(_url):
        raise ProgramFailed("cannot start x")

    with pytest.raises(errors.Refused, match="nobody confirmed"):
        within(bare, lambda: bare.sign_in(device=False, opens=cannot))
    assert any(line.startswith("cannot start x. Open this page") for line in bare.told)


def within(bare, work):
    """The stand-in's clock moves on while the listener waits by the real one."""
    over = threading.Event()

    def tick():
        while not over.wait(0.05):
            bare.aws.world.clock.advance(0.1)

    ticking = threading.Thread(target=tick)
    ticking.start()
    try:
        return work()
    finally:
        over.set()
        ticking.join()


def test_another_error_of_the_page_is_told(bare):
    """Such as a scope that AWS does not know for this client."""

    def with_error(url):
        def go():
            start = urlsplit(url)
            connection = http.client.HTTPConnection(start.netloc, timeout=PATIENCE)
            connection.request("GET", start.path)
            target = connection.getresponse().headers["Location"]
            state = parse_qs(urlsplit(target).query)["state"][0]
            connection = http.client.HTTPConnection(start.netloc, timeout=PATIENCE)
            connection.request("GET", f"/oauth/callback?error=invalid_scope%1b&state={state}")
            connection.getresponse().read()
            connection.close()

        thread = threading.Thread(target=go)
        thread.start()
        return lambda: False

    with pytest.raises(errors.Refused, match=r"invalid_scope\\x1b"):
        bare.sign_in(device=False, opens=with_error)
