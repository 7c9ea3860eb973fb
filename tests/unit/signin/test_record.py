"""A sign-in as bytes: round trips, unknown keys, shapes that are refused, and when a token is due."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.signins import BEGAN, place, sign_in
from vault.secret import Secret
from vault.signin.record import AccessToken, decode, encode
from vault.store.padding import pad, unpad
from vault.store.strict_json import JsonError

KINDS = {
    "whole": sign_in(),
    "of a start URL": sign_in(place(None)),
    "by device": sign_in(client=replace(sign_in().client, device=True)),
    "over": sign_in().ended(),
    "without refresh": sign_in(refresh=None),
    "of a later version": sign_in(unknown={"x-later": {"y": [1, None]}}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_sign_in_reads_back_as_it_was_written(kind):
    """Every field, and the keys of later versions."""
    assert decode(encode(KINDS[kind])) == KINDS[kind]


def test_the_size_says_nothing_of_the_content():
    """It is padded to a multiple of 4 KiB."""
    assert {len(encode(one)) for one in KINDS.values()} == {4096}


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2}, {"start_url": 1}, {"client": {}}, {"client": None}, {"access": {"token": "t"}}, {"refresh": None},
        {"scopes": "all"}, {"scopes": [1]}, {"session": None}, {"began": "1"},
        {"client": {"id": "a", "secret": "b", "expires": True}},
    ],
)  # fmt: skip
def test_another_form_is_refused(change):
    """The error names the key and never a value."""
    value = {**json.loads(unpad(encode(sign_in()))), **change}
    with pytest.raises(JsonError) as refused:
        decode(pad(json.dumps(value).encode(), step=4096))
    assert "token" not in str(refused.value) or "refresh token" not in str(refused.value)


@pytest.mark.parametrize("left", [901, 900, 6, 5, 0, -10])
def test_a_token_of_an_hour_is_due_for_a_quarter_of_an_hour(left):
    """In its last seconds it is over."""
    token = AccessToken(token=Secret("t"), issued=BEGAN, expires=BEGAN + 3600)
    now = token.expires - left
    assert (token.due(now), token.over(now)) == (left <= 900, left <= 5)


def test_a_token_of_a_short_session_is_not_always_due():
    """A portal's session may last 15 minutes."""
    token = AccessToken(token=Secret("t"), issued=BEGAN, expires=BEGAN + 900)
    assert not token.due(BEGAN)
    assert token.due(BEGAN + 700)


def test_a_section_and_a_start_url_of_one_text_are_two_places():
    """Their files have different names."""
    assert place("x").identity != place(None, start_url="x").identity


def test_a_token_that_is_over_is_due():
    """However short its time was: it is refreshed, not sent."""
    token = AccessToken(token=Secret("t"), issued=BEGAN, expires=BEGAN + 4)
    assert token.over(BEGAN)
    assert token.due(BEGAN)
