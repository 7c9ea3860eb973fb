"""A pager for the user's terminal: $PAGER, otherwise less or more. Without one, the text goes to the terminal as it is."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess

from vault.system.tty import NoAnswer, open_terminal, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULTS = (["less"], ["more"])
_LESS = "FX"  # ends by itself if the text fits the screen, and leaves the text there


def show(text: str, *, env: Mapping[str, str]) -> None:
    """Let the user read ``text``, which the caller has escaped. Nothing if there is no terminal."""
    try:
        terminal = open_terminal()
    except NoAnswer:
        return
    try:
        if not any(_paged(words, text, terminal, env) for words in _choices(env)):
            write(terminal, text)
    finally:
        os.close(terminal)


def _choices(env: Mapping[str, str]) -> list[list[str]]:
    try:
        chosen = shlex.split(env.get("PAGER", ""))
    except ValueError:
        chosen = []
    return [chosen, *_DEFAULTS] if chosen else [*_DEFAULTS]


def _paged(words: list[str], text: str, terminal: int, env: Mapping[str, str]) -> bool:
    """Whether the pager could be started; it has ended then."""
    try:
        pager = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=terminal, stderr=terminal, env={"LESS": _LESS, **env}
        )
    except (OSError, ValueError):
        return False
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pager's as long as it runs
    try:
        pager.communicate(text.encode("utf-8", "replace"))
    finally:
        signal.signal(signal.SIGINT, before)
    return True
