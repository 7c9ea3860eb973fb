"""Which stored device a wrong serial may mean: a typo in its name, another account, or the user's ARN. Pure."""

from __future__ import annotations

from vault.text import nearest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME_LIKE = 0.75  # difflib's ratio for one wrong letter in a short name, or two swapped letters
_ACCOUNT_LIKE = 0.85  # one or two wrong digits of an account's twelve, with the text around them


def similar_serial(serial: str, stored: Iterable[str]) -> str | None:
    """The stored serial that is similar to ``serial``, or None. For "did you mean" only.

    Similar means: the same name in another account or form (a role's account instead of the user's, ``:user/``), or a
    name with a typo in the same account.
    """
    account, name = _parts(serial)
    others = {other: _parts(other) for other in sorted(set(stored) - {serial})}
    same = [other for other, (_, its) in others.items() if its == name]
    if same:
        return max(same, key=lambda other: others[other][0] == account)
    near = {its: other for other, (where, its) in others.items() if _is_like(account, where, _ACCOUNT_LIKE)}
    found = nearest(name, list(near), cutoff=_NAME_LIKE)
    return near[found] if found is not None else None


def _parts(serial: str) -> tuple[str, str]:
    """The part before the device's path, and its name in lower case."""
    before, _, name = serial.rpartition("/")
    return before.partition(":mfa")[0].partition(":user")[0], name.casefold()


def _is_like(one: str, other: str, cutoff: float) -> bool:
    return one == other or nearest(one, [other], cutoff=cutoff) is not None
