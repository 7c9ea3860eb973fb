"""Draw lines of a terminal as SVG. Runs nothing.

Each word is placed by its column. A renderer that has another font, knows no textLength (librsvg) or drops leading spaces
still puts it where the terminal had it.
"""

import html
import io
import re
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import SVG_EXPORT_THEME as THEME
from rich.text import Text

ADVANCE, LEADING, FONT = (
    12.04,
    24.4,
    20.0,
)  # of a column (of DejaVu and Menlo) and a line, in units of the picture; the size of the font
LEFT, TOP, BELOW = 9.0, 41.0, 10.0  # around the lines
BASELINE = 20.0


class Word(NamedTuple):
    """What stands between two blanks of a line, in one style."""

    column: int
    text: str
    style: Style


class Backdrop(NamedTuple):
    """A part of a line whose background is not the window's."""

    column: int
    columns: int
    colour: str


class Classes:
    """A short class name for each style that is in use."""

    def __init__(self):
        self._names = {}

    def name(self, style):
        """The class of a style."""
        return self._names.setdefault(_css(style), f"r{len(self._names) + 1}")

    def css(self):
        """The rules of all classes."""
        return "".join(f".{name}{{{css}}}\n" for css, name in self._names.items())


def lines_of(text, columns):
    """Each line of a styled text as its backdrops and words; a line that is longer than ``columns`` is folded, as a terminal does."""
    console = Console(width=columns, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    found = []
    for line in text.split("\n", allow_blank=True):
        if cell_len(line.plain) != len(line.plain):
            raise ValueError(f"characters of two columns: {line.plain!r}")
        starts = range(0, max(len(line), 1), columns)
        found += [list(_pieces(line[start : start + columns].render(console))) for start in starts]
    return found


def _pieces(segments):
    column = 0
    for segment in segments:
        text, style = segment.text.rstrip("\n"), segment.style or Style()
        if text and (style.bgcolor or style.reverse):
            yield Backdrop(column, len(text), _colours(style)[1])
        for found in re.finditer(r"\S+", text):
            yield Word(column + found.start(), found.group(), style)
        column += len(text)


def _colours(style):
    """Of the characters, and behind them."""
    front = (style.color.get_truecolor(THEME) if style.color else THEME.foreground_color).hex
    back = (style.bgcolor.get_truecolor(THEME) if style.bgcolor else THEME.background_color).hex
    return (back, front) if style.reverse else (front, back)


def _css(style):
    front, _ = _colours(style)
    return (
        f"fill:{front}" + (";font-weight:bold" if style.bold else "") + (";opacity:.6" if style.dim else "")
    )


def place(column, row):
    """The attributes x and y of what stands there."""
    return f'x="{column * ADVANCE:g}" y="{row * LEADING + BASELINE:g}"'


def word(classes, row, found, *, inside=None):
    """A word as an element. ``inside`` is its content where that is more than its text."""
    length = f' textLength="{len(found.text) * ADVANCE:g}"' if len(found.text) > 1 else ""
    content = inside if inside is not None else html.escape(found.text, quote=False)
    return f'<text class="{classes.name(found.style)}" {place(found.column, row)}{length}>{content}</text>'


def _piece(classes, row, found):
    if isinstance(found, Word):
        return word(classes, row, found)
    left, top = found.column * ADVANCE, row * LEADING
    return f'<rect x="{left:g}" y="{top:g}" width="{found.columns * ADVANCE:g}" height="{LEADING:g}" fill="{found.colour}"/>'


def still(lines, *, columns, title):
    """A picture that does not move."""
    classes = Classes()
    drawn = "".join(_piece(classes, row, each) + "\n" for row, line in enumerate(lines) for each in line)
    return framed(drawn, columns=columns, rows=len(lines), css=classes.css(), title=title)


def framed(drawn, *, columns, rows, css, title):
    """The lines in a window. There is no script and no font to download."""
    width, height = columns * ADVANCE + 2 * LEFT, TOP + rows * LEADING + BELOW
    buttons = "".join(
        f'<circle cx="{26 + 22 * at}" cy="22" r="7" fill="{colour}"/>'
        for at, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    label = html.escape(title)
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{label}">
<title>{label}</title>
<style>
text{{font:{FONT:g}px "DejaVu Sans Mono",Menlo,Consolas,"Liberation Mono",monospace;white-space:pre}}
{css}</style>
<defs><clipPath id="screen"><rect width="{columns * ADVANCE:g}" height="{rows * LEADING + BELOW / 2:g}"/></clipPath></defs>
<rect x="1" y="1" width="{width - 2:g}" height="{height - 2:g}" rx="8" fill="{THEME.background_color.hex}" stroke="#6f6f6f"/>
{buttons}
<g transform="translate({LEFT:g} {TOP:g})" clip-path="url(#screen)">
{drawn}</g>
</svg>
"""


def screens_of(*screens):
    """A styled text of commands, each with its output."""
    text = Text()
    for command, shown in screens:
        text.append("$ ", style="green")
        text.append(command + "\n", style="bold")
        text.append_text(Text.from_ansi(shown.rstrip("\n")))
        text.append("\n\n")
    text.rstrip()
    return text


def said(svg):
    """The words of a picture, without what is another in each run."""
    drawn = re.sub(r"</?tspan[^>]*>", "", svg.partition("</style>")[2])
    words = html.unescape(re.sub(r"<[^>]*>", " ", drawn)).replace("\xa0", " ")
    words = " ".join(words.split())
    return re.sub(
        r"\d{4}-\d\d-\d\d \d\d:\d\d|\b\d+d\b|\b\d+h \d\dm\b|\b\d+m\b|\b\d+ h( \d+ min)?|\b\d+ min\b",
        "TIME",
        words,
    )
