"""Many processes with one sign-in: one refresh, and every role gets its credentials."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.signins import use_roles

pytestmark = pytest.mark.usefixtures("unmeasured")

MANY = 20


def at_once(signed, names):
    running = [signed.home.start("export", name) for name in names]
    return [(process.communicate(), process.returncode) for process in running]


def test_twenty_exports_with_an_expired_token_refresh_once(signed):
    """Refresh tokens are good once: a second refresh would sign everyone out."""
    names = use_roles(signed.home, signed.aws, MANY)
    signed.aws.world.sso.expire_access()
    found = signed.record()
    signed.store(_expired(found))
    signed.aws.calls.clear()
    done = at_once(signed, names)
    assert [code for _, code in done] == [0] * MANY, done
    assert signed.asked("CreateToken") == 1
    assert signed.asked("GetRoleCredentials") == MANY


def test_twenty_exports_whose_token_the_portal_refuses_refresh_once(signed):
    """Each tries once more with the new token."""
    names = use_roles(signed.home, signed.aws, MANY)
    signed.aws.world.sso.expire_access()
    done = at_once(signed, names)
    assert [code for _, code in done] == [0] * MANY, done
    assert signed.asked("CreateToken") == 1


def test_twenty_exports_without_a_sign_in_ask_nothing(bare):
    """Exit 7 with the hint; no browser, no call to the sign-in."""
    names = use_roles(bare.home, bare.aws, MANY)
    done = at_once(bare, names)
    assert {code for _, code in done} == {7}
    assert all(b"awsvault-py sso login corp" in said for (_, said), _ in done)
    assert list(bare.aws.calls) == []


def _expired(found):
    return replace(found, access=replace(found.access, expires=found.access.issued - 60))
