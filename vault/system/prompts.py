"""Prompts, on /dev/tty or by pinentry. Never reads stdin, which belongs to the caller.

Whatever ends a prompt (an answer, Ctrl-C, a signal, the deadline), the terminal is left as it was.
"""

from __future__ import annotations

import os
import signal

from vault import limits
from vault.records import NamedTuple
from vault.secret import Secret
from vault.system.poll import readable
from vault.system.tty import NoAnswer, Signalled, has_terminal, open_terminal, signals_raise, write
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vault.system.clock import Deadline
    from vault.system.pinentry import Pinentry


class WaitOver(Exception):  # as NoAnswer
    """What a window waits for has happened."""


class Interaction(NamedTuple):
    """How to prompt the user. ``mode`` is one of settings.PROMPTS; ``window_first`` prefers pinentry.

    If the user ran the command, they look at its terminal. If their SDK ran it, they look elsewhere, so a window comes
    first.
    """

    mode: str
    env: Mapping[str, str]
    pinentry: str = "pinentry"
    window_first: bool = False

    def ways(self) -> list[str]:
        """The ways that are possible now, in the order in which they are tried: ``tty``, ``pinentry``."""
        if self.mode == "none":
            return []
        automatic = self.mode in ("auto", "notification")  # a notification cannot be typed into
        tty = ["tty"] if (automatic or self.mode == "tty") and has_terminal() else []
        window = ["pinentry"] if self.mode == "pinentry" or (automatic and self._has_window()) else []
        return window + tty if self.window_first else tty + window

    def obstacle(self) -> str:
        """Why no prompt is possible, for a message."""
        return (
            "prompts are disabled (prompt = none)"
            if self.mode == "none"
            else "there is no terminal for a prompt"
        )

    def possible(self) -> bool:
        """Whether a prompt is possible."""
        return bool(self.ways())

    def hidden(self, question: str, *, deadline: Deadline, note: str = "", complaint: str = "") -> Secret:
        """The answer, typed without echo. ``note`` explains; ``complaint`` says why the prompt is repeated. NoAnswer."""
        return self._ask(question, deadline=deadline, note=note, complaint=complaint, echo=False)

    def plain(self, question: str, *, deadline: Deadline, note: str = "", complaint: str = "") -> str:
        """The answer, typed with echo, without spaces around it. NoAnswer."""
        answer = self._ask(question, deadline=deadline, note=note, complaint=complaint, echo=True)
        return answer.reveal().decode("utf-8", "surrogateescape").strip()

    def confirm(
        self,
        question: str,
        *,
        deadline: Deadline,
        default: bool = False,
        show: Callable[[], Deadline] | None = None,
    ) -> bool:
        """Whether the user confirms; an empty answer means ``default``. NoAnswer if no prompt is possible.

        ``show`` is called for the answer d at a terminal, before the question is repeated. It returns the new deadline.
        """
        choices = ("[Y/n" if default else "[y/N") + ("/d]" if show is not None else "]")
        words = "y, n or d" if show is not None else "y or n"
        legend = " (d: show every changed line)" if show is not None else ""
        for way in self.ways():
            if way == "pinentry":
                with self._window(deadline) as window:
                    window.describe(title="awsvault-py", text=question, prompt="")
                    return window.confirm()
            complaint = ""
            while True:
                asked = f"{question}{legend} {choices} "
                typed = self._typed(asked, deadline=deadline, echo=True, before=complaint)
                complaint = ""
                answer = typed.reveal().strip().lower()
                if answer in (b"y", b"yes"):
                    return True
                if answer in (b"n", b"no"):
                    return False
                if answer in (b"d", b"diff") and show is not None:
                    deadline = show()
                    continue
                if not answer:
                    return default
                complaint = f"Answer {words}.\n"
        raise NoAnswer("impossible", self.obstacle())

    def tell(self, text: str) -> None:
        """Write a line to the terminal, if there is one. Control characters are escaped."""
        try:
            fd = open_terminal()
        except NoAnswer:
            return
        try:
            write(fd, safe(text, limit=2000) + "\n")
        finally:
            os.close(fd)

    def announce(self, text: str, *, deadline: Deadline, ended: Callable[[float], bool]) -> bool:
        """Tell the user to do something, until ``ended`` (which waits for some seconds) says that it is done. False at the
        deadline. NoAnswer if the user closes the window.
        """
        for way in self.ways():
            try:
                if way == "pinentry":
                    return self._announce_in_window(text, deadline=deadline, ended=ended)
            except NoAnswer as answer:
                if answer.reason == "impossible":
                    continue
                if answer.reason == "timeout":
                    return False
                raise
            self.tell(text)
            break
        while not ended(min(limits.TOUCH_LOOK, deadline.remaining())):
            if deadline.expired:
                return False
        return True

    def _announce_in_window(self, text: str, *, deadline: Deadline, ended: Callable[[float], bool]) -> bool:
        def watch() -> None:
            if ended(0):
                raise WaitOver

        try:
            with self._window(deadline, watch) as window:
                window.describe(title="awsvault-py", text=text, prompt="")
                window.label(yes="Wait", no="Cancel")
                while window.confirm():
                    watch()
        except WaitOver:
            return True
        if ended(0):
            return True
        raise NoAnswer("cancelled", "cancelled")

    def _ask(self, question: str, *, deadline: Deadline, note: str, complaint: str, echo: bool) -> Secret:
        failure = NoAnswer("impossible", self.obstacle())
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
                if answer.reason != "impossible":
                    raise
                failure = answer
        raise failure

    def _typed(self, prompt: str, *, deadline: Deadline, echo: bool, before: str = "") -> Secret:
        fd = open_terminal()
        try:
            return _read_line(fd, before + safe(prompt, limit=600), deadline=deadline, echo=echo)
        finally:
            os.close(fd)

    def _window(self, deadline: Deadline, watch: Callable[[], None] | None = None) -> Pinentry:
        from vault.system.pinentry import Pinentry  # importing subprocess takes 10 ms

        return Pinentry(self.pinentry, env=self.env, deadline=deadline, watch=watch, every=limits.TOUCH_LOOK)

    def _has_window(self) -> bool:
        if not (self.env.get("DISPLAY") or self.env.get("WAYLAND_DISPLAY")):
            return False
        places = [""] if "/" in self.pinentry else self.env.get("PATH", os.defpath).split(os.pathsep)
        return any(os.access(os.path.join(place, self.pinentry), os.X_OK) for place in places)


def _read_line(fd: int, prompt: str, *, deadline: Deadline, echo: bool) -> Secret:
    """One line from the terminal ``fd``, without its end. The prompt is shown again after Ctrl-Z and fg."""
    while True:
        try:
            return _read_once(fd, prompt, deadline=deadline, echo=echo)
        except Signalled as signalled:
            number = signalled.number
        signal.raise_signal(number)  # the terminal is restored: now the signal takes effect


def _read_once(fd: int, prompt: str, *, deadline: Deadline, echo: bool) -> Secret:
    import termios

    try:
        before = termios.tcgetattr(fd)
    except termios.error:
        raise NoAnswer("impossible", "the terminal cannot be set up for a prompt") from None
    quiet = termios.tcgetattr(fd)
    # Canonical: the terminal edits the line. ISIG: Ctrl-C reaches the caller too, which then stops as well.
    quiet[3] = (
        (quiet[3] | termios.ICANON | termios.ISIG) & ~termios.ECHO if not echo else quiet[3] | termios.ECHO
    )
    line: bytes | None = None
    try:
        with signals_raise() as wake:
            try:
                termios.tcsetattr(fd, termios.TCSAFLUSH, quiet)  # drop what was typed before the prompt
                write(fd, prompt)
                line = _line(fd, deadline, wake=wake)
            finally:
                termios.tcsetattr(fd, termios.TCSADRAIN, before)
                if not echo or not (line or b"").endswith(b"\n"):  # the user's Enter did not end the line
                    write(fd, "\n")
    except termios.error:
        raise NoAnswer("impossible", "the terminal was closed") from None
    if line is None:
        raise NoAnswer("timeout", "no answer in time")
    if not line:
        raise NoAnswer("cancelled", "cancelled")
    return Secret(line.removesuffix(b"\n").removesuffix(b"\r"))


def _line(fd: int, deadline: Deadline, *, wake: int) -> bytes | None:
    """Up to the end of the line; empty at Ctrl-D; None if the deadline comes first."""
    line = b""
    while not line.endswith(b"\n"):
        ready = readable([fd, wake], deadline.remaining())
        if not ready:
            return None
        if fd not in ready:
            os.read(wake, 64)  # a signal whose handler has run, and did not end the prompt
            continue
        try:
            piece = os.read(fd, limits.MAX_TYPED + 1)
        except OSError:  # the terminal hung up
            raise NoAnswer("impossible", "the terminal was closed") from None
        if not piece:
            return line
        line += piece
    return line


__all__ = ["Interaction", "NoAnswer", "has_terminal"]
