"""The clipboard, through the desktop's own program: put a text in, and take it out again if it is still ours.

The text goes over the program's stdin, never its arguments. Keeps nothing and waits for no person.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager
from typing import NamedTuple

from vault import limits
from vault.errors import NotFound
from vault.system.clock import Deadline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vault.secret import Secret


class NoClipboard(NotFound):
    """No program for the clipboard is there, or none works here (5)."""

    hint = "install wl-clipboard, xclip or xsel; over ssh there is no clipboard"


class Clipboard(NamedTuple):
    """One way to the clipboard: the commands that write to it and read it."""

    write: tuple[str, ...]
    read: tuple[str, ...]
    env: Mapping[str, str]

    def put(self, text: Secret) -> None:
        """Put ``text`` on the clipboard. NoClipboard where the program fails."""
        if self._run(self.write, stdin=text.reveal()) is None:
            raise NoClipboard(f"{self.write[0]} could not reach the clipboard")
        self._await(text)

    def _await(self, text: Secret) -> None:
        """Until ``text`` can be read there: xclip ends before what it leaves behind has the selection.

        Whoever took the text off before that would find nothing, and it would lie there after.
        """
        until = Deadline.after(limits.CLIPBOARD_LOOK)
        while not self._holds(text) and not until.expired:
            until.clock.sleep(limits.CLIPBOARD_PAUSE)

    @contextmanager
    def holding(self, text: Secret) -> Iterator[None]:
        """``text`` is on the clipboard inside, and off it after, also where a closed window or a kill ends the process.

        Those two are a KeyboardInterrupt inside. NoClipboard.
        """
        before = {number: signal.signal(number, _interrupt) for number in (signal.SIGHUP, signal.SIGTERM)}
        try:
            try:
                self.put(text)
            except KeyboardInterrupt:
                self._await(text)  # the program may have got it, and is about to show it
                raise
            yield
        finally:
            self.take_out(text)
            for number, handler in before.items():
                signal.signal(number, handler)

    def take_out(self, text: Secret) -> bool:
        """Empty the clipboard if it still holds ``text``; whether it did."""
        return self._holds(text) and self._run(self.write, stdin=b"") is not None

    def _holds(self, text: Secret) -> bool:
        held = self._run(self.read, stdin=b"")
        return held is not None and held.strip() == text.reveal()

    def _run(self, words: Sequence[str], *, stdin: bytes) -> bytes | None:
        # What keeps a selection alive stays behind with our pipes, so the reader's stdout is a pipe and the writer's none.
        reads = words == self.read
        try:
            done = subprocess.run(
                list(words),
                input=stdin,
                stdout=subprocess.PIPE if reads else subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(self.env),
                timeout=limits.CLIPBOARD_TIME,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return (done.stdout or b"") if done.returncode == 0 else None


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def find(env: Mapping[str, str]) -> Clipboard:
    """The clipboard of this session: Wayland's, X's or macOS's. NoClipboard."""
    ways: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    if env.get("WAYLAND_DISPLAY"):
        ways.append((("wl-copy",), ("wl-paste", "--no-newline")))
    if env.get("DISPLAY"):
        ways.append((("xclip", "-selection", "clipboard"), ("xclip", "-selection", "clipboard", "-o")))
        ways.append((("xsel", "--clipboard", "--input"), ("xsel", "--clipboard", "--output")))
    ways.append((("pbcopy",), ("pbpaste",)))
    for write, read in ways:
        if _there(write[0], env):
            return Clipboard(write, read, env)
    raise NoClipboard("there is no clipboard here that awsvault-py knows")


def _there(program: str, env: Mapping[str, str]) -> bool:
    places = env.get("PATH", os.defpath).split(os.pathsep)
    return any(os.access(os.path.join(place, program), os.X_OK) for place in places)
