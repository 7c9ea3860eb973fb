"""The lines of each profile's headers and properties in a file. Pure.

The parser that reads the files finds them, so an edit changes the line that counts.
"""

from __future__ import annotations

from vault.profiles.ini_parser import Parser
from vault.records import NamedTuple


class FileLine(NamedTuple):
    """One property of a profile: lines ``start`` to ``end`` (from 0, ``end`` not included), continuation lines included."""

    profile: str
    key: str
    start: int
    end: int


class LineRecorder(Parser):
    """The parser, recording the line of each header and property of a profile."""

    def __init__(self, path: str, kind: str) -> None:
        super().__init__(path, kind)
        self.opens: list[int] = []  # the headers of all sections
        self.headers: list[tuple[str, int]] = []  # of profiles
        # The first header of each form ([default], [profile default]), by profile.
        self.forms: dict[str, dict[str, int]] = {}
        self.found: list[FileLine] = []

    def header(self, number: int, line: str) -> None:
        super().header(number, line)
        self.opens.append(number - 1)
        name = self.profile()
        if name is not None:
            self.headers.append((name, number - 1))
            self.forms.setdefault(name, {}).setdefault(self.form(), number - 1)

    def form(self) -> str:
        """The table that the open section is in; "" if it is not a profile's."""
        for table in ("profile", "plain default"):
            if self.section is not None and self.tables[table].get(self.section.name) is self.section:
                return table
        return ""

    def profile(self) -> str | None:
        """The profile whose section is open, or None."""
        return self.section.name if self.section is not None and self.form() else None

    def property(self, number: int, line: str) -> None:
        before = self.last
        super().property(number, line)
        name = self.profile()
        if name is not None and self.last is not None and self.last is not before:
            self.found.append(FileLine(name, self.last.name, number - 1, number))

    def continuation(self, number: int, line: str) -> None:
        before = self.last
        super().continuation(number, line)
        if self.found and self.last is not None and self.last is not before and self.profile() is not None:
            self.found[-1] = self.found[-1]._replace(end=number)
