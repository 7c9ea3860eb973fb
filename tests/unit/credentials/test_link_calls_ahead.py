"""When a connection to AWS is opened before its call is ready: where a call is certain, and needs no code."""

from __future__ import annotations

import threading

import pytest

from tests.certificates import self_signed
from tests.fakes.aws import StandIn
from tests.fakes.example import KEY_ID, SECRET, role
from tests.home import SCENARIO
from tests.unit.aws import dials
from vault import errors
from vault.credentials.request import Refetch
from vault.unlocking.keys import OpenedKeys

HERE = threading.main_thread().ident
KEPT = 12 * 3600  # seconds of the MFA session


@pytest.fixture
def far(desk, aws, tmp_path, monkeypatch):
    """AWS by TLS, which the desk calls."""
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", certificate[0])
    with StandIn(aws.world, certificate=certificate) as made:
        desk.home.env["AWS_ENDPOINT_URL"] = made.url
        yield made


@pytest.fixture
def dialed(far, monkeypatch):
    return dials.recorded(monkeypatch)


def by_whom(dialed):
    return ["here" if one == HERE else "ahead" for one in dialed]


def test_a_role_of_a_cached_session_is_connected_to_ahead(desk, far, dialed):
    """The session is decrypted and the call signed meanwhile. The first export had a code to wait for."""
    desk.ask("dev")
    assert by_whom(dialed) == ["here"]
    desk.ask("prod")
    assert by_whom(dialed) == ["here", "ahead"]
    assert far.calls.actions() == ["GetSessionToken", "AssumeRole", "AssumeRole"]


def test_a_key_that_assumes_its_role_is_connected_from_ahead(desk, dialed):
    """Without a device: the key is there already, and the call is certain."""
    desk.home.config(
        f"[profile top]\nregion = us-east-1\nrole_arn = {role('OpenRole')}\nsource_profile = k\n"
        f"[profile k]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {SECRET}\n"
    )
    desk.ask("top")
    assert by_whom(dialed) == ["ahead"]


def test_a_cached_answer_opens_no_connection(desk, dialed):
    """By the digest, without an alias."""
    desk.ask("dev")
    dialed.clear()
    desk.ask("dev")
    assert dialed == []


def test_a_guard_rail_that_refuses_opens_no_connection(desk, far, dialed):
    """The user was not asked, and AWS sees nothing."""
    desk.home.config(SCENARIO.replace("[profile prod]\n", "[profile prod]\nawsvault_confirm = always\n"))
    desk.ask("dev")
    dialed.clear()
    with pytest.raises(errors.Declined):
        desk.ask("prod")
    assert dialed == []


def test_a_failure_of_a_moment_ago_opens_no_connection(desk, far, dialed):
    """It is the answer of the marker."""
    desk.ask("dev")
    far.faults.add("AssumeRole", "refuse", code="AccessDenied", message="as arranged", status=403)
    with pytest.raises(errors.Refused):
        desk.ask("prod")
    dialed.clear()
    with pytest.raises(errors.Refused):
        desk.ask("prod")
    assert dialed == []


def test_a_call_with_a_code_is_connected_to_when_the_code_is_known(desk, dialed, monkeypatch):
    """The user may need half a minute for it."""
    take, before = OpenedKeys.take_code, []

    def taken(self, *what):
        before.append(len(dialed))
        return take(self, *what)

    monkeypatch.setattr(OpenedKeys, "take_code", taken)
    desk.ask("dev")
    assert (before, by_whom(dialed)) == ([0], ["here"])


def test_sessions_that_are_fetched_again_use_one_connection(desk, dialed):
    """--fresh-all: nothing is opened ahead, because a code comes first."""
    desk.ask("dev")
    dialed.clear()
    desk.ask("dev", refetch=Refetch(all=True))
    assert by_whom(dialed) == ["here"]


def test_a_cached_session_that_has_expired_is_fetched_all_the_same(desk, far, dialed):
    """Its file was there, so a connection was opened for the role; the code has its own."""
    desk.ask("dev")
    far.world.clock.advance(KEPT + 60)
    far.calls.clear()
    dialed.clear()
    desk.ask("dev")
    assert far.calls.actions() == ["GetSessionToken", "AssumeRole"]
    assert sorted(by_whom(dialed)) == ["ahead", "here"]


def test_a_wrong_bundle_is_named_before_a_connection(desk, far, dialed, monkeypatch):
    """As where nothing is opened ahead."""
    desk.ask("dev")
    dialed.clear()
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere.pem")
    with pytest.raises(errors.ConfigError, match="AWS_CA_BUNDLE"):
        desk.ask("prod")
    assert dialed == []
