"""Whether a fingerprint may stand for the content of its files. Reads nothing but the fingerprint itself.

A file system's clock ticks: every 4 to 10 ms on today's, every second on ext3 with small inodes, every two on FAT. Two
writes within one tick leave the same times, and where they leave the same size too, the fingerprint of the first is
that of the second. So a fingerprint that was taken within a tick of a change (git calls it racily clean) tells the
state of the files only for that moment, and no answer is kept under it. Once the tick is over, a later write cannot
have the same times, and the fingerprint holds for good: whoever asks has nothing to check.
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
    """The fingerprint under which what is read from here on may be kept, or None where a file has just changed."""
    now = clock.time()  # first: a change after this moment is what must show
    taken = fingerprint(env, paths=paths)
    return taken if settled(taken, now=now) else None


def settled(taken: bytes, *, now: float) -> bool:
    """Whether every change of a file after unix time ``now``, when ``taken`` was, will give another fingerprint."""
    form, *parts = taken.split(b"\0")
    files = [
        part for part in parts if b"=" not in part
    ]  # the variables, each as name=value, stand behind them
    return form == FORM and all(
        _is_past(time, now=int(now * _SECOND)) for file in files for time in _times(file)
    )


def _times(identity: bytes) -> list[int]:
    """When it was written and when changed, in nanoseconds; none for a file that is not there or cannot be looked at."""
    return [int(time) for time in identity.split(b".")[3:]]


def _is_past(time: int, *, now: int) -> bool:
    # One in the future is of a clock that is not ours, and may tick as it likes.
    slow = time % _SECOND == 0 or time > now
    return now - time >= int((limits.TICK + (limits.TICK_WHOLE if slow else 0)) * _SECOND)
