"""The short way to JSON reads and writes what json reads and writes."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import plain_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES, st.booleans())
def test_writes_as_json(value, compact):
    """Byte for byte, as other versions of the program wrote it."""
    separators = (",", ":") if compact else None
    assert plain_json.dumps(value, compact=compact) == json.dumps(value, separators=separators)


@given(VALUES, st.booleans())
def test_sorts_keys_as_json(value, without):
    """At every level; also in a Python that lacks the writer in C."""
    with pytest.MonkeyPatch.context() as patch:
        if without:
            patch.setitem(sys.modules, "_json", None)
        ordered = plain_json.dumps(value, compact=True, ordered=True)
    assert ordered == json.dumps(value, separators=(",", ":"), sort_keys=True)


@pytest.mark.parametrize("without", [False, True])
@pytest.mark.parametrize("value", [float("nan"), [float("inf")]])
def test_a_number_that_json_lacks_is_not_written(value, without, monkeypatch):
    """If the caller says so."""
    if without:
        monkeypatch.setitem(sys.modules, "_json", None)
    with pytest.raises(ValueError):
        plain_json.dumps(value, finite=True)


@pytest.mark.parametrize("without", [False, True])
def test_integers_and_objects_may_be_made_by_the_caller(without, monkeypatch):
    """Who sees every digit, and a key that is there twice."""
    if without:
        monkeypatch.setitem(sys.modules, "_json", None)
    text = '{"a": -1, "a": [{"b": 7}]}'
    assert plain_json.loads(text, integer=str, pairs=list) == [("a", "-1"), ("a", [[("b", "7")]])]


@given(VALUES, st.sampled_from(["", " ", "\n\t "]))
def test_reads_as_json(value, space):
    """Whatever json writes, with space around it."""
    text = space + json.dumps(value, indent=1) + space
    assert plain_json.loads(text) == json.loads(text)


@pytest.mark.parametrize("without", [False, True])
@pytest.mark.parametrize(
    "text", ["", " ", "{", "[1,]", '{"a" 1}', "{}{}", "nul", '"\n"', "\ufeff{}", "1 2", "{'a': 1}"]
)
def test_refuses_what_json_refuses(text, without, monkeypatch):
    """Also in a Python that lacks the reader in C."""
    if without:
        monkeypatch.setitem(sys.modules, "_json", None)
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(text)
    with pytest.raises(ValueError) as found:
        plain_json.loads(text)
    assert found.value.pos == expected.value.pos


@pytest.mark.parametrize("without", [False, True])
@pytest.mark.parametrize("text", ["1.5", "[1e3]", '{"a": NaN}', "-Infinity"])
def test_other_numbers_go_to_the_caller(text, without, monkeypatch):
    """Who may refuse them."""
    if without:
        monkeypatch.setitem(sys.modules, "_json", None)

    def no(_):
        raise KeyError

    with pytest.raises(KeyError):
        plain_json.loads(text, no_numbers_but_int=no)
    assert plain_json.loads("[1, -2]", no_numbers_but_int=no) == [1, -2]


def test_what_is_no_json_is_not_written():
    """Bytes, a key that is a tuple."""
    for value in (b"", {(1, 2): 3}):
        with pytest.raises(TypeError):
            plain_json.dumps(value)


def test_deep_text_is_an_error():
    """As with json, the caller takes it for no answer."""
    with pytest.raises(RecursionError):
        plain_json.loads("[" * 100_000)
