"""The variables that lead to a passphrase. awsvault-py passes them to no program that it starts. Imports nothing."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

PASSPHRASE = "AWSVAULT_PASSPHRASE"  # noqa: S105  # a variable's name
# The first is a secret; the others lead to it.
OWN_KEYS_ALONE = (PASSPHRASE, PASSPHRASE + "_FILE", PASSPHRASE + "_FD", PASSPHRASE + "_COMMAND")


def for_child(env: Mapping[str, str]) -> dict[str, str]:
    """``env`` for a program that awsvault-py starts: without the variables that lead to the passphrase."""
    return {name: value for name, value in env.items() if name not in OWN_KEYS_ALONE}
