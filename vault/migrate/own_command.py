"""How a config file calls this program: its words, and the value of credential_process. Looks at paths, runs nothing.

The value works with and without a shell: absolute, no ``~ $ | ;``, double quotes only, and a program that is there.
"""

from __future__ import annotations

import os
import shutil
import sys

from vault.errors import ConfigError
from vault.keys.entry_names import quoted
from vault.profiles.command_words import Unbalanced, own_call, split
from vault.profiles.ini import is_name
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROGRAM = "awsvault-py"
_ACTIVE = frozenset("\"'\\`$~|;&<>()*?![]{}#%\n\r\t")


def our_words(env: Mapping[str, str], *, argv0: str | None = None) -> tuple[str, ...]:
    """The words that start this very program, the first an absolute path. Links are kept: installers move what is behind.

    ConfigError where the path holds what a shell or AWS's files read otherwise.
    """
    running = os.path.abspath(argv0 if argv0 is not None else sys.argv[0])
    beside = os.path.join(os.path.dirname(sys.executable), PROGRAM)
    found = shutil.which(PROGRAM, path=env.get("PATH"))
    if os.path.basename(running) == PROGRAM:
        words: tuple[str, ...] = (running,)
    elif os.access(beside, os.X_OK):
        words = (beside,)
    else:
        words = (os.path.abspath(found),) if found is not None else (sys.executable, "-m", "vault")
    for word in words:
        bad = next((c for c in word if c in _ACTIVE or not c.isprintable()), None)
        if bad is not None:
            raise ConfigError(
                f"this program lies at {safe(word)}, and {safe(bad)!r} in a path is read otherwise by a shell",
                hint="install it, or make a link to it, under a plain path",
            )
    return words


def process(words: Sequence[str], profile: str, more: Sequence[str] = ()) -> str:
    """The value of credential_process for ``profile``, with ``more`` options."""
    return " ".join((*(quoted(word) for word in words), "export", quoted(profile), *(_word(m) for m in more)))


def _word(word: str) -> str:
    return word if is_name(word) or word.replace("=", "").replace("-", "").isalnum() else quoted(word)


def options(command: str) -> tuple[str, ...]:
    """What follows ``export`` in a call of ours, but the profile's name: ``--no-session``, ``--duration 1h``."""
    words = split(command)
    call = own_call(command)
    if call is None:
        return ()
    rest = words[words.index("export") + 1 :]
    rest.remove(call.profile)
    return tuple(word for word in rest if word != "--")


def program(command: str) -> str | None:
    """The first word of a command, or None where it cannot be split."""
    try:
        words = split(command)
    except Unbalanced:
        return None
    return words[0] if words else None


def served_by(command: str, profile: str) -> str | None:
    """The program whose keys can be moved in and which ``command`` has serve this very profile, or None."""
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
