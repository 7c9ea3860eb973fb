"""What is shown of a change: lines, and never a secret, wherever it is."""

from __future__ import annotations

import pytest

from vault.migrate.diff import diff

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


@pytest.mark.parametrize(
    "line",
    [
        "aws_secret_access_key = {}",
        "AWS_Secret_Access_Key={}",
        "# aws_secret_access_key = {}",
        ";aws_session_token: {}",
        "aws_secret_access_key =\n    {}",
        "aws_secret_access_key = half\n\t{}\r",
        "aws_security_token = {}\r",
    ],
)
def test_a_secret_is_hidden_where_it_is_changed_and_beside_it(line):
    """Removed, added or unchanged; in a comment, on a continuation line, before a CR."""
    text = f"[a]\n{line.format(SECRET)}\nregion = x\n".encode()
    for before, after in ((text, b""), (None, text), (text, text.replace(b"region", b"output"))):
        shown = "\n".join(diff("config", before, after, lines=True))
        assert SECRET not in shown
        assert "(hidden)" in shown
        assert "\r" not in shown
        assert "region = x" in shown


def test_what_follows_a_secret_is_shown():
    """An indented line of another key is not part of it."""
    text = f"aws_secret_access_key = {SECRET}\ns3 =\n  max_queue_size = 7\n".encode()
    assert "+  max_queue_size = 7" in list(diff("config", None, text, lines=True))


@pytest.mark.parametrize("indent", ["    ", "\t"])
def test_in_a_file_that_is_indented_what_follows_a_secret_is_shown(indent):
    """There every line is indented; only lines deeper than the secret's line continue it."""
    lines = [
        "[a]",
        f"aws_secret_access_key = {SECRET}",
        f"  {SECRET}",
        "c2VjcmV0==",
        "region = x",
        "[profile b]",
        "role_arn = r",
    ]
    text = "".join(f"{indent}{line}\n" for line in lines).encode()
    shown = list(diff("config", None, text, lines=True))
    assert not any(SECRET in line or "c2Vj" in line for line in shown)
    assert [line.strip() for line in shown[-4:-1]] == [
        f"+{indent}region = x",
        f"+{indent}[profile b]",
        f"+{indent}role_arn = r",
    ]


def test_a_file_that_is_not_awss_is_shown_by_name_only():
    """A CSV file of the console may have its secret in any column."""
    raw = f"me,AKIAIOSFODNN7EXAMPLE,{SECRET}".encode()
    assert list(diff("k.csv", None, raw, lines=False)) == ["--- k.csv (new)", "+++ k.csv"]
    assert list(diff("k.csv", raw, None, lines=False)) == ["--- k.csv", "+++ k.csv (removed)"]
