"""The access token: used, refreshed ahead, waited for; once for all, and on the disk before it is used."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from tests.unit.signin.crashes import points
from vault import errors
from vault.aws import sso_oidc
from vault.signin.sealed import SignIns
from vault.system import locks

HOUR, DUE = 3600, 3600 - 800


def test_a_fresh_token_is_used_as_it_is(signed):
    assert signed.current() == signed.record().access.token
    assert list(signed.aws.calls) == []


def test_without_a_file_no_key_is_asked_for(bare, monkeypatch):
    """Most users have no sign-in, and the agent is not asked."""
    tokens = bare.tokens()
    monkeypatch.setattr(type(tokens._keys), "sso_key", None)
    assert tokens.current(bare.source()) is None


def test_another_place_has_no_token(signed):
    """A sign-in is good for its own section only."""
    assert signed.current("older") is None


def test_a_token_near_its_end_is_refreshed_and_stored(signed):
    """With the next refresh token: the old one is good once."""
    before = signed.record()
    signed.pass_time(DUE)
    token = signed.current()
    after = signed.record()
    assert token == after.access.token != before.access.token
    assert after.refresh != before.refresh
    assert after.began == before.began
    assert signed.asked() == 1
    assert signed.current() == token
    assert signed.asked() == 1
    signed.pass_time(HOUR)
    assert signed.accepted(signed.current())


def test_an_answer_without_a_refresh_token_keeps_the_old_one(signed):
    """Some directories do not replace it."""
    signed.aws.world.sso.rotates = False
    before = signed.record()
    signed.pass_time(DUE)
    signed.current()
    assert signed.record().refresh == before.refresh
    assert signed.record().access != before.access


def test_while_another_process_refreshes_the_old_token_is_used(signed):
    """Nobody waits for a token that is still valid."""
    before = signed.record().access.token
    signed.pass_time(DUE)
    with (
        signed.sign_ins() as sign_ins,
        sign_ins.lock(signed.target().place, deadline=signed.context().deadline),
    ):
        assert signed.current() == before
    assert signed.asked() == 0


@pytest.mark.parametrize("fault", ["error-503", "error-500"])
def test_a_refresh_ahead_that_fails_costs_nothing(signed, fault):
    before = signed.record().access.token
    signed.aws.faults.add("CreateToken", fault, times=None)
    signed.pass_time(DUE)
    assert signed.current() == before


def test_an_expired_token_is_refreshed_before_anything_else(signed):
    signed.pass_time(HOUR + 1)
    assert signed.accepted(signed.current())
    assert signed.asked() == 1


def test_without_aws_an_expired_token_is_unreachable(signed):
    """And the refresh token is kept for the next time."""
    before = signed.record()
    signed.aws.faults.add("CreateToken", "error-503", times=None)
    signed.pass_time(HOUR + 1)
    with pytest.raises(errors.Unreachable):
        signed.current()
    assert signed.record() == before


def test_a_sign_in_that_is_over_is_asked_for_once(signed):
    """The other processes read it in the file; the error says how to sign in."""
    signed.pass_time(9 * HOUR)
    for _ in range(2):
        with pytest.raises(errors.Refused) as refused:
            signed.current()
        assert refused.value.hint == "run: awsvault-py sso login corp"
    assert signed.asked() == 1
    assert (signed.record().access, signed.record().refresh) == (None, None)


def test_a_sign_in_that_aws_has_ended_is_asked_for_once(signed):
    """The portal refused the token, and then the refresh too: what is stored is worth nothing, however fresh it looks."""
    token = signed.current()
    signed.aws.world.sso.expire_sign_ins()
    with pytest.raises(errors.NotSignedIn):
        signed.tokens().after(signed.source(), token)
    assert signed.asked() == 1
    assert signed.record().access is None
    with pytest.raises(errors.NotSignedIn):
        signed.current()
    assert signed.asked() == 1


def test_a_refused_refresh_ahead_leaves_the_token_to_its_end(signed):
    """It works for another quarter of an hour."""
    before = signed.record().access.token
    signed.aws.world.sso.refresh.clear()
    signed.pass_time(DUE)
    assert signed.current() == before
    assert signed.record().access.token == before


def test_a_token_without_refresh_is_used_to_its_end(bare):
    """A directory may give none."""
    bare.sign_in()
    bare.store(replace(bare.record(), refresh=None))
    bare.pass_time(DUE)
    assert bare.current() == bare.record().access.token
    bare.pass_time(HOUR)
    with pytest.raises(errors.Refused, match="expired"):
        bare.current()


def test_an_expired_client_cannot_refresh(signed):
    """Its secret is good for 90 days."""
    found = signed.record()
    signed.store(replace(found, client=replace(found.client, expires=found.access.expires)))
    signed.pass_time(HOUR + 1)
    with pytest.raises(errors.Refused, match="expired"):
        signed.current()
    assert signed.asked() == 0


def test_a_refused_token_is_replaced_once(signed):
    """The portal may end a token early. Another process that was refused too finds the new one."""
    before = signed.current()
    another = signed.tokens().after(signed.source(), before)
    assert another != before
    assert signed.tokens().after(signed.source(), before) == another
    assert signed.asked() == 1


def test_a_sign_in_that_was_ended_elsewhere_is_asked_for_once(signed):
    """Its access token would last longer, but the portal and the refresh are refused: the other processes read that."""
    before = signed.current()
    signed.aws.world.sso.expire_sign_ins()
    with pytest.raises(errors.Refused, match="no longer accepts"):
        signed.tokens().after(signed.source(), before)
    with pytest.raises(errors.Refused, match="is over"):
        signed.current()
    with pytest.raises(errors.Refused, match="is over"):
        signed.tokens().after(signed.source(), before)
    assert signed.asked() == 1


def test_on_a_full_disk_the_refresh_token_is_not_used_up(signed, monkeypatch):
    """The error is that of the disk, and the next try succeeds."""
    signed.pass_time(HOUR + 1)

    def full(*_args, **_more):
        raise errors.StorageError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(SignIns, "reserve", full)
        with pytest.raises(errors.StorageError):
            signed.current()
    assert signed.asked() == 0
    assert signed.accepted(signed.current())


def test_new_tokens_are_on_the_disk_before_they_are_used(signed, monkeypatch):
    """A token that could not be stored is not given out."""
    signed.pass_time(HOUR + 1)

    def full(*_args, **_more):
        raise errors.StorageError("no space left")

    monkeypatch.setattr(SignIns, "write", full)
    with pytest.raises(errors.StorageError):
        signed.current()
    assert signed.asked() == 1


def test_a_logout_meanwhile_is_no_sign_in(signed, monkeypatch):
    """The user ended it while this process waited for the lock."""
    signed.pass_time(HOUR + 1)
    lock = SignIns.lock

    def late(sign_ins, place, **more):
        held = lock(sign_ins, place, **more)
        sign_ins.remove(place)
        return held

    monkeypatch.setattr(SignIns, "lock", late)
    assert signed.current() is None


def test_a_newer_sign_in_is_told_once_it_is_there(signed):
    """Perhaps of another user. A refresh is none, and neither is a logout."""
    tokens = signed.tokens()
    source = signed.source()
    tokens.current(source)
    assert tokens.of_newer_sign_in(source) is None
    signed.pass_time(3600)
    signed.current()
    assert tokens.of_newer_sign_in(source) is None
    found = signed.sign_in()
    assert tokens.of_newer_sign_in(source) == found.access.token
    with signed.sign_ins() as sign_ins:
        sign_ins.remove(found.place)
    assert tokens.of_newer_sign_in(source) is None


def test_a_refresh_that_hangs_is_said(signed, monkeypatch):
    def busy(*_args, **_more):
        raise locks.Busy("busy")

    monkeypatch.setattr(SignIns, "lock", busy)
    signed.pass_time(HOUR + 1)
    with pytest.raises(errors.Unreachable, match="another process is still refreshing"):
        signed.current()


def test_a_foreign_host_gets_no_refresh_token(signed):
    """A changed endpoint of the sign-in is not trusted."""
    signed.home.settings("", trusted=())
    signed.pass_time(HOUR + 1)
    with pytest.raises(errors.Untrusted):
        signed.current()
    assert signed.asked() == 0


def test_a_kill_at_any_point_costs_at_most_one_sign_in(signed):
    """Before and after each write and request of a refresh: the next export works, or says to sign in. Never anything else."""
    lost = []
    for point in points():
        signed.sign_in()
        signed.pass_time(HOUR + 1)
        died = point.run(signed.current)
        try:
            assert signed.accepted(signed.current()), point
        except errors.Refused as refused:
            assert refused.hint == "run: awsvault-py sso login corp"
            lost.append(point.name)
        names = [name for name in os.listdir(signed.home.file("signins")) if not name.endswith(".lock")]
        assert len(names) == 1, point
        if not died:
            break
    assert point.number > 8
    assert lost
    assert {name.partition(" ")[2] for name in lost} <= {
        "request", "unlink", "create_temp", "rename",
    }, lost  # fmt: skip
    assert "before request" not in lost


def test_a_refusal_of_another_kind_is_told_as_it_is(signed, monkeypatch):
    """The sign-in may still be good."""

    def strange(*_args, **_more):
        raise sso_oidc.SignInRefused("strange", code="invalid_scope")

    monkeypatch.setattr(sso_oidc, "refreshed", strange)
    before = signed.record()
    signed.pass_time(HOUR + 1)
    with pytest.raises(errors.Refused, match="strange"):
        signed.current()
    assert signed.record() == before
