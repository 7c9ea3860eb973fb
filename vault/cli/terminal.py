"""What commands show: data to stdout, talk to stderr, both escaped. Colour only on a terminal and without NO_COLOR."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click

from vault import limits
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDEST = 10_000  # a line of talk is as long as it is; safe() cuts at 400 otherwise


def say(text: str) -> None:
    """Messages for the user, to stderr; lines are kept, everything else that is not printable is escaped."""
    click.echo("\n".join(safe(line, limit=_WIDEST) for line in text.split("\n")), err=True)


def emit(text: str) -> None:
    """Data for stdout, with a newline."""
    click.echo("\n".join(safe(line, limit=_WIDEST) for line in text.split("\n")))


def emit_titled(lines: Sequence[tuple[str, str]], *, bold: bool) -> None:
    """Data in lines of two parts each, of which the second is a title that may be bold. Both are escaped first."""
    for plain, title in lines:
        shown = safe(title, limit=_WIDEST)
        click.echo(safe(plain, limit=_WIDEST) + (click.style(shown, bold=True) if bold and shown else shown))


def emit_json(value: object) -> None:
    """One JSON document on stdout: ASCII, times as RFC 3339 in UTC where ``value`` has them as such text."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=True))


def coloured(env: Mapping[str, str], *, err: bool = False) -> bool:
    """Whether colour may be shown: a terminal, and no NO_COLOR (no-color.org) in the environment."""
    stream = sys.stderr if err else sys.stdout
    return not env.get("NO_COLOR") and env.get("TERM") != "dumb" and stream is not None and stream.isatty()


def is_live(env: Mapping[str, str]) -> bool:
    """Whether stderr is a terminal that can write a line over again, to show how a wait goes on."""
    return sys.stderr is not None and sys.stderr.isatty() and env.get("TERM") != "dumb"


def is_terminal() -> bool:
    """Whether stdout is a terminal, so that the user wants a table."""
    return sys.stdout is not None and sys.stdout.isatty()


class Cell(NamedTuple):
    """A cell of a table, and its style if color may be shown (a style of rich's, such as ``bold red``)."""

    text: str
    style: str = ""


def life(left: float | None) -> Cell:
    """How long a session lives on, in colour: green, yellow when it is soon over, red at the end; empty for None."""
    if left is None:
        return Cell("")
    style = "red" if left < limits.EXPIRY_RED else "yellow" if left < limits.EXPIRY_YELLOW else "green"
    return Cell(span(left), style)


def key_age(seconds: float, *, more: str = "") -> Cell:
    """How old a key is, yellow once it is due to be rotated."""
    return Cell(span(seconds) + more, "yellow" if seconds > limits.KEY_AGE else "")


def table(env: Mapping[str, str], columns: Sequence[str], rows: Sequence[Sequence[str | Cell]]) -> None:
    """A table on a terminal, or a block a row where that is too narrow for one; elsewhere a line a row with tabs between,
    so that ``cut`` and ``awk`` can read it.
    """
    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    if not is_terminal():
        for row in cells:
            click.echo("\t".join(safe(cell.text, limit=_WIDEST) for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    colour = coloured(env)
    console = Console(no_color=not colour, highlight=False, color_system="auto" if colour else None)
    if _least(columns, cells) > console.width:
        for number, row in enumerate(cells):
            if number:
                click.echo("")
            facts(env, [(name, cell) for name, cell in zip(columns, row, strict=True) if cell.text])
        return
    shown = Table(box=None, pad_edge=False, header_style="bold" if colour else "")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in cells:
        shown.add_row(*(Text(safe(cell.text), style=cell.style if colour else "") for cell in row))
    console.print(shown)


def _least(columns: Sequence[str], cells: Sequence[Sequence[Cell]]) -> int:
    """The width of a table whose cells are folded as far as can still be read."""
    widest = [max(map(len, (name, *(row[at].text for row in cells)))) for at, name in enumerate(columns)]
    return sum(min(one, limits.CELL_LEAST) for one in widest) + 2 * (len(columns) - 1)


def facts(env: Mapping[str, str], rows: Sequence[tuple[str, str | Cell]]) -> None:
    """Names and values, one a line; the values in colour where that may be shown."""
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        cell = value if isinstance(value, Cell) else Cell(value)
        shown = safe(cell.text, limit=_WIDEST)
        if cell.style and coloured(env):
            shown = click.style(shown, fg=cell.style)
        click.echo(f"{safe(name).ljust(width)}  {shown}")


def rfc3339(unix: float) -> str:
    """``2026-05-01T12:00:00Z`` for a machine."""
    return datetime.fromtimestamp(int(unix), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local(unix: float) -> str:
    """``2026-05-01 14:00`` in the user's own time zone."""
    return datetime.fromtimestamp(int(unix)).astimezone().strftime("%Y-%m-%d %H:%M")


def span(seconds: float) -> str:
    """``3h 05m``, ``12m``, ``40s`` or ``92d``: how long, in at most two units."""
    left = max(0, int(seconds))
    if left >= 2 * 86_400:
        return f"{left // 86_400}d"
    if left >= 3_600:
        return f"{left // 3_600}h {left % 3_600 // 60:02d}m"
    return f"{left // 60}m" if left >= 60 else f"{left}s"


def ago(seconds: float) -> str:
    """``just now``, ``12m ago``: how long since something happened."""
    return "just now" if seconds < 60 else f"{span(seconds)} ago"


def without_absent(value: dict[str, Any]) -> dict[str, Any]:
    """``value`` without the keys that hold None: in JSON what is absent is left out."""
    return {key: held for key, held in value.items() if held is not None}
