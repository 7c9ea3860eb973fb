"""The key of the sign-ins: created once, by the first sign-in."""

from __future__ import annotations

from tests.signins import place, sign_in
from vault.signin import key


def to_sign_in(bare):
    return key.to_sign_in(bare.context(), purpose="to sign in").sign_ins


def opened(bare):
    return bare.keys(bare.context()).opened


def test_the_first_sign_in_creates_the_key(desk):
    """One write to the vault; the next sign-ins write nothing there."""
    context = desk.context()
    assert key.stored(context, desk.keys(context)) is None
    with to_sign_in(desk) as sign_ins:
        sign_ins.write(sign_in())
    after = desk.keys(desk.context()).opened
    assert after.payload.sso_key is not None
    with to_sign_in(desk) as sign_ins:
        assert sign_ins.read(place()) == sign_in()
    assert desk.keys(desk.context()).opened.header.gen == after.header.gen


def test_a_key_that_another_process_created_is_kept(bare):
    """Two first sign-ins at once have one key."""
    before = opened(bare)
    with key.to_sign_in(bare.context(), purpose="", opened=before).sign_ins as sign_ins:
        sign_ins.write(sign_in())
    assert opened(bare).payload.sso_key == before.payload.sso_key
    with key.stored(bare.context(), bare.keys(bare.context())) as sign_ins:
        assert sign_ins.all() == [sign_in()]
