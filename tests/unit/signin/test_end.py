"""Signing out: told to AWS, deleted here, whatever AWS answers."""

from __future__ import annotations

import pytest

from vault import errors
from vault.signin import end
from vault.signin.sealed import SignIns


def sign_out(signed):
    with signed.sign_ins() as sign_ins:
        return end.sign_out(signed.context(), sign_ins, signed.target())


def test_the_sign_in_ends_at_aws_and_here(signed):
    token = signed.record().access.token
    assert sign_out(signed).trouble is None
    assert not signed.accepted(token)
    assert signed.record() is None


def test_an_expired_token_is_refreshed_to_end_the_sign_in(signed):
    """Otherwise the refresh token of a stolen copy would go on."""
    refresh = signed.record().refresh
    signed.pass_time(3601)
    assert sign_out(signed).trouble is None
    assert signed.asked("Logout") == 1
    sign_ins = signed.aws.world.sso.refresh.values()
    assert all(one.ends < 0 for _, one in sign_ins)
    assert refresh is not None


def test_a_token_that_the_portal_refuses_is_refreshed_too(signed):
    signed.aws.world.sso.expire_access()
    assert sign_out(signed).trouble is None
    assert signed.asked("Logout") == 2


def test_a_sign_in_that_is_over_is_only_deleted(signed):
    signed.pass_time(9 * 3600)
    assert sign_out(signed).trouble is None
    assert signed.record() is None


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("error-503", errors.Unreachable), ("refuse", errors.Refused)],
)
def test_a_failure_at_aws_is_reported_and_the_file_is_gone(signed, fault, kind):
    more = {"code": "ForbiddenException", "message": "no", "status": 403} if fault == "refuse" else {}
    signed.aws.faults.add("Logout", fault, times=None, **more)
    assert isinstance(sign_out(signed).trouble, kind)
    assert signed.record() is None


def test_a_host_that_is_not_trusted_gets_no_token(signed):
    signed.home.settings("", trusted=())
    assert isinstance(sign_out(signed).trouble, errors.Untrusted)
    assert (signed.asked("Logout"), signed.record()) == (0, None)


def hanging(signed):
    """The lock of a sign-in whose process hangs."""
    with signed.sign_ins() as sign_ins:
        return sign_ins.lock(signed.target().place, deadline=signed.context().deadline)


def test_a_process_that_hangs_does_not_keep_the_sign_in(signed):
    """Its lock is waited for; what it may still store, AWS has ended."""
    token = signed.record().access.token
    with hanging(signed):
        assert sign_out(signed).trouble is None
    assert not signed.accepted(token)
    assert signed.record() is None


def test_one_sign_in_that_cannot_be_deleted_does_not_keep_the_others(signed, monkeypatch):
    """After panic nobody could end them: their tokens are deleted here."""
    signed.sign_in("older")
    others = signed.record("older").access.token
    remove = SignIns.remove

    def broken(sign_ins, place):
        if place.session == "corp":
            raise errors.StorageError("read-only")
        return remove(sign_ins, place)

    monkeypatch.setattr(SignIns, "remove", broken)
    with signed.sign_ins() as sign_ins:
        ended = {one.place.name: one.trouble for one in end.sign_out_all(signed.context(), sign_ins)}
    assert isinstance(ended["corp"], errors.StorageError)
    assert ended["https://example.awsapps.com/start"] is None
    assert not signed.accepted(others)


def test_all_sign_ins_end_one_after_another(signed):
    signed.sign_in("older")
    with signed.sign_ins() as sign_ins:
        ended = list(end.sign_out_all(signed.context(), sign_ins))
        assert sign_ins.all() == []
    assert sorted(one.place.name for one in ended) == ["corp", "https://example.awsapps.com/start"]
    assert signed.asked("Logout") == 2
