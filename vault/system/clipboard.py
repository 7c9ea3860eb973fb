"""The clipboard, through the desktop's program: copy a text, and clear it later if it is still the same text.

The text goes over the program's stdin, never in its arguments.
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import contextmanager

from vault import limits
from vault.errors import NotFound
from vault.records import NamedTuple
from vault.system.clock import Deadline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vault.secret import Secret


class NoClipboard(NotFound):
    """No program for the clipboard is installed, or none works here (5)."""

    hint = "install wl-clipboard, xclip or xsel; there is no clipboard over ssh"


class Clipboard(NamedTuple):
    """The commands that write to the clipboard and read it."""

    write: tuple[str, ...]
    read: tuple[str, ...]
    env: Mapping[str, str]

    def put(self, text: Secret) -> None:
        """Copy ``text`` to the clipboard. NoClipboard if the program fails."""
        if self._run(self.write, stdin=text.reveal()) is None:
            raise NoClipboard(f"{self.write[0]} could not reach the clipboard")
        self._await(text)

    def _await(self, text: Secret) -> None:
        """Wait until ``text`` can be read from the clipboard: xclip ends before its background process has the
        selection.

        Clearing it earlier would find nothing, and the text would appear afterwards.
        """
        until = Deadline.after(limits.CLIPBOARD_LOOK)
        while not self._holds(text) and not until.expired:
            until.clock.sleep(limits.CLIPBOARD_PAUSE)

    @contextmanager
    def holding(self, text: Secret) -> Iterator[None]:
        """``text`` is on the clipboard inside the block, and cleared after it, even if a closed window or a kill signal
        ends it.

        Both of these become a KeyboardInterrupt. Errors: NoClipboard.
        """
        before = {number: signal.signal(number, _interrupt) for number in (signal.SIGHUP, signal.SIGTERM)}
        try:
            try:
                self.put(text)
            except KeyboardInterrupt:
                self._await(text)  # the program may have read the text already, and be about to set it
                raise
            yield
        finally:
            self.take_out(text)
            for number, handler in before.items():
                signal.signal(number, handler)

    def take_out(self, text: Secret) -> bool:
        """Clear the clipboard if it still has ``text``. Whether it had."""
        return self._holds(text) and self._run(self.write, stdin=b"") is not None

    def _holds(self, text: Secret) -> bool:
        held = self._run(self.read, stdin=b"")
        return held is not None and held.strip() == text.reveal()

    def _run(self, words: Sequence[str], *, stdin: bytes) -> bytes | None:
        # The process that keeps a selection alive inherits the pipes. So only the reader's stdout is a pipe.
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
    """The clipboard of this desktop: Wayland's, X's or macOS's. Errors: NoClipboard."""
    ways: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
    if env.get("WAYLAND_DISPLAY"):
        ways.append((("wl-copy",), ("wl-paste", "--no-newline")))
    if env.get("DISPLAY"):
        ways.append((("xclip", "-selection", "clipboard"), ("xclip", "-selection", "clipboard", "-o")))
        ways.append((("xsel", "--clipboard", "--input"), ("xsel", "--clipboard", "--output")))
    ways.append((("pbcopy",), ("pbpaste",)))
    for write, read in ways:
        if _usable(write[0], env):
            return Clipboard(write, read, env)
    raise NoClipboard("no clipboard is available")


def _usable(program: str, env: Mapping[str, str]) -> bool:
    places = env.get("PATH", os.defpath).split(os.pathsep)
    return any(os.access(os.path.join(place, program), os.X_OK) for place in places)
