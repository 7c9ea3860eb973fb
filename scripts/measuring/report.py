"""Figures to docs/performance.md, between its two marks, and to the picture beside it."""

from __future__ import annotations

import os
from typing import NamedTuple
from xml.sax.saxutils import escape

from scripts.measuring.places import ROOT

PAGE = os.path.join(ROOT, "docs", "performance.md")
PICTURE = os.path.join(ROOT, "docs", "performance.svg")
BEGIN, END = "<!-- figures: written by scripts/bench -->", "<!-- end of figures -->"


class Row(NamedTuple):
    """A line of the table of ratios. ``bound`` is None for one that promises nothing; ``beside`` if it is another tool's work."""

    what: str
    ratio: float
    bound: float | None
    awsvault_py: str
    reference: str
    beside: bool = False
    fastest: float = 0.0
    cpu: float = 0.0

    @property
    def verdict(self) -> str:
        """Ahead of the other tool or behind it, and whether the bound is kept."""
        place = ("ahead" if self.ratio < 1 else "behind") if self.beside else ""
        kept = "" if self.bound is None else "within" if self.ratio <= self.bound else "**over**"
        return ", ".join(filter(None, (place, kept)))


class Bar(NamedTuple):
    """One bar of the picture: median milliseconds with its quartiles."""

    name: str
    ms: float
    low: float
    high: float
    highlighted: bool


def table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def promises(rows: list[Row]) -> str:
    return table(
        (
            "what",
            "ratio",
            "of the fastest runs",
            "of CPU time",
            "at most",
            "",
            "awsvault-py, ms",
            "compared with, ms",
        ),
        [
            (
                row.what,
                f"**{row.ratio:.2f}**",
                f"{row.fastest:.2f}" if row.fastest else "",
                f"{row.cpu:.2f}" if row.cpu else "",
                "" if row.bound is None else f"{row.bound:.3g}",
                row.verdict,
                row.awsvault_py,
                row.reference,
            )
            for row in rows
        ],
    )


def write(text: str) -> None:
    """Put ``text`` between the page's marks."""
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{text}\n{END}{after}")


def draw(bars: list[Bar], *, title: str) -> None:
    """Draw horizontal bars on a logarithmic scale, the highlighted ones in another color, with the quartiles as a line."""
    from math import log10

    left, width, step, top = 350, 620, 30, 70
    low, high = 0.5, max(bar.high for bar in bars) * 1.25
    height = top + step * len(bars) + 50

    def at(ms: float) -> float:
        return left + width * (log10(max(ms, low)) - log10(low)) / (log10(high) - log10(low))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 110} {height}">',
        '<g font-family="system-ui, sans-serif" font-size="14">',
        f'<rect width="100%" height="100%" fill="#fff"/><text x="20" y="32" font-size="18">{escape(title)}</text>',
    ]
    parts += [
        f'<line x1="{at(tick):.1f}" x2="{at(tick):.1f}" y1="{top - 12}" y2="{height - 40}" stroke="#ddd"/>'
        f'<text x="{at(tick):.1f}" y="{height - 20}" text-anchor="middle" fill="#555">{tick} ms</text>'
        for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
        if low <= tick <= high
    ]
    for number, bar in enumerate(bars):
        y = top + step * number
        colour = "#1b6ca8" if bar.highlighted else "#9aa5b1"
        parts.append(
            f'<text x="{left - 10}" y="{y + 15}" text-anchor="end">{escape(bar.name)}</text>'
            f'<rect x="{left}" y="{y}" width="{at(bar.ms) - left:.1f}" height="20" fill="{colour}"/>'
            f'<line x1="{at(bar.low):.1f}" x2="{at(bar.high):.1f}" y1="{y + 10}" y2="{y + 10}" stroke="#222"/>'
            f'<text x="{at(bar.high) + 8:.1f}" y="{y + 15}">{bar.ms:.1f}</text>'
        )
    with open(PICTURE, "w", encoding="utf-8") as file:
        file.write("\n".join(parts) + "\n</g>\n</svg>\n")
