"""Tries on throw-away objects whether a server keeps the conditions of writes. Knows no SDK; sends by what it is given.

What it finds spares users a bucket on which machines overwrite each other's edits all the time. It cannot find a server that
fails once in a thousand races, so that no edit is lost does not rest on it (docs/format.md).
"""

from __future__ import annotations

import os
import threading

from vault import errors, limits
from vault.aws.connections import ConnectionPool
from vault.records import NamedTuple, Protocol
from vault.s3.address import Address
from vault.s3.least_policy import PROBES
from vault.s3.refusals import NoConditionalWrites, no_conditions
from vault.sync.bucket import Bucket, ConditionFailed, Fetched

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from vault.system.clock import Deadline

    Outcome = Literal["good", "ignores", "races"]

_WRONG = '"0123456789abcdef0123456789abcdef"'  # a tag that no object of the probe has


class ProbeObject(Bucket, Protocol):
    """A throw-away object."""

    def delete(self) -> None:
        """Remove it."""


class Opener(Protocol):
    """Gives the object at an address (S3Client.object)."""

    def __call__(
        self, address: Address, *, pool: ConnectionPool | None = None, gate: Callable[[], None] | None = None
    ) -> ProbeObject:
        """``pool`` keeps its connection. ``gate`` is called when a request is complete and about to leave."""


class ProbeVerdict(NamedTuple):
    """What the probe found. ``reason`` says which condition was not kept; ``left`` are objects that could not be removed."""

    outcome: Outcome
    reason: str = ""
    left: tuple[str, ...] = ()


def probe(open_object: Opener, address: Address, *, deadline: Deadline) -> ProbeVerdict:
    """Try the server with objects beside ``address``, and remove them. Errors: Refused, Unreachable, ConfigError.

    NoConditionalWrites if the server says itself that it has none.
    """
    return _Probe(open_object, address, deadline).run()


def require_good(verdict: ProbeVerdict, address: Address) -> None:
    """NoConditionalWrites if the probe found a server on which machines could overwrite each other's edits."""
    if verdict.outcome == "ignores":
        raise NoConditionalWrites(f"{address.url}: {verdict.reason}", hint=no_conditions())
    if verdict.outcome == "races":
        raise NoConditionalWrites(
            f"{address.url}: the server keeps conditions one at a time, but not at the same time: {verdict.reason}",
            hint=no_conditions(),
        )


class _Broken(Exception):
    """A condition was not kept. The outcome and the reason."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome: Outcome = outcome
        self.reason = reason


class _Probe:
    def __init__(self, open_object: Opener, address: Address, deadline: Deadline) -> None:
        self._open, self._deadline = open_object, deadline
        self._base = Address(address.bucket, f"{address.key}{PROBES}{os.urandom(8).hex()}")
        self._used: list[Address] = []

    def run(self) -> ProbeVerdict:
        outcome: Outcome = "good"
        reason = ""
        try:
            self._one_at_a_time(self._open(self._next()))
            for number in range(limits.PROBE_RACES):
                if self._deadline.expired:
                    raise _too_slow()
                self._race(created=number % 2 == 0)
        except _Broken as broken:
            outcome, reason = broken.outcome, broken.reason
        finally:
            left = self._clean()
        return ProbeVerdict(outcome, reason, left)

    def _next(self) -> Address:
        self._used.append(Address(self._base.bucket, f"{self._base.key}-{len(self._used)}"))
        return self._used[-1]

    def _one_at_a_time(self, at: ProbeObject) -> None:
        first = _new(at, b"one")
        if _written(at, b"two", None) is not None or _content(at) != b"one":
            raise _Broken("ignores", "the server ignores If-None-Match: it replaced an object that exists")
        if _written(at, b"two", _WRONG) is not None or _content(at) != b"one":
            raise _Broken(
                "ignores", "the server ignores If-Match: it replaced an object that has another tag"
            )
        if _written(at, b"two", first) is None or _content(at) != b"two":
            raise _Broken("ignores", "the server refuses If-Match with the tag that the object has")
        if _written(at, b"three", first) is not None or _content(at) != b"two":
            raise _Broken("ignores", "the server ignores If-Match: it replaced an object by its former tag")

    def _race(self, *, created: bool) -> None:
        """All writers at once, each with another content: one may win, and the object must then have its content."""
        address = self._next()
        match = None if created else _new(self._open(address), b"start")
        writers = _Writers(self._open, address, match, self._deadline)
        won = writers.run()
        condition = "If-None-Match" if created else "If-Match"
        if len(won) > 1:
            raise _Broken(
                "races", f"{len(won)} of {limits.PROBE_WRITERS} writers won with the same {condition}"
            )
        if won and _content(self._open(address)) != won[0]:
            raise _Broken("races", f"the object has not the content of the writer that won by {condition}")

    def _clean(self) -> tuple[str, ...]:
        """Remove what was written. What is denied or cannot be reached stays: these objects are small and hold nothing."""
        left = []
        for address in self._used:
            try:
                self._open(address).delete()
            except errors.Error:
                left.append(address.url)
        return tuple(left)


class _Writers:
    """Threads that write one object at the same moment, each by a connection that is open already."""

    def __init__(self, open_object: Opener, address: Address, match: str | None, deadline: Deadline) -> None:
        self._open, self._address, self._match, self._deadline = open_object, address, match, deadline
        self._barrier = threading.Barrier(limits.PROBE_WRITERS)
        self._won: list[bytes] = []
        self._failures: list[Exception] = []

    def run(self) -> list[bytes]:
        """The contents of the writers that won. The first error of a writer, if one could not write."""
        threads = [
            threading.Thread(target=self._write, args=(number,), daemon=True)
            for number in range(limits.PROBE_WRITERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        failed = [each for each in self._failures if not isinstance(each, threading.BrokenBarrierError)]
        if failed:
            raise failed[0]
        if self._failures:  # they did not write at once, or not at all: that says nothing about the server
            raise _too_slow()
        return self._won

    def _write(self, number: int) -> None:
        pool, content = ConnectionPool(), b"writer %d" % number * 64
        try:
            self._open(self._address, pool=pool).get(None)
            self._open(self._address, pool=pool, gate=self._wait).put(content, self._match)
            self._won.append(content)
        except ConditionFailed:
            pass
        except Exception as error:  # noqa: BLE001  # of a thread: raised again by run
            self._barrier.abort()
            self._failures.append(error)
        finally:
            pool.close()

    def _wait(self) -> None:
        self._barrier.wait(max(0.001, self._deadline.remaining()))


def _too_slow() -> errors.Unreachable:
    """The error if the time of the probe is over."""
    return errors.Unreachable(
        f"the bucket answers too slowly to be tried in {limits.PROBE_TIME:.0f} s",
        hint="run the command again",
    )


def _new(at: ProbeObject, data: bytes) -> str:
    """Create an object that does not exist, and return its tag."""
    tag = _written(at, data, None)
    if tag is None:
        raise _Broken("ignores", "the server refuses If-None-Match for an object that does not exist")
    return tag


def _written(at: ProbeObject, data: bytes, match: str | None) -> str | None:
    """The new tag, or None where the condition was kept."""
    try:
        return at.put(data, match)
    except ConditionFailed:
        return None


def _content(at: ProbeObject) -> bytes | None:
    found = at.get(None)
    return found.data if isinstance(found, Fetched) else None
