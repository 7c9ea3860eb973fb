"""Prints data to stdout and messages to stderr, both escaped. Uses color only on a terminal and without NO_COLOR."""

from __future__ import annotations

import sys
import time

from vault import limits
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"
_COLORS = {"red": "\x1b[31m", "green": "\x1b[32m", "yellow": "\x1b[33m"}
_WIDEST = 10_000  # characters of a line; safe() alone would cut it at 400
_LAST = 253_402_128_000  # two days before the year 10000, in every time zone: systems differ in what they print after that


def _echo(text: str, *, err: bool = False) -> None:
    """Print a line, as click.echo does. Importing click takes three times as long as the start of Python."""
    stream = sys.stderr if err else sys.stdout
    if stream is None:  # its descriptor is closed
        return
    if (stream.encoding or "").lower() in ("ascii", "us-ascii", "ansi_x3.4-1968", "646"):
        import click  # takes the locale for wrong, and writes UTF-8

        click.echo(text, err=err)
        return
    stream.write(text + "\n")
    stream.flush()


def say(text: str) -> None:
    """Print a message for the user to stderr. Unprintable characters other than line ends are escaped."""
    _echo("\n".join(safe(line, limit=_WIDEST) for line in text.split("\n")), err=True)


def emit(text: str) -> None:
    """Print data to stdout, with a newline at the end."""
    _echo("\n".join(safe(line, limit=_WIDEST) for line in text.split("\n")))


def emit_titled(lines: Sequence[tuple[str, str]], *, bold: bool) -> None:
    """Print lines of two parts each. The second part is a title, printed in bold if ``bold``. Both are escaped."""
    for plain, title in lines:
        shown = safe(title, limit=_WIDEST)
        _echo(safe(plain, limit=_WIDEST) + (f"{_BOLD}{shown}{_PLAIN}" if bold and shown else shown))


def emit_json(value: object) -> None:
    """Print one JSON document to stdout, as ASCII. Times in ``value`` are already text (``rfc3339``)."""
    import json  # 4 ms

    _echo(json.dumps(value, indent=2, ensure_ascii=True))


def use_color(env: Mapping[str, str], *, err: bool = False) -> bool:
    """Whether to use color: on a terminal, and without NO_COLOR (no-color.org) in the environment."""
    stream = sys.stderr if err else sys.stdout
    return not env.get("NO_COLOR") and env.get("TERM") != "dumb" and stream is not None and stream.isatty()


def is_live(env: Mapping[str, str]) -> bool:
    """Whether stderr is a terminal that can overwrite a line, to show progress."""
    return sys.stderr is not None and sys.stderr.isatty() and env.get("TERM") != "dumb"


def is_terminal() -> bool:
    """Whether stdout is a terminal, where a user reads it."""
    return sys.stdout is not None and sys.stdout.isatty()


class Cell(NamedTuple):
    """A cell of a table. ``style`` is a style of rich, such as ``bold red``, used if color may be shown."""

    text: str
    style: str = ""


def expires_in(left: float | None) -> Cell:
    """The time until a session expires, in green, yellow or red; empty for None."""
    if left is None:
        return Cell("")
    style = "red" if left < limits.EXPIRY_RED else "yellow" if left < limits.EXPIRY_YELLOW else "green"
    return Cell(span(left), style)


def key_age(seconds: float, *, more: str = "") -> Cell:
    """The age of a key, in yellow if it is due for rotation. ``more`` is added at the end."""
    return Cell(span(seconds) + more, "yellow" if seconds > limits.KEY_AGE else "")


def table(
    env: Mapping[str, str],
    columns: Sequence[str],
    rows: Sequence[Sequence[str | Cell]],
    *,
    optional: Sequence[str] = (),
) -> None:
    """Print a table on a terminal. Elsewhere, print one line per row, separated by tabs, for ``cut`` and ``awk``.

    If the terminal is too narrow, leaves out ``optional`` columns in their order until the rest fits. If that is not enough,
    prints a block per row with all columns.
    """
    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    if not is_terminal():
        for row in cells:
            _echo("\t".join(safe(cell.text, limit=_WIDEST) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    color = use_color(env)
    console = Console(no_color=not color, highlight=False, color_system="auto" if color else None)
    kept = _fitting(columns, cells, optional, width=console.width)
    if not kept:
        for number, row in enumerate(cells):
            if number:
                _echo("")
            facts(env, [(name, cell) for name, cell in zip(columns, row, strict=True) if cell.text])
        return
    shown = Table(box=None, pad_edge=False, header_style="bold" if color else "")
    for at in kept:
        shown.add_column(columns[at], overflow="fold")
    for row in cells:
        shown.add_row(*(Text(safe(row[at].text), style=row[at].style if color else "") for at in kept))
    console.print(shown)


_GAP = 2  # blanks between columns


def _fitting(
    columns: Sequence[str], cells: Sequence[Sequence[Cell]], optional: Sequence[str], *, width: int
) -> list[int]:
    """The positions of the columns to show in ``width`` characters; none if even the required ones do not fit.

    A long cell may be folded to a third of the width. An optional column without any value is never shown.
    """
    most = max(width // 3, limits.CELL_LEAST)
    kept = [
        at for at, name in enumerate(columns) if name not in optional or any(row[at].text for row in cells)
    ]
    need = {
        at: min(most, max(map(len, (columns[at], *(safe(row[at].text) for row in cells))))) + _GAP
        for at in kept
    }
    for name in (*optional, None):
        if sum(need[at] for at in kept) - _GAP <= width:
            return kept
        kept = [at for at in kept if columns[at] != name]
    return []


def facts(env: Mapping[str, str], rows: Sequence[tuple[str, str | Cell]]) -> None:
    """Print names and values, one pair per line, with the values in color if possible."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        cell = value if isinstance(value, Cell) else Cell(value)
        shown = safe(cell.text, limit=_WIDEST)
        if cell.style and use_color(env):
            shown = f"{_COLORS[cell.style]}{shown}{_PLAIN}"
        _echo(f"{safe(name).ljust(width)}  {shown}")


def rfc3339(unix: float) -> str:
    """``2026-05-01T12:00:00Z``, for programs."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(int(unix), _LAST)))


def local(unix: float) -> str:
    """``2026-05-01 14:00`` in the user's time zone."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(min(int(unix), _LAST)))


def span(seconds: float) -> str:
    """``3h 05m``, ``12m``, ``40s`` or ``92d``: a duration in at most two units."""
    left = max(0, int(seconds))
    if left >= 2 * 86_400:
        return f"{left // 86_400}d"
    if left >= 3_600:
        return f"{left // 3_600}h {left % 3_600 // 60:02d}m"
    return f"{left // 60}m" if left >= 60 else f"{left}s"


def ago(seconds: float) -> str:
    """``just now`` or ``12m ago``: the time since something happened."""
    return "just now" if seconds < 60 else f"{span(seconds)} ago"


def without_absent(value: dict[str, Any]) -> dict[str, Any]:
    """``value`` without the keys whose value is None, which JSON output leaves out."""
    return {key: item for key, item in value.items() if item is not None}
