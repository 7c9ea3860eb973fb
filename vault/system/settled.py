"""Whether a fingerprint is safe to use as a key for the content of its files. Reads only the fingerprint.

The clock of a file system ticks: every 4 to 10 ms on current ones, every second on ext3 with small inodes, every two seconds
on FAT. Two writes within one tick leave the same times, and if they leave the same size too, both have the same fingerprint.
So a fingerprint taken within a tick of a change (git calls that racily clean) is valid only for that moment, and no answer is
cached under it. Once the tick is over, a later write cannot have the same times, and the fingerprint is valid for good.
"""

from __future__ import annotations

from vault import limits
from vault.system.paths import FORM, fingerprint

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.system.clock import Clock
    from vault.system.paths import Paths

_SECOND = 10**9  # in nanoseconds


def to_keep_under(env: Mapping[str, str], *, paths: Paths, clock: Clock) -> bytes | None:
    """The fingerprint under which to cache what is read from now on; None if a file has just changed."""
    now = clock.time()  # first: a change after this moment must show
    taken = fingerprint(env, paths=paths)
    return taken if settled(taken, now=now) else None


def settled(taken: bytes, *, now: float) -> bool:
    """Whether every change of a file after Unix time ``now``, when ``taken`` was made, will give another fingerprint."""
    form, *parts = taken.split(b"\0")
    files = [part for part in parts if b"=" not in part]  # variables have the form name=value
    return form == FORM and all(
        _is_past(time, now=int(now * _SECOND)) for file in files for time in _times(file)
    )


def _times(identity: bytes) -> list[int]:
    """Its mtime and ctime in nanoseconds; none for a file that does not exist or cannot be read."""
    return [int(time) for time in identity.split(b".")[3:]]


def _is_past(time: int, *, now: int) -> bool:
    # A time in the future comes from another clock, whose tick is unknown.
    slow = time % _SECOND == 0 or time > now
    return now - time >= int((limits.TICK + (limits.TICK_WHOLE if slow else 0)) * _SECOND)
