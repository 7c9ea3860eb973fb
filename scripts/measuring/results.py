"""What each measurement gave last, so that one of them can be repeated without the others."""

from __future__ import annotations

import json
import os
import time

from scripts.measuring.report import Bar, Row
from scripts.measuring.rows import Found


class Results:
    """Each measurement's last result in a file of this checkout, with when it ended and the load of the machine then."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._kept: dict[str, dict[str, object]] = {}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self._kept = json.load(file)

    def put(self, name: str, found: Found) -> None:
        """At once: a later measurement that fails takes nothing away."""
        now = time.strftime("%Y-%m-%d %H:%M", time.gmtime())
        self._kept[name] = {"when": now, "load": f"{os.getloadavg()[1]:.1f}", **found._asdict()}
        with open(self._path, "w", encoding="utf-8") as file:
            json.dump(self._kept, file)

    def all(self, names: list[str]) -> list[Found]:
        """The results of these, without those that were never measured."""
        return [_restored(self._kept[name]) for name in names if name in self._kept]

    def when(self, names: list[str]) -> list[tuple[str, ...]]:
        """A line for each: when it ended, and the load."""
        return [
            (name, str(self._kept[name]["when"]), str(self._kept[name]["load"]))
            for name in names
            if name in self._kept
        ]


def _restored(kept: dict[str, object]) -> Found:
    def lines(name: str) -> list[list[str]]:
        found = kept[name]
        assert isinstance(found, list)
        return found

    return Found(
        [Row(*line) for line in lines("rows")],  # type: ignore[arg-type]
        [Bar(*line) for line in lines("bars")],  # type: ignore[arg-type]
        [(one, two, three) for one, two, three in lines("calls")],
        [(what, figure) for what, figure in lines("figures")],
    )
