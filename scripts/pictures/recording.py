"""Draw a recording of a terminal as an animated SVG. Runs nothing.

CSS shows each part at its time, again and again. A viewer without animation, or a user who wants less motion, sees the last
screen.
"""

import html
import re
from typing import NamedTuple

from rich.style import Style

from scripts.pictures.drawing import ADVANCE, LEADING, Classes, Word, framed, word

BOLD, GREEN = Style(bold=True), Style(color="green")
KEYSTROKE, PASTE, ENTER = 0.05, 0.8, 0.3  # seconds as a user takes them
READ = 0.02  # for each character that is new on the screen, in which the user reads it before the next answer
READ_MOST = 2.2
MACHINE_MOST = 1.2  # of what the machine took, so that a busy one makes no slow picture
HOLD = 5.0  # for the last screen


class Part(NamedTuple):
    """A piece of one line, and when it appears. ``typed``: character by character, at these times."""

    at: float
    row: int
    column: int
    text: str
    style: Style
    typed: tuple[float, ...] = ()


class Reel:
    """What was shown, as parts with times. A line that is longer than ``columns`` is folded."""

    def __init__(self, shown, *, columns):
        self.parts, self.cursor = [], [(0.0, 0, 0)]
        self._columns, self._row, self._column, self._now, self._unread = columns, 0, 0, 0.4, 0
        for each in shown:
            if each.by_user:
                self._user(each)
            else:
                self._machine(each)
        self.ends = self._now + HOLD

    @property
    def rows(self):
        """How many lines there are in all."""
        return self._row + 1

    def _user(self, each):
        self._now += min(self._unread * READ, READ_MOST) if self._unread else 0.0
        self._unread = 0
        style = BOLD if self._at_shell() else Style()
        if not each.typed or not each.text:
            self._now += PASTE if not each.typed else ENTER
            self._put(each.text, style)
        else:
            times = tuple(self._now + KEYSTROKE * (at + 1) for at in range(len(each.text)))
            self._put(each.text, style, typed=times)
        self._now += ENTER

    def _machine(self, each):
        if re.search(r"\x1b|[^\S\n ]", each.text):
            raise ValueError(f"a recording has text and line ends only, not {each.text!r}")
        self._now += min(each.after, MACHINE_MOST)
        for at, line in enumerate(each.text.split("\n")):
            if at:
                self._row, self._column = self._row + 1, 0
            self._put(line, GREEN if line == "$ " and not self._column else Style())
            self._unread += len(line)

    def _at_shell(self):
        return bool(self.parts) and (self.parts[-1].row, self.parts[-1].text) == (self._row, "$ ")

    def _put(self, text, style, *, typed=()):
        while text:
            piece, text = text[: self._columns - self._column], text[self._columns - self._column :]
            times, typed = typed[: len(piece)], typed[len(piece) :]
            self.parts.append(Part(self._now, self._row, self._column, piece, style, times))
            self._column += len(piece)
            self.cursor += [
                (time, self._row, self._column - len(piece) + 1 + n) for n, time in enumerate(times)
            ]
            self._now = times[-1] if times else self._now
            if text:
                self._row, self._column = self._row + 1, 0
        self.cursor.append((self._now, self._row, self._column))


class Times:
    """A class for each moment at which something appears."""

    def __init__(self, ends):
        self._ends, self._names = ends, {}

    def name(self, at):
        """The classes of what appears then."""
        return f"a t{self._names.setdefault(self.percent(at), len(self._names))}"

    def percent(self, at):
        """The moment as keyframes have it."""
        return f"{100 * at / self._ends:.3f}%"

    def css(self):
        """What hides each part until its moment, in each round."""
        rules = [f".a,.s,.c{{animation:{self._ends:.1f}s step-end infinite}}"]
        for percent, number in self._names.items():
            rules.append(f".t{number}{{animation-name:t{number}}}")
            rules.append(f"@keyframes t{number}{{0%{{visibility:hidden}}{percent}{{visibility:visible}}}}")
        return "\n".join(rules) + "\n"


def animated(reel, *, columns, rows, title):
    """The picture of a reel on a screen of so many rows, which scrolls."""
    classes, times = Classes(), Times(reel.ends)
    drawn = "".join(_drawn(part, classes, times) for part in reel.parts)
    down, moves = max(reel.rows - rows, 0), {}
    scrolls = {0.0: 0}
    for at, row, column in reel.cursor:
        scrolls[at] = max(row + 1 - rows, 0)
        moves[at] = (column, row)
    _, row, column = reel.cursor[-1]
    cursor = f'<rect class="c" width="{ADVANCE:g}" height="{LEADING:g}" fill="#c5c8c6" fill-opacity=".6" {_at(column, row)}/>\n'
    css = classes.css() + times.css()
    css += _steps("s", {at: (0, -by) for at, by in scrolls.items()}, times)
    css += _steps("c", moves, times)
    css += "@media (prefers-reduced-motion:reduce){.a,.s,.c{animation:none}}\n"
    screen = f'<g class="s" {_at(0, -down)}>\n{drawn}{cursor}</g>\n'
    return framed(screen, columns=columns, rows=rows, css=css, title=title)


def _at(column, row):
    return f'transform="translate({column * ADVANCE:g} {row * LEADING:g})"'


def _steps(name, moves, times):
    """The keyframes of what moves; a step that moves nothing is left out."""
    found, before = [], None
    for at, (column, row) in sorted(moves.items()):
        if (column, row) != before:
            found.append(
                f"{times.percent(at)}{{transform:translate({column * ADVANCE:g}px,{row * LEADING:g}px)}}"
            )
        before = (column, row)
    return f".{name}{{animation-name:{name}}}\n@keyframes {name}{{{''.join(found)}}}\n"


def _drawn(part, classes, times):
    found = ""
    for each in re.finditer(r"\S+", part.text):
        here = Word(part.column + each.start(), each.group(), part.style)
        if part.typed:
            moments = part.typed[each.start() : each.end()]
            inside = "".join(
                f'<tspan class="{times.name(at)}">{html.escape(letter, quote=False)}</tspan>'
                for letter, at in zip(each.group(), moments, strict=True)
            )
            found += word(classes, part.row, here, inside=inside)
        else:
            found += word(classes, part.row, here)
    if not found:
        return ""
    return found + "\n" if part.typed else f'<g class="{times.name(part.at)}">{found}</g>\n'
