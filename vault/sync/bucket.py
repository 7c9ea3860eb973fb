"""What a sync asks of the storage that all machines share: one object, read and replaced under conditions.

A condition saves work and shows a race. That no edit is lost does not rest on it. Network errors are those of errors.py:
Unreachable (8), Refused (7).
"""

from __future__ import annotations

from vault.records import NamedTuple, Protocol


class Fetched(NamedTuple):
    """The object's content and its entity tag, which is opaque."""

    data: bytes
    etag: str


class Absent:
    """There is no object."""

    __slots__ = ()


class NotChanged:
    """The object is still the one whose entity tag was named (304)."""

    __slots__ = ()


class ConditionFailed(Exception):  # control flow between the bucket and the sync, never shown to the user
    """Nothing was written: the object is another one, or exists already (412), or another writer was faster (409)."""


class Bucket(Protocol):
    """One object of a bucket."""

    def get(self, unless: str | None) -> Fetched | Absent | NotChanged:
        """The object, or NotChanged if its entity tag is ``unless`` (If-None-Match)."""

    def put(self, data: bytes, match: str | None) -> str:
        """Replace the object of entity tag ``match`` (If-Match), or create it if that is None (If-None-Match: *).

        Returns the new entity tag. ConditionFailed: nothing was written.
        """
