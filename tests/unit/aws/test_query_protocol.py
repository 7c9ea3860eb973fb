"""Forms and answers of the Query protocol."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.aws import query_protocol


def test_a_form_flattens_lists_and_structures():
    """Tags become Tags.member.1.Key, as in the service model."""
    raw = query_protocol.form("AssumeRole", {"Tags": [{"Key": "a b", "Value": "é"}], "DurationSeconds": 900})
    assert parse_qsl(raw.decode()) == [
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("Tags.member.1.Key", "a b"),
        ("Tags.member.1.Value", "é"),
        ("DurationSeconds", "900"),
    ]


def test_an_answer_becomes_nested_values():
    """Elements are fields, members a list, text stays text."""
    raw = b"<R xmlns='x'><L><member><K>1</K></member><member><K>&lt;2</K></member></L><E/></R>"
    assert query_protocol.parse(raw) == ("R", {"L": [{"K": "1"}, {"K": "<2"}], "E": ""})


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"<R>text</R>",
        b"<R><A>1</A><A>2</A></R>",
        b"<!DOCTYPE R [<!ENTITY e 'x'>]><R><A>&e;</A></R>",
        b"<a>" * 40 + b"</a>" * 40,
        b"<R><A>1</A>",
    ],
)
def test_malformed_answers(raw):
    """A field twice, a document type, depth, a truncated end: MalformedXml and nothing else."""
    with pytest.raises(query_protocol.MalformedXml):
        query_protocol.parse(raw)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_are_an_answer_or_malformed(raw):
    """No input raises anything else."""
    try:
        query_protocol.parse(b"<R>" + raw + b"</R>")
    except query_protocol.MalformedXml:
        return


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b"<AccessDeniedException><Message>who</Message></AccessDeniedException>",
            ("AccessDeniedException", "who"),
        ),
        (b"<UnknownOperationException/>", ("UnknownOperationException", "")),
        (b"<ErrorResponse><Error><Code>A</Code></Error></ErrorResponse>", ("A", "")),
    ],
)
def test_rarer_forms(body, expected):
    """Errors of AWS's front ends, and an error without a message."""
    assert query_protocol.refusal(body) == expected
