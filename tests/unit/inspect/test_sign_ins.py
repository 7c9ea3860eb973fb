"""Whether profiles of IAM Identity Center are signed in, as list, explain and status show it."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from hashlib import sha1

import pytest

from tests.fakes.example import SSO_TOKEN
from tests.signins import START_URL
from tests.unit.inspect.chains import facts, locked
from tests.unit.signin.conftest import bare_desk
from vault.inspect import key_status, profile_table, sign_ins
from vault.inspect.explain import UNKNOWN, explain


@pytest.fixture
def desk(home, aws):
    return bare_desk(home, aws)


@pytest.fixture
def signed(desk):
    desk.sign_in()
    return desk


def rows(desk):
    context = desk.context()
    keys = desk.keys(context)
    return {row.profile: row for row in profile_table.rows(context, keys, keys.contents())}


def said(desk, context=None):
    return facts(explain(context or desk.context(), "dev").steps[0])["signed in"][0]


def cli_token(desk):
    folder = os.path.join(desk.home.root, ".aws", "sso", "cache")
    os.makedirs(folder)
    with open(os.path.join(folder, sha1(b"corp").hexdigest() + ".json"), "w", encoding="utf-8") as file:
        json.dump(
            {"startUrl": START_URL, "accessToken": SSO_TOKEN, "expiresAt": "2999-01-01T00:00:00Z"}, file
        )


def test_a_row_says_whether_it_is_signed_in(signed):
    """Account, role, the sign-in's name; the profile in the older form has its own sign-in."""
    found = rows(signed)
    assert found["dev"][1:4] == ("222222222222", "DeveloperRole", "sso")
    assert (found["dev"].sign_in, found["dev"].signed_out) == ("corp", False)
    assert (found["older"].sign_in, found["older"].signed_out) == (None, True)


def test_a_row_has_the_expiry_of_the_roles_session(signed):
    """As that of a key's profile."""
    assert rows(signed)["dev"].expires is None
    expires = signed.ask("dev").expires
    assert rows(signed)["dev"].expires == expires


def test_a_sign_in_that_is_over_is_none(signed):
    """An access token that has expired can be refreshed; after a refusal by AWS it is over."""
    signed.pass_time(2 * 3600)
    assert not rows(signed)["dev"].signed_out
    signed.store(signed.record().ended())
    assert rows(signed)["dev"].signed_out
    assert said(signed) == "no; run: awsvault-py sso login corp"


def test_each_sign_in_is_read_once(signed, monkeypatch):
    """However many profiles there are."""
    calls = []
    monkeypatch.setattr(sign_ins, "stored", lambda *_args: calls.append(True) or [])
    rows(signed)
    assert calls == [True]


def test_explain_says_until_when(signed):
    """And whether it is refreshed."""
    assert re.fullmatch(r"yes; the access token expires in (1h|59m) and is refreshed", said(signed))
    signed.pass_time(2 * 3600)
    assert said(signed) == "yes; the access token has expired, and the next export refreshes it"
    signed.pass_time(-2 * 3600)
    signed.store(replace(signed.record(), refresh=None))
    assert re.fullmatch("yes, for (1h|59m)", said(signed))


def test_explain_knows_the_token_of_the_cli(desk):
    """Only where there is no sign-in of awsvault-py's."""
    assert said(desk) == "no; run: awsvault-py sso login corp"
    cli_token(desk)
    assert said(desk).startswith("by the AWS CLI, for ")
    desk.sign_in()
    assert said(desk).startswith("yes; ")


def test_a_locked_vault_leaves_it_unknown_if_there_is_a_file(signed):
    assert said(signed, locked(signed)) == UNKNOWN


def test_a_locked_vault_without_a_file_has_no_sign_in(desk):
    assert said(desk, locked(desk)).startswith("no; ")


def test_status_has_the_sign_ins(signed):
    """Found without a prompt, and not if the vault is locked."""
    assert [one.place.name for one in key_status.look(signed.context()).sign_ins] == ["corp"]
    assert key_status.look(locked(signed)) is None
