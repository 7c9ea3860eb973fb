"""Writes and reads the value of credential_process with which a config file calls awsvault-py. Runs nothing.

The value works with and without a shell: the path is absolute and exists, quotes are double, and there is no ``~ $ | ;``.
"""

from __future__ import annotations

import os
import shutil
import sys

from vault.errors import ConfigError
from vault.keys.entry_names import quoted
from vault.profiles.command_words import VALUED, Unbalanced, options_of, own_call, split
from vault.profiles.ini import is_name
from vault.system.front import command_path
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.profiles.command_words import OwnCall

PROGRAM = "awsvault-py"
_ACTIVE = frozenset("\"'\\`$~|;&<>()*?![]{}#%\n\r\t")


def program_words(env: Mapping[str, str], *, argv0: str | None = None) -> tuple[str, ...]:
    """The words that start this program; the first one is an absolute path. Links are kept, because installers move targets.
    Python is told not to look for modules in the folder in which a tool runs them.

    Raises ConfigError if the path has a character with a special meaning in a shell or in AWS's files.
    """
    running = command_path(env, argv0=argv0)
    beside = os.path.join(os.path.dirname(sys.executable), PROGRAM)
    found = shutil.which(PROGRAM, path=env.get("PATH"))
    if os.path.basename(running) == PROGRAM:
        words: tuple[str, ...] = (running,)
    elif os.access(beside, os.X_OK):
        words = (beside,)
    else:
        words = (os.path.abspath(found),) if found is not None else (sys.executable, "-P", "-m", "vault")
    for word in words:
        bad = next((c for c in word if c in _ACTIVE or not c.isprintable()), None)
        if bad is not None:
            raise ConfigError(
                f"awsvault-py is installed at {safe(word)}, but {safe(bad)!r} in a path has a special meaning in a shell",
                hint="install it at a path without special characters, or create a link to it there",
            )
    return words


def process_value(words: Sequence[str], profile: str, more: Sequence[str] = ()) -> str:
    """The value of credential_process for ``profile``, with ``more`` options."""
    return " ".join((*(quoted(word) for word in words), "export", quoted(profile), *(_word(m) for m in more)))


def _word(word: str) -> str:
    return word if is_name(word) or word.replace("=", "").replace("-", "").isalnum() else quoted(word)


def call_in(command: str) -> OwnCall | None:
    """The call of ``awsvault-py export`` in ``command``; None for another program or for a call that would fail."""
    try:
        return own_call(command)
    except ValueError:
        return None


def options(command: str) -> tuple[str, ...]:
    """The options of ``awsvault-py export`` in ``command``: ``--no-session``, ``--duration 1h``."""
    words = split(command)
    call = own_call(command)
    if call is None:
        return ()
    rest = words[words.index("export") + 1 :]
    found = options_of(rest)
    if ("", call.profile) in found:
        rest.remove(call.profile)
        return tuple(word for word in rest if word != "--")
    kept = [(option, value) for option, value in found if option != "--profile"]
    return tuple(
        word for option, value in kept for word in ((option, value) if option in VALUED else (option,))
    )


def program(command: str) -> str | None:
    """The first word of a command, or None if it cannot be split."""
    try:
        words = split(command)
    except Unbalanced:
        return None
    return words[0] if words else None


def importable_from(command: str, profile: str) -> str | None:
    """The program that ``command`` calls for this profile, if import can move its keys; otherwise None."""
    try:
        words = split(command)
    except Unbalanced:
        return None
    name = os.path.basename(words[0]).removesuffix(".exe") if words else ""
    rest = words[1:]
    if name == "aws-vault" and profile in rest and any(w in ("exec", "export", "e") for w in rest):
        return name
    named = f"--profile={profile}" in rest or ("--profile" in rest and profile in rest)
    return name if name == "granted" and "credential-process" in rest and named else None
