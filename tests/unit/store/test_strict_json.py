"""The JSON of the vault: one way to write a value, one way to read it, and no value in an error."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import limits
from vault.store.strict_json import (
    JsonError,
    boolean_of,
    canonical,
    compact,
    exact_keys,
    integer_of,
    list_of,
    object_of,
    parse,
    text_of,
)

text = st.text(st.characters(codec="utf-8"), max_size=10)
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, limits.MAX_JSON_INT) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


@given(values.filter(lambda value: depth(value) <= limits.MAX_JSON_DEPTH))
def test_a_value_reads_back_as_it_was_written(value):
    """In both forms; the file is ASCII and has no blank outside a text."""
    assert parse(compact(value)) == parse(canonical(value)) == value
    assert compact(value).isascii()


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b'{"SECRET": 1, "SECRET": 2}', "twice"),
        (b'{"a": {"SECRET": 1, "SECRET": 1}}', "twice"),
        (b'{"SECRET": 1.5}', "not an integer"),
        (b'{"SECRET": 1e3}', "not an integer"),
        (b'{"SECRET": NaN}', "not an integer"),
        (b'{"SECRET": -Infinity}', "not an integer"),
        (b'{"SECRET": -1}', "0 to 2^53"),
        (b'{"SECRET": -0}', "0 to 2^53"),
        (b'{"SECRET": 9007199254740993}', "0 to 2^53"),
        (b'{"SECRET": ' + b"9" * 100_000 + b"}", "0 to 2^53"),
        (b'{"SECRET": "\\ud800"}', "surrogate"),
        (b'{"\\udfffSECRET": 1}', "surrogate"),
        (b'["\\udc00"]', "surrogate"),
        (b'{"SECRET": ' + b"[" * 8 + b"]" * 8 + b"}", "deeper"),
        (b"[" * 100_000, "deeper"),
        (b'{"SECRET": 1', "character 12"),
        (b'{"SECRET": 1} x', "character 14"),
        (b'{"SECRET": "\xff"}', "not UTF-8"),
        (b"", "character 0"),
    ],
)
def test_what_another_reader_might_read_in_another_way_is_refused(raw, why):
    """The message says why, and quotes nothing of it."""
    with pytest.raises(JsonError) as caught:
        parse(raw)
    assert why in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("value", [2**53 + 1, -1, [2**53 + 1], {"a": [{"b": -1}]}])
def test_an_integer_that_no_reader_takes_is_not_written(value):
    """It would make the whole file unreadable."""
    with pytest.raises(JsonError, match="0 to 2"):
        compact(value)


def test_the_largest_integer_and_the_deepest_value_are_read():
    """The limits themselves are within them."""
    assert parse(b"9007199254740992") == limits.MAX_JSON_INT
    nested = b"[" * limits.MAX_JSON_DEPTH + b"]" * limits.MAX_JSON_DEPTH
    assert depth(parse(nested)) == limits.MAX_JSON_DEPTH


def test_what_would_not_be_read_is_not_written():
    """A vault that no program opens any more is worse than an error."""
    with pytest.raises(JsonError):
        compact({"a": "\ud800"})


def test_the_canonical_form_does_not_depend_on_the_order_of_keys():
    """At any level: MACs are made over it."""
    assert (
        canonical({"b": {"d": 1, "c": 2}, "a": 3})
        == canonical({"a": 3, "b": {"c": 2, "d": 1}})
        == b'{"a":3,"b":{"c":2,"d":1}}'
    )
    assert compact({"b": 1, "a": 2}) == b'{"b":1,"a":2}'


EACH = {object_of: {}, text_of: "", integer_of: 0, boolean_of: False, list_of: []}


@pytest.mark.parametrize("take", EACH, ids=lambda take: take.__name__)
def test_a_value_has_exactly_one_type(take):
    """True is no integer, although Python has it as one; null is nothing."""
    for other, value in EACH.items():
        if other is take:
            assert take(value, "it") is value
        else:
            with pytest.raises(JsonError, match=r"^it is not "):
                take(value, "it")
    with pytest.raises(JsonError):
        take(None, "it")


def test_a_missing_key_and_an_unknown_one_are_named():
    """A key's name is no secret, but it may be anything."""
    exact_keys({"a": 1}, frozenset({"a"}), "it")
    with pytest.raises(JsonError, match="it has no 'b'"):
        exact_keys({"a": 1}, frozenset({"a", "b"}), "it")
    with pytest.raises(JsonError, match=r"it has the unknown key '\\x1b\[") as caught:
        exact_keys({"\x1b[" + "x" * 100: 1}, frozenset(), "it")
    assert len(str(caught.value)) < 80
