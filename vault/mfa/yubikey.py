"""Codes of a YubiKey's OATH applet, which the maker's program `ykman` prints. Runs nothing."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "ykman"
_CODE = ("oath", "accounts", "code")
_NOT_WRITTEN = "'\"\\#;"  # AWS's files and shells read them in ways of their own
_LONGEST = 64  # bytes of an account's name on a YubiKey


def command_of(program: str, account: str) -> tuple[str, ...]:
    """The command that prints a code of the account, and nothing else. ValueError says what the account's name may not have."""
    if not account.isprintable() or not 1 <= len(account.encode()) <= _LONGEST:
        raise ValueError(f"1 to {_LONGEST} printable characters")
    if account[0] in "- " or account[-1] == " " or any(character in account for character in _NOT_WRITTEN):
        raise ValueError(f"no - at its start, no space at its ends, and none of {_NOT_WRITTEN}")
    return (program, *_CODE, "-s", account)


def is_writable(program: str) -> bool:
    """Whether AWS's files can have the path of the program."""
    return program.isprintable() and not any(character in program for character in _NOT_WRITTEN)


def is_command(words: Sequence[str]) -> bool:
    """Whether the command asks a YubiKey for a code, so that the user may have to touch it."""
    return os.path.basename(words[0]) == PROGRAM and tuple(words[1:4]) == _CODE
