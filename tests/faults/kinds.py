"""Every kind of run that may die: each rotation, one where IAM requires MFA, and an enrollment."""

from __future__ import annotations

from tests.faults import enrollment, rotation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.rotation import Place

ALL = (*rotation.KINDS, "mfa", "enroll")


def run_of(place: Place, kind: str) -> tuple[list[str], Callable[[int, str], bool]]:
    """The calls of an undisturbed run, and what makes one with an accident."""
    if kind == "enroll":
        points = enrollment.points_of(place)
        return points, lambda number, how: enrollment.suffer(place, points, number, how)
    real, mfa = ("rotate", True) if kind == "mfa" else (kind, False)
    points = rotation.points_of(place, real, mfa=mfa)
    return points, lambda number, how: rotation.suffer(place, real, points, number, how, mfa=mfa)
