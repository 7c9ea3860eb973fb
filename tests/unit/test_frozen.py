"""vault.frozen: values as dataclasses makes them, without its import."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest

from vault.frozen import dataclass, field, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value with each kind of field."""

    x: int
    hidden: bytes = field(repr=False)
    name: str = "p"
    more: dict[str, int] = field(default_factory=dict, repr=False)
    other: bytes | None = field(default=None, repr=False)

    @property
    def double(self) -> int:
        """Twice x."""
        return 2 * self.x


def test_fields_are_given_by_name_and_have_defaults():
    """A method sees them, and repr hides what it should."""
    point = Point(x=1, hidden=b"secret")
    assert (point.x, point.name, point.more, point.other, point.double) == (1, "p", {}, None, 2)
    assert repr(point) == "Point(x=1, name='p')"


def test_each_value_has_its_own_default():
    """What one value's dictionary gets, no other has."""
    one, two = Point(x=1, hidden=b""), Point(x=1, hidden=b"")
    one.more["a"] = 1
    assert two.more == {}


@pytest.mark.parametrize("given", [{"x": 1}, {"x": 1, "hidden": b"", "y": 2}, {}])
def test_a_field_that_is_missing_or_unknown_is_refused(given):
    """As by a function."""
    with pytest.raises(TypeError, match=r"Point: missing or unknown: (hidden|y|hidden, x)$"):
        Point(**given)


def test_values_are_equal_if_all_fields_are():
    """Values of two classes never are."""
    point = Point(x=1, hidden=b"")

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Other:
        """The same fields."""

        x: int
        hidden: bytes
        name: str = "p"
        more: dict[str, int] = field(default_factory=dict)

    assert point == Point(x=1, hidden=b"")
    assert point != Point(x=2, hidden=b"")
    assert point != Other(x=1, hidden=b"")


def test_a_value_cannot_be_changed():
    """Neither a field nor anything else, and nothing can be added."""
    point = Point(x=1, hidden=b"")
    for name in ("x", "other"):
        with pytest.raises(AttributeError):
            setattr(point, name, 2)
    with pytest.raises(AttributeError):
        del point.x
    assert not hasattr(point, "__dict__")


@pytest.mark.parametrize("change", [replace, dataclasses.replace])
def test_replace_changes_a_copy(change):
    """By both functions."""
    point = Point(x=1, hidden=b"", more={"a": 1})
    assert change(point, x=2) == Point(x=2, hidden=b"", more={"a": 1})
    assert point.x == 1
    with pytest.raises(TypeError):
        change(point, y=1)


def test_replace_takes_values_of_dataclasses_too():
    """A module that has both kinds needs one function."""

    @dataclasses.dataclass(frozen=True)
    class Usual:
        """Of dataclasses."""

        x: int

    assert replace(Usual(1), x=2) == Usual(2)


def test_a_value_has_a_hash_if_its_fields_have():
    """It may be in a set."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Key:
        """A hashable value."""

        x: int

    assert len({Key(x=1), Key(x=1), Key(x=2)}) == 2


def test_other_kinds_of_dataclass_are_refused():
    """They would not be what they say."""
    with pytest.raises(TypeError):
        dataclass(frozen=False, slots=True, kw_only=True)


@pytest.mark.usefixtures("unmeasured")
def test_nothing_slow_is_imported():
    """Neither for the classes nor for values and copies."""
    code = """
import sys
from vault.store.payload import Entry
from vault.frozen import replace
replace(Entry(access_key_id="A", secret=None, created=1), created=2)
print(sorted({"dataclasses", "enum", "inspect", "json", "re", "typing"} & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
