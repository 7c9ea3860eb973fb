"""The order of a run of scripts/bench: make the places, measure, write the page and the picture."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path

from scripts.measuring import cold, doors, everyday, loads, places, report, results, rivals, rows, syncs
from tests.clients.tools import find_cli_two
from tests.fakes.example import SHARED, role
from tests.fakes.s3 import S3StandIn
from tests.keyrings import Desktop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.measuring.rivals import Rival


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds, for a look")
    parser.add_argument("--keep", action="store_true", help="leave docs/performance.md as it is")
    parser.add_argument(
        "--rival", action="append", default=[], type=named_rival, metavar="NAME=BINARY",
        help=f"measure this binary too; NAME begins with {', '.join(rivals.KINDS)}",
    )  # fmt: skip
    parser.add_argument(
        "--only", action="append", choices=sorted(MEASURES), metavar="NAME",
        help=f"only this measurement, and leave the page as it is: {', '.join(MEASURES)}",
    )  # fmt: skip
    parser.add_argument(
        "--write", action="store_true", help="with --only: write the page, the rest from earlier runs"
    )
    options = parser.parse_args(arguments)
    work = os.path.join(places.ROOT, ".work", "bench")
    os.makedirs(work, exist_ok=True)
    with ExitStack() as stack:
        homes = tempfile.mkdtemp(prefix="bench-")  # a socket's path must be short
        stack.callback(shutil.rmtree, homes, ignore_errors=True)
        bench = Bench(work, homes, stack, options.rival, share=0.1 if options.quick else 1.0)
        kept = results.Results(os.path.join(work, "results.json"))
        for name, measure in MEASURES.items():
            if not options.only or name in options.only:
                say(name)
                kept.put(name, measure(bench))
        found = kept.all(list(MEASURES) if options.write else options.only or list(MEASURES))
        text = page(bench.clean, found, bench.missing, kept)
    print(text)
    if options.write or not (options.keep or options.only):
        report.write(text)
        bars = [bar for one in found for bar in one.bars]
        report.draw(bars, title="Whole processes, median and quartiles (logarithmic scale)")
    return 0


def named_rival(word: str) -> tuple[str, str]:
    """NAME=BINARY; an error of argparse where the name is of no kind that is known, or there is no such program."""
    name, _, binary = word.partition("=")
    if rivals.kind_of(name) is None or not os.access(binary, os.X_OK):
        raise argparse.ArgumentTypeError(
            f"{word!r} is not {' or '.join(rivals.KINDS)}, =, and the path of a program"
        )
    return name, os.path.abspath(binary)


class Bench:
    """What the measurements share. Homes and rivals are made when they are first asked for."""

    def __init__(
        self, work: str, homes: str, stack: ExitStack, given: list[tuple[str, str]], *, share: float
    ) -> None:
        self.work, self.homes, self._stack, self._given, self._share = work, homes, stack, given, share
        self.missing: list[rivals.Missing] = []
        say("building the wheel and a clean environment")
        self.clean = places.clean(work)
        self.doors = doors.opened(homes, stack)

    def times(self, count: int) -> int:
        """``count`` rounds, or a tenth of them."""
        return max(4, int(count * self._share))

    def asked(self) -> int:
        """Calls to STS so far, at both doors."""
        return self.doors.asked

    def home(self, name: str, **env: str) -> places.Home:
        """A new home, whose agent ends with the run."""
        return self._home(name, {"AWS_ENDPOINT_URL": self.doors.plain.url}, **env)

    def _home(self, name: str, led: dict[str, str], **env: str) -> places.Home:
        made = places.Home(self.clean, f"{self.homes}/{name}", led, **env)
        self._stack.callback(made.close)
        return made

    @cached_property
    def main_home(self) -> places.Home:
        return self.home("main")

    @cached_property
    def proxied(self) -> places.Home | None:
        """A home that is led by the proxy, if one of the rivals is."""
        if not any(rival.by_proxy for rival in self.rivals):
            return None
        return self._home("proxied", self.doors.by_proxy)

    @cached_property
    def desktop(self) -> Desktop:
        """A desktop with an unlocked keyring."""
        made = Desktop(Path(tempfile.mkdtemp(dir=self.homes)))
        self._stack.callback(made.end)
        made.log_in()
        return made

    @cached_property
    def rivals(self) -> list[Rival]:
        """Those that were named and work."""
        made = []
        for name, binary in self._given:
            kind = rivals.kind_of(name)
            assert kind is not None
            made += self._tried(name, kind, lambda binary=binary: binary)
        return made

    @cached_property
    def python_rivals(self) -> list[Rival]:
        """Programs in Python, which take many times as long."""
        return self._tried(
            "awsume 4.5", rivals.Awsume, lambda: rivals.installed_awsume(self.work)
        ) + self._tried("AWS CLI 2", rivals.AwsCli, find_cli_two)

    def _tried(self, name: str, kind: type[Rival], find: Callable[[], str]) -> list[Rival]:
        """The rival, once it has done everything; none and a line in the table of what is missing where it cannot."""
        say(f"trying {name}")
        try:
            made = kind(name, find(), work=self.work, doors=self.doors)
            made.try_out()
        except rivals.NotBuilt as error:
            self.missing.append(rivals.Missing(name, error.command, str(error)))
        except (RuntimeError, OSError, AssertionError, subprocess.CalledProcessError) as error:
            self.missing.append(rivals.Missing(name, name, str(error)[-200:]))
        else:
            return [made]
        return []


def from_keyring(bench: Bench) -> rows.Found:
    """No agent; the OS keyring."""
    ring = bench.home("ring", **bench.desktop.env)
    rows.keyring_home(ring)
    return rows.from_keyring(bench.clean, ring, bench.times(60))


def chain(bench: Bench) -> rows.Found:
    """Roles of roles, each trusting the one before."""
    before = f"arn:aws:iam::{SHARED}:root"
    for hop in range(1, rows.HOPS + 1):
        bench.doors.plain.world.add_role(role(f"Chain{hop}"), trusts=(before,))
        before = role(f"Chain{hop}")
    home = bench.home("chain")
    home.chain(rows.HOPS)
    return rows.chain(home, bench.asked, bench.times(40))


def scale(bench: Bench) -> rows.Found:
    """Ten, and ten thousand of everything."""
    small, big = bench.home("small"), bench.home("big")
    small.many(10)
    big.many(10_000)
    return rows.scale(small, big, bench.times(100))


def sync(bench: Bench) -> rows.Found:
    """A hundred entries, and ten thousand."""
    with S3StandIn() as s3:
        few, many = (
            syncs.home_with(bench.home(f"sync{count}"), count, s3) for count in (syncs.FEW, syncs.MANY)
        )
        return syncs.syncs(bench.clean, few, many, bench.times(30))


MEASURES: dict[str, Callable[[Bench], rows.Found]] = {
    "warm": lambda b: everyday.warm(b.clean, b.main_home, b.rivals, b.times(60)),
    "slow": lambda b: everyday.slow(b.main_home, b.python_rivals, b.times(10)),
    "commands": lambda b: everyday.commands(b.clean, b.main_home, b.times(40)),
    "together": lambda b: everyday.together(b.clean, b.main_home, b.times(30)),
    "cold": lambda b: cold.cold(b.clean, b.doors, b.main_home, b.proxied, b.rivals, b.times(30)),
    "kernel": lambda b: rows.from_kernel(b.clean, b.home("kernel"), b.times(40)),
    "keyring": from_keyring,
    "chain": chain,
    "scale": scale,
    "sync": sync,
    "calls": lambda b: loads.calls(b.asked, b.main_home, [*b.rivals, *b.python_rivals]),
    "load": lambda b: loads.storm(b.main_home, b.asked),
    "memory": lambda b: loads.memory(b.main_home),
}


def page(
    clean: places.Clean, found: list[rows.Found], missing: list[rivals.Missing], kept: results.Results
) -> str:
    """The figures as Markdown: what was measured, and no heading without a table."""
    parts = [machine(clean)]
    if promises := [row for one in found for row in one.rows]:
        parts.append(report.promises(promises))
    for title, header, lines in (
        (
            "Sixty exports at once of two roles, nothing cached",
            ("tool", "calls to STS", "runs that failed"),
            [line for one in found for line in one.calls],
        ),
        ("Load and memory", ("what", "figure"), [line for one in found for line in one.figures]),
        ("When", ("measurement", "ended, UTC", "load of the machine then"), kept.when(list(MEASURES))),
        (
            "Not measured",
            ("tool", "command", "output"),
            [(m.name, f"`{m.command}`", m.said) for m in missing],
        ),
    ):
        if lines:
            parts += [f"### {title}\n", report.table(header, lines)]
    return "\n".join(parts)


def machine(clean: places.Clean) -> str:
    versions = subprocess.run(
        [clean.python, "-c", "import sys, cryptography, boto3; print(sys.version.split()[0], cryptography.__version__, boto3.__version__)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "")
    pth = len(clean.path_files)
    return (
        f"Measured {time.strftime('%Y-%m-%d', time.gmtime())}: {os.cpu_count()} cores ({cpu}), {platform.system()} "
        f"{platform.release().partition('-')[0]}, CPython {versions[0]}, cryptography {versions[1]}, boto3 {versions[2]}; "
        f"{pth} .pth files in the environment. Medians of whole processes with "
        "their quartiles, and medians of their CPU time; ratios are medians of the ratios within a round, in which all "
        "commands run once.\n"
    )


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
