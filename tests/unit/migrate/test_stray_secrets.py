"""Secrets in AWS's files that belong to no profile are named by their line; a placeholder is not."""

from __future__ import annotations

import pytest

from tests.fakes.example import SECRET
from vault.migrate import stray_secrets
from vault.profiles.edit import Document

LINE = f"aws_secret_access_key = {SECRET}\n"


def found(text, *, kind="credentials", path="/h/credentials"):
    return [tuple(one) for one in stray_secrets.strays(Document(text.encode(), path=path, kind=kind))]


def test_a_key_of_a_profile_is_no_stray():
    """It is found as a key."""
    assert found("[a]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n" + LINE) == []


@pytest.mark.parametrize("mark", ["# ", "#", ";", "; "])
def test_a_secret_in_a_comment(mark):
    """With the section above it, and the line's number."""
    assert found(f"[a]\nregion = x\n{mark}{LINE}") == [("a", "/h/credentials:3: a secret key in a comment")]


@pytest.mark.parametrize(
    "value",
    [
        "YOUR_SECRET_KEY_GOES_HERE_IN_THIS_PLACE_",
        "...",
        "x" * 40,
        "AKIAIOSFODNN7EXAMPLE",
        SECRET[:10],
        "ключ" * 12,
    ],
)
def test_a_placeholder_in_a_comment(value):
    """Too short, or without the mixture that secrets have."""
    assert found(f"[a]\n# aws_secret_access_key = {value}\n") == []


def test_a_comment_in_other_ways_of_writing():
    """Letter case, a colon, quotes and blanks."""
    for line in (f'# AWS_SECRET_ACCESS_KEY="{SECRET}"', f"# aws_secret_access_key:{SECRET}"):
        assert [reason for _, reason in found(f"[a]\n{line}\n")] == [
            "/h/credentials:2: a secret key in a comment"
        ]


@pytest.mark.parametrize("value", [SECRET, "short"])
def test_a_secret_on_an_indented_line(value):
    """Some tools read it: it is named whatever it looks like."""
    ((profile, reason),) = found(f"[a]\ns3 =\n  aws_secret_access_key = {value}\n")
    assert profile == "a"
    assert reason.startswith("/h/credentials:3: a secret key on an indented line")


def test_a_secret_above_every_header():
    """It has no section."""
    ((profile, reason),) = found("# " + LINE + "[a]\n")
    assert (profile, reason) == ("(no profile)", "/h/credentials:1: a secret key in a comment")


def test_a_secret_under_a_header_that_is_ignored():
    """The header is named."""
    ((profile, reason),) = found("[sso-session corp]\n" + LINE, kind="config", path="/h/config")
    assert profile == "sso-session corp"
    assert "check the line and the header [sso-session corp]" in reason


def test_a_secret_that_every_profile_inherits():
    """botocore's [DEFAULT]."""
    ((profile, reason),) = found("[DEFAULT]\n" + LINE, kind="config")
    assert (profile, stray_secrets.INHERITED in reason) == ("DEFAULT", True)


def test_a_hostile_path_does_not_reach_the_terminal():
    """Nor does a header."""
    ((_, reason),) = found("[sso-session x\x1b[2J]\n" + LINE, kind="config", path="/h/\x1b[2J")
    assert "check the line and the header [sso-session x" in reason
    assert "\x1b" not in reason


@pytest.mark.parametrize(
    ("second", "doubled"),
    [("k", False), ("k  ; told", False), ("other", True), ("", True)],
)
def test_two_keys_of_a_profile(second, doubled):
    """The same value twice is one key, whatever is remarked behind it."""
    text = f"[a]\naws_access_key_id = k\n[b]\n[a]\naws_access_key_id = {second}\n"
    document = Document(text.encode(), path="credentials", kind="credentials")
    assert stray_secrets.doubled(document, "a") is doubled
    assert not stray_secrets.doubled(document, "b")
