"""Our NamedTuple behaves as typing's, whose place it takes where typing would cost too much."""

from __future__ import annotations

import copy
import pickle
import typing

import pytest

from vault import records


class Records(records.NamedTuple):
    name: str
    size: int = 3
    more: tuple[str, ...] = ()

    @property
    def double(self):
        return 2 * self.size


class Typings(typing.NamedTuple):
    name: str
    size: int = 3
    more: tuple[str, ...] = ()

    @property
    def double(self):
        return 2 * self.size


BOTH = pytest.mark.parametrize("kind", [Records, Typings])


@BOTH
def test_values_come_by_place_by_name_and_by_default(kind):
    """In any mixture, and are had by name, by number and by unpacking."""
    made = kind("a", more=("b",))
    assert (made.name, made.size, made.more, made.double) == ("a", 3, ("b",), 6)
    assert (
        made == ("a", 3, ("b",)) == tuple(made) == kind("a", 3, ("b",)) == kind(size=3, more=("b",), name="a")
    )
    assert hash(made) == hash(("a", 3, ("b",)))
    name, *rest = made
    assert (name, rest, made[1], len(made), isinstance(made, tuple)) == ("a", [3, ("b",)], 3, 3, True)


@BOTH
@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((), {"size": 1}), (("a", 1, (), 4), {}), (("a",), {"name": "b"}), (("a",), {"other": 1})],
)
def test_what_does_not_fit_is_refused(kind, values, named):
    """A field missing, too many, given twice or unknown."""
    with pytest.raises(TypeError):
        kind(*values, **named)


@BOTH
def test_it_is_changed_by_replacing(kind):
    """A value cannot be set; another record can be made from it."""
    made = kind("a")
    with pytest.raises(AttributeError):
        made.size = 4
    assert made._replace(size=4) == kind("a", 4)
    assert type(made._replace(size=4)) is kind
    assert made._asdict() == {"name": "a", "size": 3, "more": ()}
    with pytest.raises((ValueError, TypeError)):
        made._replace(other=1)
    assert (kind._fields, kind._field_defaults) == (("name", "size", "more"), {"size": 3, "more": ()})


@BOTH
def test_it_is_shown_matched_copied_and_pickled(kind):
    """As any value of Python's."""
    made = kind("a")
    assert repr(made).endswith("(name='a', size=3, more=())")
    match made:
        case kind("a", size=size):
            assert size == 3
        case _:
            raise AssertionError
    assert copy.deepcopy(made) == copy.copy(made) == pickle.loads(pickle.dumps(made)) == made
    assert type(copy.copy(made)) is kind
