"""dataclass, field and replace without ``dataclasses``, whose import takes twice as long as the start of Python.

For frozen values with slots that are built by name. To a type checker they are those of ``dataclasses``, whose functions take the
values too. No other imports, no work.
"""

from __future__ import annotations

__all__ = ["dataclass", "field", "replace"]
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass, field, replace
    from typing import Any
else:
    _set = object.__setattr__

    _NONE = object()

    class _Field:
        """What ``field`` says: the default or what makes it, and whether repr shows the value."""

        __slots__ = ("default", "default_factory", "shown")

        def __init__(self, default: Any, default_factory: Callable[[], Any] | None, *, shown: bool) -> None:
            self.default = default
            self.default_factory = default_factory
            self.shown = shown

        @property
        def required(self) -> bool:
            """Whether there is no default."""
            return self.default is _NONE and self.default_factory is None

        def made(self) -> Any:
            """The default for one value."""
            return self.default if self.default_factory is None else self.default_factory()

    def field(
        *,
        default: Any = _NONE,
        default_factory: Callable[[], Any] | None = None,
        repr: bool = True,  # noqa: A002  # as dataclasses has it
    ) -> _Field:
        """Only these of the options of dataclasses."""
        return _Field(default, default_factory, shown=repr)

    class _AsDataclasses:
        """The fields in the form of ``dataclasses``, made when one of its functions asks for them."""

        def __get__(self, _value: _Frozen | None, kind: type[_Frozen]) -> dict[str, Any]:
            from dataclasses import make_dataclass

            made = make_dataclass(kind.__name__, [(name, object) for name in kind._fields], kw_only=True)
            kind.__dataclass_fields__ = made.__dataclass_fields__
            return made.__dataclass_fields__

    class _Frozen:
        """What the values share. Each class has its fields, their defaults, and which of them repr hides."""

        __slots__ = ()
        _fields = ()
        _names = _hidden = frozenset()
        _defaults = {}  # noqa: RUF012  # replaced by each class, never changed
        __dataclass_fields__ = _AsDataclasses()

        def __init__(self, **named: Any) -> None:
            if len(named) < len(self._fields):
                for name, default in self._defaults.items():
                    if name not in named:
                        named[name] = default.made() if default.__class__ is _Field else default
            if named.keys() != self._names:
                wrong = ", ".join(sorted(named.keys() ^ self._names))
                raise TypeError(f"{type(self).__name__}: missing or unknown: {wrong}")
            for name, value in named.items():
                _set(self, name, value)

        def _values(self) -> tuple[Any, ...]:
            return tuple([getattr(self, name) for name in self._fields])

        def __eq__(self, other: object) -> bool:
            return self._values() == other._values() if other.__class__ is self.__class__ else NotImplemented

        def __hash__(self) -> int:
            return hash(self._values())

        def __repr__(self) -> str:
            shown = [f"{name}={getattr(self, name)!r}" for name in self._fields if name not in self._hidden]
            return f"{type(self).__qualname__}({', '.join(shown)})"

        def __setattr__(self, name: str, _value: Any) -> None:
            raise AttributeError(f"cannot assign to field {name!r}")

        def __delattr__(self, name: str) -> None:
            raise AttributeError(f"cannot delete field {name!r}")

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool) -> Callable[[type], type[_Frozen]]:
        """For a class without bases: its annotations are the fields. All three options must be set."""
        if not (frozen and slots and kw_only):
            raise TypeError("only frozen values with slots that are built by name")
        return _frozen

    def _frozen(kind: type) -> type[_Frozen]:
        fields, body = tuple(kind.__annotations__), dict(kind.__dict__)
        given = {name: body.pop(name) for name in fields if name in body}
        options = {name: value for name, value in given.items() if isinstance(value, _Field)}
        for name in ("__dict__", "__weakref__"):
            body.pop(name, None)
        body |= {
            "__slots__": fields,
            "__qualname__": kind.__qualname__,
            "_fields": fields,
            "_names": frozenset(fields),
            "_hidden": frozenset([name for name, option in options.items() if not option.shown]),
            "_defaults": {
                name: value for name, value in given.items() if name not in options or not value.required
            },
        }
        return type(kind.__name__, (_Frozen,), body)

    def replace(value: Any, /, **changes: Any) -> Any:
        """A copy with these fields changed. TypeError for an unknown one. Values of ``dataclasses`` are taken too."""
        if not isinstance(value, _Frozen):
            from dataclasses import replace as changed

            return changed(value, **changes)
        return type(value)(**{name: getattr(value, name) for name in value._fields} | changes)
