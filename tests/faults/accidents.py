"""What can happen at each call of a run: which accidents there are, and how one is brought about."""

from __future__ import annotations

from tests.faults.dying import WRITING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fakes.aws import StandIn
    from tests.faults.dying import Ended

KILLS = ("before", "after")
# of the way to AWS and back: once, and for as long as a client may have patience
WAY = tuple(
    f"{kind}{times}" for kind in ("cut-before", "cut-after", "throttle", "error-500") for times in ("", " x4")
)
DISK = ("full-once", "full")
DECLARED = (6, 8, 11)  # how a run may end where the disk, AWS, or the rotation is why


def at_each(points: list[str]) -> Iterator[tuple[int, str]]:
    """Every accident of a run whose calls are ``points``: the call's number and the accident."""
    for number, name in enumerate(points):
        for how in (*KILLS, *(WAY if name == "send" else ()), *(DISK if name in WRITING else ())):
            yield number, how


def befall(aws: StandIn, points: list[str], number: int, how: str, run: Callable[..., Ended]) -> bool:
    """One run with one accident. False where it was over before; AssertionError where it ended in an undeclared way."""
    if how not in WAY:
        ended = run(die=(number, how))
    else:
        kind, _, times = how.partition(" x")
        fault = aws.faults.add("*", kind, skip=points[:number].count("send"), times=int(times or 1))
        ended = run()
        aws.faults.clear()
    assert ended.killed or ended.error is None or ended.code in DECLARED, ended.error
    if how in KILLS:
        assert ended.killed or ended.error is None, ended.error
        return ended.killed
    return fault.met > 0 if how in WAY else len(ended.points) > number
