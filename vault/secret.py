"""Secret: a value that is never printed or pickled, and that is compared in constant time.

``reveal()`` is the only way to read it: search for that to find every use.
"""

from __future__ import annotations

from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


class Secret:
    """The bytes of a key, passphrase or seed. Text is kept as UTF-8."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes | str) -> None:
        self._value = value.encode("utf-8") if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        """The bytes."""
        return self._value

    def reveal_text(self) -> str:
        """The bytes as UTF-8 text."""
        return self._value.decode("utf-8")

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        from _operator import _compare_digest as compare_digest  # hmac's, whose import takes 2 ms

        return compare_digest(self._value, other._value)

    __hash__ = None  # type: ignore[assignment]  # a secret must not become a dictionary key

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "Secret(…)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled")


class CacheKey(NamedTuple):
    """What opens the session cache: the key, and the 16 bytes of the vault's ID."""

    key: Secret
    vault_id: bytes
