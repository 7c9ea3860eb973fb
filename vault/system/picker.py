"""A list to choose from on the terminal: typing filters it, arrows move, Enter chooses. Never reads stdin.

It is drawn below the cursor and erased again. Whatever ends it (Enter, Escape, Ctrl-C, a signal, the deadline), the
terminal is left as it was. Names come from other programs' files: each is escaped and cut to the width of the screen.
"""

from __future__ import annotations

import os
import signal
import unicodedata

from vault import limits
from vault.records import NamedTuple
from vault.system.poll import readable
from vault.system.tty import NoAnswer, Signalled, open_terminal, signals_raise, write
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from vault.system.clock import Deadline

UP, DOWN, PAGE_UP, PAGE_DOWN, FIRST, LAST = "up", "down", "page up", "page down", "first", "last"
ENTER, LEAVE, ERASE, ERASE_WORD, ERASE_ALL = "enter", "leave", "erase", "erase word", "erase all"
_KEYS = {
    b"\r": ENTER, b"\n": ENTER, b"\x04": LEAVE, b"\x07": LEAVE, b"\x1b": LEAVE, b"\x7f": ERASE, b"\x08": ERASE,
    b"\x17": ERASE_WORD, b"\x15": ERASE_ALL, b"\x10": UP, b"\x0e": DOWN,
    b"\x1b[A": UP, b"\x1bOA": UP, b"\x1b[B": DOWN, b"\x1bOB": DOWN, b"\x1b[5~": PAGE_UP, b"\x1b[6~": PAGE_DOWN,
    b"\x1b[H": FIRST, b"\x1bOH": FIRST, b"\x1b[1~": FIRST, b"\x1b[F": LAST, b"\x1bOF": LAST, b"\x1b[4~": LAST,
}  # fmt: skip
_ERASE_SHOWN = "\r\x1b[J"


class Item(NamedTuple):
    """One row. ``note`` is shown beside the name and searched too; ``warn`` shows the row in red."""

    name: str
    note: str = ""
    warn: bool = False


class Choosing(NamedTuple):
    """The typed text and the marked row. Pure: ``press`` returns the next state."""

    items: tuple[Item, ...]
    typed: str = ""
    at: int = 0

    def found(self) -> list[Item]:
        """The items that contain every word typed. Names that start with the first word come first, the others in their
        order.
        """
        words = self.typed.casefold().split()
        if not words:
            return list(self.items)
        found = [i for i in self.items if all(w in f"{i.name} {i.note}".casefold() for w in words)]
        return sorted(
            found, key=lambda i: (not i.name.casefold().startswith(words[0]), not _in(i.name, words))
        )

    def marked(self) -> Item | None:
        """The row that Enter chooses."""
        found = self.found()
        return found[self.at] if found else None

    def press(self, key: str, *, page: int) -> Choosing:
        """The state after a key: one of the names above, or the character that was typed."""
        last = max(0, len(self.found()) - 1)
        match key:
            case "up" | "down" | "page up" | "page down" | "first" | "last":
                step = {UP: -1, DOWN: 1, PAGE_UP: -page, PAGE_DOWN: page, FIRST: -last, LAST: last}[key]
                return self._replace(at=min(last, max(0, self.at + step)))
            case "erase":
                return self._replace(typed=self.typed[:-1], at=0)
            case "erase word":
                kept = self.typed.rstrip().rpartition(" ")
                return self._replace(typed=kept[0] + kept[1], at=0)
            case "erase all":
                return self._replace(typed="", at=0)
            case _:
                longer = len(key) == 1 and key.isprintable() and len(self.typed) < limits.MAX_PROFILE_NAME
                return self._replace(typed=self.typed + key, at=0) if longer else self


def _in(name: str, words: Sequence[str]) -> bool:
    return all(word in name.casefold() for word in words)


def pick(question: str, items: Sequence[Item], *, deadline: Deadline, typed: str = "", colour: bool) -> str:
    """The name of the chosen item. NoAnswer: no terminal, left by Escape or Ctrl-D, or too late."""
    fd = open_terminal()
    try:
        choosing = Choosing(tuple(items), typed)
        while True:
            keyboard = _Keyboard(fd, deadline)
            try:
                return _pick_once(keyboard, question, choosing, colour=colour)
            except Signalled as signalled:
                choosing = keyboard.choosing or choosing
                number = signalled.number
            signal.raise_signal(
                number
            )  # the terminal is restored; after Ctrl-Z and fg the list is drawn again
    finally:
        os.close(fd)


class _Keyboard:
    """The keys of the terminal ``fd``, one at a time, and the state of the choice if a signal interrupts it."""

    def __init__(self, fd: int, deadline: Deadline) -> None:
        self.fd = fd
        self.choosing: Choosing | None = None
        self.wake = -1
        self._deadline = deadline
        self._held = b""

    def key(self) -> str | None:
        """The next key; None if the window changed its size first. NoAnswer: too late, or the terminal was closed."""
        size = _size(self.fd)
        while True:
            if self._held:
                key, self._held = _first_key(self._held, more=self._ready(limits.ESCAPE_TIME))
                if key is not None:
                    return key
            if self._ready(limits.PICKER_TICK):
                self._held += self._read()
            elif self._deadline.remaining() <= 0:
                raise NoAnswer("timeout", "no answer in time")
            elif _size(self.fd) != size:
                return None

    def _ready(self, seconds: float) -> bool:
        waited = [self.fd] if self.wake < 0 else [self.fd, self.wake]
        ready = readable(waited, min(seconds, self._deadline.remaining()))
        if self.wake in ready:
            os.read(self.wake, 64)  # a signal whose handler has run, and did not end the choice
        return self.fd in ready

    def _read(self) -> bytes:
        try:
            piece = os.read(self.fd, limits.MAX_TYPED)
        except OSError:
            piece = b""
        if not piece:
            raise NoAnswer("impossible", "the terminal was closed")
        return piece


def _first_key(held: bytes, *, more: bool) -> tuple[str | None, bytes]:
    """The first key of ``held`` and the rest. None if its end is still to come (``more``: bytes are waiting)."""
    if held[:2] in (b"\x1b[", b"\x1bO"):
        end = next((n for n in range(2, len(held)) if 0x40 <= held[n] <= 0x7E), None)
        if end is None:
            return (None, held) if more else ("", b"")
        return _KEYS.get(held[: end + 1], ""), held[end + 1 :]
    if held == b"\x1b" and more:
        return None, held
    if held[:1] in _KEYS:
        return _KEYS[held[:1]], held[1:]
    size = 1 if held[0] < 0xC0 else 2 if held[0] < 0xE0 else 3 if held[0] < 0xF0 else 4
    if len(held) < size and more:
        return None, held
    return held[:size].decode("utf-8", "replace")[:1], held[size:]


def _pick_once(keyboard: _Keyboard, question: str, choosing: Choosing, *, colour: bool) -> str:
    import termios

    fd = keyboard.fd
    try:
        before = termios.tcgetattr(fd)
    except termios.error:
        raise NoAnswer("impossible", "the terminal cannot be set up for a prompt") from None
    raw = termios.tcgetattr(fd)
    raw[3] = (raw[3] | termios.ISIG) & ~(termios.ICANON | termios.ECHO)  # Ctrl-C reaches the caller too
    raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
    try:
        with signals_raise() as keyboard.wake:
            try:
                termios.tcsetattr(fd, termios.TCSAFLUSH, raw)
                while True:
                    keyboard.choosing = choosing
                    rows = _draw(fd, question, choosing, colour=colour)
                    key = keyboard.key()
                    marked = choosing.marked()
                    if key == ENTER and marked is not None:
                        return marked.name
                    if key == LEAVE:
                        raise NoAnswer("cancelled", "nothing was chosen")
                    choosing = choosing.press(key, page=rows) if key else choosing
            finally:
                write(fd, _ERASE_SHOWN)
                termios.tcsetattr(fd, termios.TCSADRAIN, before)
    except termios.error:
        raise NoAnswer("impossible", "the terminal was closed") from None


def _size(fd: int) -> tuple[int, int]:
    """Columns and lines; 80 by 24 if the terminal does not know them."""
    try:
        size = os.get_terminal_size(fd)
    except OSError:
        return 80, 24
    return size.columns or 80, size.lines or 24


def _draw(fd: int, question: str, choosing: Choosing, *, colour: bool) -> int:
    """Draw the question and the rows, with the cursor after the typed text. Returns how many rows fit."""
    columns, lines = _size(fd)
    room = max(1, min(limits.PICKER_ROWS, lines - 2))
    found = choosing.found()
    first = min(max(0, choosing.at - room + 1), max(0, len(found) - room))
    width = max((_width(safe(item.name)) for item in found[first : first + room]), default=0)
    text = [_asked(safe(question), len(found), choosing, columns)]
    for number, item in enumerate(found[first : first + room], first):
        name, marked = safe(item.name), number == choosing.at
        row = f"{'>' if marked else ' '} {name}{' ' * (width - _width(name))}  {safe(item.note)}".rstrip()
        before = ("\x1b[7m" if marked else "") + ("\x1b[31m" if item.warn else "") if colour else ""
        text.append(before + _cut(row, columns) + ("\x1b[0m" if before else ""))
    if not found:
        text.append(_cut("  no match; Ctrl-U clears the filter", columns))
    back = f"\x1b[{len(text) - 1}A\r" + (f"\x1b[{_width(text[0])}C" if text[0] else "")
    write(fd, _ERASE_SHOWN + "\r\n".join(text) + back)
    return room


def _asked(question: str, found: int, choosing: Choosing, columns: int) -> str:
    """The first line: the end of the typed text, and as much of the question as fits."""
    typed = safe(choosing.typed)
    for before in (f"{question} ({found} of {len(choosing.items)}): ", f"{question}: ", "? "):
        if _width(before + typed) < columns:
            return before + typed
    return _cut(typed[::-1], columns)[::-1]


def _width(text: str) -> int:
    """The columns of the text: wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def _cut(text: str, columns: int) -> str:
    """``text`` cut to one line: a row that wrapped would spoil what is drawn after it."""
    while _width(text) >= columns:
        text = text[:-1]
    return text
