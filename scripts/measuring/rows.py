"""The measurements of caches, chains and sizes, and what all measurements share: rows, bars and figures."""

from __future__ import annotations

import os
from typing import NamedTuple

from scripts.measuring.report import Bar, Row
from scripts.measuring.runs import Command, Series, once, rounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.measuring.places import Clean, Home

HOPS = 8

KEYRING_READ = """
import secretstorage
connection = secretstorage.dbus_init()
[item.get_secret() for item in secretstorage.search_items(connection, {"service": "awsvault-py"})]
"""


class Found(NamedTuple):
    """What one measurement gave: lines of the table of ratios, bars, calls to STS of each tool, and single figures."""

    rows: list[Row] = []  # noqa: RUF012  # never changed
    bars: list[Bar] = []  # noqa: RUF012
    calls: list[tuple[str, str, str]] = []  # noqa: RUF012
    figures: list[tuple[str, str]] = []  # noqa: RUF012

    def __add__(self, other: Found) -> Found:  # type: ignore[override]
        return Found(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


def ms(series: Series) -> str:
    """Wall time with its quartiles, and CPU time."""
    return f"{series.ms:.1f} ({series.low:.1f}…{series.high:.1f}), CPU {series.cpu:.1f}"


def bar(name: str, series: Series, *, highlighted: bool) -> Bar:
    return Bar(name, series.ms, series.low, series.high, highlighted)


def row(
    what: str, own: Series, reference: Series, bound: float | None = None, *, beside: bool = False
) -> Row:
    """A ratio of two series of the same rounds. ``beside``: the reference is another tool."""
    fastest = min(own.samples) / min(reference.samples)
    return Row(
        what, own.over(reference), bound, ms(own), ms(reference), beside, fastest, own.cpu / reference.cpu
    )


def bare(clean: Clean, home: Home) -> Command:
    """An interpreter of the same environment that does nothing."""
    return Command((clean.python, "-c", "pass"), home.env)


def from_kernel(clean: Clean, home: Home, count: int) -> Found:
    """No agent; the cache key in the kernel's keyring."""
    home.settings("kernel_keyring = true\nagent = 'off'\n")
    home.must("export", "dev", **home.key())
    home.must("export", "dev")
    found = rounds({"bare": bare(clean, home), "awsvault-py": home.export()}, count)
    home.must("lock")
    return Found(
        [
            row(
                "warm `export`, no agent, cache key from the kernel keyring / bare",
                found["awsvault-py"],
                found["bare"],
                4.0,
            )
        ],
        [bar("awsvault-py, no agent, kernel keyring", found["awsvault-py"], highlighted=True)],
    )


def from_keyring(clean: Clean, home: Home, count: int) -> Found:
    """No agent; the cache key in the OS keyring. The bound is 8, or the keyring's own read plus 4."""
    home.must("slots", "add", "keyring", **home.key())
    home.must("export", "dev")
    mark = home.awsvault_home + "/state/cache-key-item"
    for _ in range(100):
        if os.path.exists(mark):
            break
        once(Command(("/bin/sleep", "0.1"), {}))
    read = Command((clean.python, "-c", KEYRING_READ), home.env)
    found = rounds({"bare": bare(clean, home), "awsvault-py": home.export(), "read": read}, count)
    bound = max(8.0, found["read"].ratio + 4)
    what = f"warm `export`, no agent, cache key from the OS keyring / bare (the keyring's read by itself: {found['read'].ratio:.1f})"
    return Found(
        [row(what, found["awsvault-py"], found["bare"], bound)],
        [bar("awsvault-py, no agent, OS keyring", found["awsvault-py"], highlighted=True)],
    )


def chain(home: Home, asked: Callable[[], int], count: int) -> Found:
    """A chain of eight roles beside one role: warm, and cold with every link forgotten."""
    home.warm()
    one, all_ = "chain1", f"chain{HOPS}"
    for profile in (one, all_):
        home.must("export", profile)
    warm = rounds({"one": home.export(one), "all": home.export(all_)}, count)
    cold = rounds({"one": home.cold(one), "all": home.cold(all_)}, max(4, count // 2))
    sizes = []
    for profile in (one, all_):
        home.must("clear", profile)
        before = asked()
        home.must("export", profile)
        sizes.append(asked() - before)
    return Found(
        [
            row(f"warm `export` of a chain of {HOPS} roles / of one", warm["all"], warm["one"], None),
            row(
                f"cold `export` of a chain of {HOPS} roles, {sizes[1]} calls / of one, {sizes[0]} calls",
                cold["all"],
                cold["one"],
                None,
            ),
        ]
    )


def scale(small: Home, big: Home, count: int) -> Found:
    """10,000 profiles, entries and sessions beside ten, by the agent, from disk and cold."""
    for home, sessions in ((small, 10), (big, 10_000)):
        home.warm()
        home.sessions(sessions)
    agent = rounds({"small": small.export(), "big": big.export()}, count)
    cold = rounds({"small": small.cold(), "big": big.cold()}, max(4, count // 5))
    for home in (small, big):
        home.must("lock")
        home.must("unlock", **home.key())
        home.settings("kernel_keyring = true\nagent = 'off'\n")
        home.must("export", "dev", AWSVAULT_AGENT="off", **home.key())
    disk = rounds(
        {"small": small.export(AWSVAULT_AGENT="off"), "big": big.export(AWSVAULT_AGENT="off")}, count
    )
    for home in (small, big):
        home.settings("")
    what = "10,000 profiles, entries and sessions / with 10"
    return Found(
        [
            row(f"warm `export` by the agent, {what}", agent["big"], agent["small"], 1.1),
            row(f"warm `export` from disk, {what}", disk["big"], disk["small"], 1.5),
            row(f"cold `export` by the agent, {what}", cold["big"], cold["small"], None),
        ]
    )


def keyring_home(home: Home) -> None:
    """Let a home use the keyring of its desktop."""
    home.env["AWSVAULT_KEYRING"] = "auto"
    home.env["AWSVAULT_AGENT"] = "off"
