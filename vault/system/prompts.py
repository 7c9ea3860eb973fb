"""Questions to a person, on /dev/tty or by pinentry. Never reads stdin: that belongs to whoever started us.

Whatever ends a question (an answer, Ctrl-C, a signal, the deadline) leaves the terminal as it was found.
"""

from __future__ import annotations

import os
import signal
from typing import NamedTuple

from vault import limits
from vault.secret import Secret
from vault.system.poll import readable
from vault.system.tty import NoAnswer, Signalled, has_terminal, open_terminal, signals_raise, write
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.system.clock import Deadline
    from vault.system.pinentry import Pinentry


class Interaction(NamedTuple):
    """How a person may be asked. ``mode`` is auto, tty, pinentry or none; ``window_first`` prefers pinentry.

    A person who ran the command looks at its terminal; one whose SDK ran it looks elsewhere, so a window comes first.
    """

    mode: str
    env: Mapping[str, str]
    pinentry: str = "pinentry"
    window_first: bool = False

    def ways(self) -> list[str]:
        """The ways that are open now, in the order in which they are tried: ``tty``, ``pinentry``."""
        if self.mode == "none":
            return []
        tty = ["tty"] if self.mode in ("auto", "tty") and has_terminal() else []
        window = (
            ["pinentry"] if self.mode == "pinentry" or (self.mode == "auto" and self._has_window()) else []
        )
        return window + tty if self.window_first else tty + window

    def obstacle(self) -> str:
        """Why nobody can be asked, for a message."""
        return (
            "asking is switched off (prompt = none)"
            if self.mode == "none"
            else "there is no terminal to ask on"
        )

    def possible(self) -> bool:
        """Whether anybody could be asked."""
        return bool(self.ways())

    def hidden(self, question: str, *, deadline: Deadline, note: str = "", complaint: str = "") -> Secret:
        """The answer, typed unseen. ``note`` explains, ``complaint`` says why it is asked again. NoAnswer."""
        return self._ask(question, deadline=deadline, note=note, complaint=complaint, echo=False)

    def plain(self, question: str, *, deadline: Deadline, note: str = "", complaint: str = "") -> str:
        """The answer, typed visibly, without blanks around it. NoAnswer."""
        answer = self._ask(question, deadline=deadline, note=note, complaint=complaint, echo=True)
        return answer.reveal().decode("utf-8", "surrogateescape").strip()

    def confirm(self, question: str, *, deadline: Deadline) -> bool:
        """Whether the person said yes; an empty answer is no. NoAnswer where nobody can be asked."""
        for way in self.ways():
            if way == "pinentry":
                with self._window(deadline) as window:
                    window.describe(title="awsvault-py", text=question, prompt="")
                    return window.confirm()
            while True:
                answer = (
                    self._typed(f"{question} [y/N] ", deadline=deadline, echo=True).reveal().strip().lower()
                )
                if answer in (b"y", b"yes"):
                    return True
                if answer in (b"", b"n", b"no"):
                    return False
        raise NoAnswer("nobody", self.obstacle())

    def tell(self, text: str) -> None:
        """A line on the terminal, where there is one; otherwise nothing. Escapes are shown, not obeyed."""
        try:
            fd = open_terminal()
        except NoAnswer:
            return
        try:
            write(fd, safe(text, limit=2000) + "\n")
        finally:
            os.close(fd)

    def _ask(self, question: str, *, deadline: Deadline, note: str, complaint: str, echo: bool) -> Secret:
        failure = NoAnswer("nobody", self.obstacle())
        for way in self.ways():
            try:
                if way == "pinentry":
                    with self._window(deadline) as window:
                        window.describe(title="awsvault-py", text=note or question, prompt=question)
                        if complaint:
                            window.complain(complaint)
                        return window.get()
                lines = "".join(safe(line, limit=2000) + "\n" for line in (complaint, note) if line)
                return self._typed(f"{question}: ", deadline=deadline, echo=echo, before=lines)
            except NoAnswer as answer:
                if answer.reason != "nobody":
                    raise
                failure = answer
        raise failure

    def _typed(self, prompt: str, *, deadline: Deadline, echo: bool, before: str = "") -> Secret:
        fd = open_terminal()
        try:
            return _read_line(fd, before + safe(prompt, limit=600), deadline=deadline, echo=echo)
        finally:
            os.close(fd)

    def _window(self, deadline: Deadline) -> Pinentry:
        from vault.system.pinentry import Pinentry  # subprocess costs 10 ms

        return Pinentry(self.pinentry, env=self.env, deadline=deadline)

    def _has_window(self) -> bool:
        if not (self.env.get("DISPLAY") or self.env.get("WAYLAND_DISPLAY")):
            return False
        places = [""] if "/" in self.pinentry else self.env.get("PATH", os.defpath).split(os.pathsep)
        return any(os.access(os.path.join(place, self.pinentry), os.X_OK) for place in places)


def _read_line(fd: int, prompt: str, *, deadline: Deadline, echo: bool) -> Secret:
    """One line of the terminal ``fd``, without its end; asked again after Ctrl-Z and fg."""
    while True:
        try:
            return _read_once(fd, prompt, deadline=deadline, echo=echo)
        except Signalled as signalled:
            number = signalled.number
        signal.raise_signal(
            number
        )  # the terminal is itself again: now the signal does what it would have done


def _read_once(fd: int, prompt: str, *, deadline: Deadline, echo: bool) -> Secret:
    import termios

    try:
        before = termios.tcgetattr(fd)
    except termios.error:
        raise NoAnswer("nobody", "the terminal cannot be set up for a question") from None
    quiet = termios.tcgetattr(fd)
    # Canonical: the terminal itself edits the line. ISIG: Ctrl-C reaches our caller too, which then stops as well.
    quiet[3] = (
        (quiet[3] | termios.ICANON | termios.ISIG) & ~termios.ECHO if not echo else quiet[3] | termios.ECHO
    )
    line: bytes | None = None
    try:
        with signals_raise() as wake:
            try:
                termios.tcsetattr(
                    fd, termios.TCSAFLUSH, quiet
                )  # what was typed before the question is no answer
                write(fd, prompt)
                line = _line(fd, deadline, wake=wake)
            finally:
                termios.tcsetattr(fd, termios.TCSADRAIN, before)
                if not echo or line is None:
                    write(fd, "\n")
    except termios.error:
        raise NoAnswer("nobody", "the terminal went away") from None
    if line is None:
        raise NoAnswer("timeout", "the question was not answered in time")
    if not line:
        raise NoAnswer("cancelled", "the question was cancelled")
    return Secret(line.removesuffix(b"\n").removesuffix(b"\r"))


def _line(fd: int, deadline: Deadline, *, wake: int) -> bytes | None:
    """Up to the end of the line; empty at Ctrl-D; None where the deadline came first."""
    line = b""
    while not line.endswith(b"\n"):
        ready = readable([fd, wake], deadline.remaining())
        if not ready:
            return None
        if fd not in ready:
            os.read(wake, 64)  # a signal: its handler has run by now, and this one did not end the question
            continue
        try:
            piece = os.read(fd, limits.MAX_TYPED + 1)
        except OSError:  # the terminal was hung up
            raise NoAnswer("nobody", "the terminal went away") from None
        if not piece:
            return line
        line += piece
    return line


__all__ = ["Interaction", "NoAnswer", "has_terminal"]
