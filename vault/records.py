"""NamedTuple, Protocol and assert_never without ``typing``, whose import takes as long as the start of Python.

To a type checker they are those from typing. No other imports, no work.
"""

from __future__ import annotations

__all__ = ["NamedTuple", "Protocol", "assert_never"]
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Never, Protocol, Self, assert_never
else:
    from _operator import itemgetter

    Protocol = object

    def assert_never(value: Never) -> Never:
        """For a case that cannot be."""
        raise AssertionError(value)

    class NamedTuple(tuple):
        """The fields are the annotations of the class, in order, with its values as defaults."""

        __slots__ = ()
        _fields = ()
        _field_defaults = {}  # noqa: RUF012  # replaced by each class, never changed

        def __init_subclass__(cls) -> None:
            cls._fields = cls.__match_args__ = tuple(cls.__annotations__)
            cls._field_defaults = {name: cls.__dict__[name] for name in cls._fields if name in cls.__dict__}
            for number, name in enumerate(cls._fields):
                setattr(cls, name, property(itemgetter(number)))

        def __new__(cls, *values: object, **named: object) -> Self:
            """Fields by position or by name. TypeError if one is missing, given twice or unknown."""
            if len(values) != len(cls._fields) or named:
                left = cls._fields[len(values) :]
                if len(values) > len(cls._fields) or not named.keys() <= set(left):
                    raise TypeError(f"{cls.__name__} has the fields {', '.join(cls._fields)}")
                found = {**cls._field_defaults, **named}
                missing = [name for name in left if name not in found]
                if missing:
                    raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}")
                values += tuple(found[name] for name in left)
            return tuple.__new__(cls, values)

        def __repr__(self) -> str:
            shown = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
            return f"{type(self).__name__}({shown})"

        def __getnewargs__(self) -> tuple[object, ...]:
            return tuple(self)

        def _asdict(self) -> dict[str, object]:
            return dict(zip(self._fields, self, strict=True))

        def _replace(self, **named: object) -> Self:
            if not named.keys() <= set(self._fields):
                raise ValueError(f"{type(self).__name__} has the fields {', '.join(self._fields)}")
            return type(self)(**{**self._asdict(), **named})
