"""What goes to a command beside its credentials: what was not written by ``encode`` is nothing."""

from __future__ import annotations

import json

import pytest

from vault.credentials.profile_metadata import ProfileMetadata, decode, fields_of

GIVEN = ProfileMetadata("dev", "eu-west-1", True, "arn:aws:iam::222222222222:role/X", False)
PAIR = {"AccessKeyId": "AKIAIOSFODNN7EXAMPLE", "SecretAccessKey": "s/+"}


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("production", [True, False])
def test_round_trip_of_a_profiles_metadata(own, production):
    """Both flags in their place, and names that are no UTF-8."""
    given = GIVEN._replace(regions_own=own, production=production, role="", profile="d\udcff")
    assert decode(given.encode(), given.profile) == given


@pytest.mark.parametrize("field", ["profile", "region", "role"])
@pytest.mark.parametrize("odd", ["a\tb", "a\nb"])
def test_a_name_with_a_separator_is_not_written(field, odd):
    """Nothing is remembered, and so nothing is read as another profile's."""
    assert GIVEN._replace(**{field: odd}).encode() == b""


@pytest.mark.parametrize(
    "line", [b"", b"dev\n", b"dev\tr\t11\n", b"dev\tr\t12\tx\n", b"dev\tr\t1\tx\n", b"dev\tr\t11\tx\ty\n"]
)
def test_other_lines_are_nothing(line):
    """Too few words, too many, and flags that do not exist."""
    assert decode(line, "dev") is None


def test_the_line_of_another_profile_is_nothing():
    """The role of one profile is never told of another."""
    assert decode(GIVEN.encode(), "dev2") is None


def test_fields_of_an_answer():
    """As json reads them."""
    line = json.dumps({"Version": 1, **PAIR, "SessionToken": "t="}).encode() + b"\n"
    assert fields_of(line) == {**PAIR, "SessionToken": "t="}


@pytest.mark.parametrize(
    "line",
    [
        json.dumps({"Version": 1, "AccessKeyId": "a"}),
        json.dumps({"Version": 1, **PAIR, "SessionToken": 'a"b'}),
        json.dumps({"Version": 1, **PAIR, "SessionToken": "a\nb"}),
        json.dumps({"Version": 1, **PAIR, "Expires": 1}),
        json.dumps({"Version": 2, **PAIR}),
        json.dumps({**PAIR}),
        "",
    ],
)
def test_what_needs_json_is_left_to_it(line):
    """An escape, another type, another version, a part of a pair: no value is guessed."""
    assert fields_of(line.encode()) is None
