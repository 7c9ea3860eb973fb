"""The measurements: each makes its homes, takes its rounds and gives rows, bars and figures. Order matters to nobody."""

from __future__ import annotations

import os
from typing import NamedTuple

from scripts.measuring.report import Bar, Row
from scripts.measuring.rivals import boto3
from scripts.measuring.runs import Command, Series, once, rounds, rounds_at_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.measuring.places import Clean, Home
    from scripts.measuring.rivals import AwsVault

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
    return f"{series.ms:.1f} ({series.low:.1f}…{series.high:.1f})"


def bar(name: str, series: Series, *, highlighted: bool) -> Bar:
    return Bar(name, series.ms, series.low, series.high, highlighted)


def row(what: str, own: Series, reference: Series, bound: float | None, *, ratio: float | None = None) -> Row:
    return Row(what, own.ratio if ratio is None else ratio, bound, ms(own), ms(reference))


def bare(clean: Clean, home: Home) -> Command:
    """An interpreter of the same environment that does nothing."""
    return Command((clean.python, "-c", "pass"), home.env)


def warm(
    clean: Clean,
    home: Home,
    vault: AwsVault | None,
    others: dict[str, Command],
    count: int,
) -> Found:
    """The warm export beside an idle interpreter, aws-vault, and what others do warm."""
    home.warm()
    run_true = Command((clean.command, "exec", "dev", "--", "true"), home.env)
    once(run_true)  # with it the agent knows what an exec is told
    commands = {"bare": bare(clean, home), "awsvault-py": home.export(), "exec": run_true}
    if vault is not None:
        commands["aws-vault"] = vault.export("shared")
        commands["aws-vault, role"] = vault.export("dev")
        commands["aws-vault, exec"] = vault.exec("shared")
        commands["aws-vault, exec, role"] = vault.exec("dev")
    fast = rounds(commands | others, count)
    rows = [
        row("warm `export`, agent running / bare", fast["awsvault-py"], fast["bare"], 1.0),
        row("warm `exec` of true / bare", fast["exec"], fast["bare"], None),
    ]
    bars = [
        bar("python -c pass (bare)", fast["bare"], highlighted=False),
        bar("awsvault-py, agent", fast["awsvault-py"], highlighted=True),
    ]
    if vault is not None:
        for name, what in (
            ("aws-vault", "warm `export` / aws-vault's `export` of a cached MFA session, no role"),
            (
                "aws-vault, role",
                "warm `export` of a role / aws-vault's `export` of the same role, which it does not cache",
            ),
        ):
            beside = fast["awsvault-py"].ratio / fast[name].ratio
            rows.append(row(what, fast["awsvault-py"], fast[name], 1.0, ratio=beside))
        for name, what in (
            ("aws-vault, exec", "warm `exec` / aws-vault's `exec` of a cached MFA session, no role"),
            ("aws-vault, exec, role", "warm `exec` of a role / aws-vault's `exec` of the same role"),
        ):
            rows.append(
                row(what, fast["exec"], fast[name], None, ratio=fast["exec"].ratio / fast[name].ratio)
            )
        bars.append(
            bar("aws-vault 7.2, a session from its file backend", fast["aws-vault"], highlighted=False)
        )
        bars.append(bar("aws-vault 7.2, a role (one STS call)", fast["aws-vault, role"], highlighted=False))
    for name in others:
        rows.append(
            row(
                f"warm `export` / {name}",
                fast["awsvault-py"],
                fast[name],
                None,
                ratio=fast["awsvault-py"].ratio / fast[name].ratio,
            )
        )
        bars.append(bar(name, fast[name], highlighted=False))
    return Found(rows, bars)


def slow(home: Home, others: dict[str, Command], count: int) -> Found:
    """The warm export beside tools that take many times as long, in fewer rounds."""
    if not others:
        return Found()
    found = rounds({"awsvault-py": home.export(), **others}, max(8, count))
    return Found(
        [
            row(f"warm `export` / {n}", found["awsvault-py"], found[n], None, ratio=1 / found[n].ratio)
            for n in others
        ],
        [bar(n, found[n], highlighted=False) for n in others],
    )


def beside(clean: Clean, home: Home, count: int) -> Found:
    """The other commands that run while a user types: the shell prompt's text, and the names for completion."""
    home.warm()
    prompt = Command((clean.command, "prompt"), {**home.env, "AWS_PROFILE": "dev"})
    names = Command((clean.command, "--profile-names"), home.env)
    found = rounds(
        {"bare": bare(clean, home), "warm": home.export(), "prompt": prompt, "names": names}, count
    )
    return Found(
        [
            row("`prompt`, agent running / bare", found["prompt"], found["bare"], None),
            row(
                "`prompt`, agent running / a warm `export`",
                found["prompt"],
                found["warm"],
                1.2,
                ratio=found["prompt"].ratio / found["warm"].ratio,
            ),
            row("the profile names that completion asks for / bare", found["names"], found["bare"], None),
            row("… a warm `export` in the same rounds / bare", found["warm"], found["bare"], 1.0),
        ],
        [
            bar("awsvault-py prompt", found["prompt"], highlighted=True),
            bar("awsvault-py, names for completion", found["names"], highlighted=True),
        ],
    )


def native(clean: Clean, home: Home, count: int) -> Found:
    """The native front beside the smallest program that there is, and the Python front beside an idle interpreter."""
    home.warm()
    true = Command(("/bin/true",), home.env)
    run_true = ("exec", "dev", "--", "/bin/true")
    once(Command((clean.command, *run_true), home.env))  # with it the agent knows what an exec is told
    found = rounds(
        {
            "true": true,
            "export": Command((clean.front, "export", "dev"), home.env),
            "exec": Command((clean.front, *run_true), home.env),
            "prompt": Command((clean.front, "prompt"), {**home.env, "AWS_PROFILE": "dev"}),
            "names": Command((clean.front, "--profile-names"), home.env),
            "bare": bare(clean, home),
            "Python": home.export(),
            "Python, exec": Command((clean.command, *run_true), home.env),
        },
        count,
    )
    crowd = rounds_at_once(
        {"true": true, "export": Command((clean.front, "export", "dev"), home.env)},
        max(4, count // 5),
        together=100,
    )
    slower = found["Python"].ratio / found["bare"].ratio
    return Found(
        [
            row("warm `export`, native front / `/bin/true`", found["export"], found["true"], 2.0),
            row("warm `exec` of `/bin/true`, native front / `/bin/true`", found["exec"], found["true"], None),
            row("`prompt`, native front / `/bin/true`", found["prompt"], found["true"], 2.5),
            row(
                "profile names for completion, native front / `/bin/true`",
                found["names"],
                found["true"],
                None,
            ),
            row(
                "100 warm at once, native front / 100 × `/bin/true` at once",
                crowd["export"],
                crowd["true"],
                3.0,
            ),
            row("warm `export`, Python front / bare", found["Python"], found["bare"], 1.05, ratio=slower),
            row(
                "warm `export`, native front / Python front",
                found["export"],
                found["Python"],
                None,
                ratio=found["export"].ratio / found["Python"].ratio,
            ),
        ],
        [
            bar("/bin/true", found["true"], highlighted=False),
            bar("awsvault-py, native front", found["export"], highlighted=True),
        ],
    )


def together(clean: Clean, home: Home, count: int) -> Found:
    """A hundred at once."""
    home.warm()
    found = rounds_at_once({"bare": bare(clean, home), "awsvault-py": home.export()}, count, together=100)
    return Found([row("100 warm at once / 100 × bare at once", found["awsvault-py"], found["bare"], 2.0)], [])


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


def cold(home: Home, vault: AwsVault | None, count: int) -> Found:
    """Two calls to STS, nothing cached: the agent gives the source key."""
    home.warm()
    commands = {"boto3": boto3(home), "awsvault-py": home.cold()}
    if vault is not None:
        commands["aws-vault"] = vault.export()
    found = rounds(commands, count)
    rows = [
        row(
            "cold `export`, agent running / the same two calls by bare boto3",
            found["awsvault-py"],
            found["boto3"],
            0.6,
        )
    ]
    bars = [
        bar("awsvault-py, cold: two STS calls", found["awsvault-py"], highlighted=True),
        bar("bare boto3: two STS calls", found["boto3"], highlighted=False),
    ]
    if vault is not None:
        beside = found["awsvault-py"].ratio / found["aws-vault"].ratio
        what = "cold `export`, two calls / aws-vault's `export` of a role, one call"
        rows.append(row(what, found["awsvault-py"], found["aws-vault"], None, ratio=beside))
    return Found(rows, bars)


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
