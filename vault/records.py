"""NamedTuple for the modules of a disk hit, without ``typing``: importing that takes as long as Python's own start.

To a type checker it is typing's own. No other imports, no work.
"""

from __future__ import annotations

__all__ = ["NamedTuple"]
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NamedTuple, Self
else:
    from _operator import itemgetter

    class NamedTuple(tuple):
        """The fields are the class's annotations in their order, a default is what stands behind one."""

        __slots__ = ()
        _fields = ()
        _field_defaults = {}  # noqa: RUF012  # replaced by each class, never changed

        def __init_subclass__(cls) -> None:
            cls._fields = cls.__match_args__ = tuple(cls.__annotations__)
            cls._field_defaults = {name: cls.__dict__[name] for name in cls._fields if name in cls.__dict__}
            for number, name in enumerate(cls._fields):
                setattr(cls, name, property(itemgetter(number)))

        def __new__(cls, *values: object, **named: object) -> Self:
            """By position or by name; TypeError for a field too many, twice or missing."""
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
