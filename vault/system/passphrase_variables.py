"""The variables of ours that lead to a passphrase, which no program that we start is given. Imports nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PASSPHRASE = "AWSVAULT_PASSPHRASE"  # noqa: S105  # a variable's name
# None of these is a child's business: the first is a secret, the others lead to it.
OURS_ALONE = (PASSPHRASE, PASSPHRASE + "_FILE", PASSPHRASE + "_FD", PASSPHRASE + "_COMMAND")


def for_child(env: Mapping[str, str]) -> dict[str, str]:
    """``env`` for a program that we start: without the ways to the passphrase."""
    return {name: value for name, value in env.items() if name not in OURS_ALONE}
