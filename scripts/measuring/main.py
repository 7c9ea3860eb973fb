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
from typing import TypeVar

from scripts.measuring import loads, places, report, rivals, rows
from scripts.measuring.runs import Command, once
from tests.certificates import self_signed
from tests.clients.tools import find_cli_two
from tests.clients.tunnel import HOSTS, Tunnel
from tests.fakes.aws import StandIn
from tests.fakes.example import SHARED, role
from tests.keyrings import Desktop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

Rival = TypeVar("Rival", rivals.AwsVault, rivals.Granted, rivals.Awsume, rivals.AwsCli)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rounds, for a look")
    parser.add_argument("--keep", action="store_true", help="leave docs/performance.md as it is")
    parser.add_argument(
        "--only", action="append", choices=sorted(MEASURES), metavar="NAME",
        help=f"only this measurement, and leave the page as it is: {', '.join(MEASURES)}",
    )  # fmt: skip
    options = parser.parse_args(arguments)
    work = os.path.join(places.ROOT, ".work", "bench")
    os.makedirs(work, exist_ok=True)
    with ExitStack() as stack:
        homes = tempfile.mkdtemp(prefix="bench-")  # a socket's path must be short
        stack.callback(shutil.rmtree, homes, ignore_errors=True)
        bench = Bench(work, homes, stack, share=0.1 if options.quick else 1.0)
        found = []
        for name, measure in MEASURES.items():
            if not options.only or name in options.only:
                say(name)
                found.append(measure(bench))
        text = page(bench.clean, found, bench.missing)
    print(text)
    if not options.keep and not options.only:
        report.write(text)
        bars = [bar for one in found for bar in one.bars]
        report.draw(bars, title="One run, whole process, median and quartiles (logarithmic scale)")
    return 0


class Bench:
    """What the measurements share. Homes and rivals are made when they are first asked for; a rival that cannot be is None."""

    def __init__(self, work: str, homes: str, stack: ExitStack, *, share: float) -> None:
        self.work, self.homes, self._stack, self._share = work, homes, stack, share
        self.missing: list[rivals.Missing] = []
        say("building the wheel and a clean environment")
        self.clean = places.clean(work)
        self.aws = stack.enter_context(StandIn())
        self.door, self.proxy, self.bundle = by_proxy(homes, stack, self.aws)

    def times(self, count: int) -> int:
        """``count`` rounds, or a tenth of them."""
        return max(4, int(count * self._share))

    def asked(self) -> int:
        """Calls to STS so far, at both doors."""
        return len(self.aws.calls) + len(self.door.calls)

    def home(self, name: str, **env: str) -> places.Home:
        """A new home, whose agent ends with the run."""
        made = places.Home(self.clean, f"{self.homes}/{name}", self.aws.url, **env)
        self._stack.callback(made.close)
        return made

    @cached_property
    def main_home(self) -> places.Home:
        return self.home("main")

    @cached_property
    def desktop(self) -> Desktop:
        """A desktop with an unlocked keyring."""
        made = Desktop(Path(tempfile.mkdtemp(dir=self.homes)))
        self._stack.callback(made.end)
        made.log_in()
        return made

    @cached_property
    def vault(self) -> rivals.AwsVault | None:
        return self._built(
            "aws-vault 7.2 (99designs)",
            lambda: rivals.AwsVault(self.work, proxy=self.proxy, bundle=self.bundle, code=self.door.code),
        )

    @cached_property
    def granted(self) -> rivals.Granted | None:
        return self._built(
            "granted 0.38", lambda: rivals.Granted(self.work, proxy=self.proxy, bundle=self.bundle)
        )

    @cached_property
    def awsume(self) -> rivals.Awsume | None:
        return self._built(
            "awsume 4.5", lambda: rivals.Awsume(self.work, proxy=self.proxy, bundle=self.bundle)
        )

    @cached_property
    def cli(self) -> rivals.AwsCli | None:
        return self._built(
            "AWS CLI 2",
            lambda: rivals.AwsCli(self.homes, find_cli_two(), proxy=self.proxy, bundle=self.bundle),
        )

    def _built(self, name: str, make: Callable[[], Rival]) -> Rival | None:
        """What ``make`` makes, once it has run; None and a line in the table of what is missing where it cannot."""
        say(f"building {name}")
        command = name
        try:
            made = make()
            command = " ".join(made.export().argv)
            once(made.export())
        except rivals.NotBuilt as error:
            self.missing.append(rivals.Missing(name, error.command, str(error)))
        except (RuntimeError, OSError, AssertionError, subprocess.CalledProcessError) as error:
            self.missing.append(rivals.Missing(name, command, str(error)[-200:]))
        else:
            return made
        return None


def warm(bench: Bench) -> rows.Found:
    """The warm export beside bare Python and everybody else."""
    others: dict[str, Command] = {}
    if bench.granted is not None:
        others["granted 0.38, file backend"] = bench.granted.export()
    bench.missing += rivals.not_to_be_had()
    fast = rows.warm(bench.clean, bench.main_home, bench.vault, others, bench.times(200))
    slow: dict[str, Command] = {}
    if bench.awsume is not None:
        slow["awsume 4.5, a role (one STS call)"] = bench.awsume.export()
    if bench.cli is not None:
        slow["AWS CLI 2, the role in its own plaintext cache"] = bench.cli.export()
    return fast + rows.slow(bench.main_home, slow, bench.times(20))


def from_keyring(bench: Bench) -> rows.Found:
    """No agent; the OS keyring."""
    ring = bench.home("ring", **bench.desktop.env)
    rows.keyring_home(ring)
    return rows.from_keyring(bench.clean, ring, bench.times(60))


def chain(bench: Bench) -> rows.Found:
    """Roles of roles, each trusting the one before."""
    before = f"arn:aws:iam::{SHARED}:root"
    for hop in range(1, rows.HOPS + 1):
        bench.aws.world.add_role(role(f"Chain{hop}"), trusts=(before,))
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


MEASURES: dict[str, Callable[[Bench], rows.Found]] = {
    "warm": warm,
    "native": lambda b: rows.native(b.clean, b.main_home, b.times(100)),
    "beside": lambda b: rows.beside(b.clean, b.main_home, b.times(60)),
    "together": lambda b: rows.together(b.clean, b.main_home, b.times(20)),
    "kernel": lambda b: rows.from_kernel(b.clean, b.home("kernel"), b.times(100)),
    "keyring": from_keyring,
    "cold": lambda b: rows.cold(b.main_home, b.vault, b.times(40)),
    "chain": chain,
    "scale": scale,
    "calls": lambda b: loads.calls(b.asked, b.main_home, b.vault, b.cli, b.granted, b.awsume),
    "load": lambda b: loads.storm(b.main_home, b.asked),
    "memory": lambda b: loads.memory(b.main_home),
}


def by_proxy(homes: str, stack: ExitStack, aws: StandIn) -> tuple[StandIn, str, str]:
    """A proxy's address and a bundle, for tools that know no endpoint: a second door of the stand-in, with a certificate."""
    folder = Path(tempfile.mkdtemp(dir=homes))
    chain, key = self_signed(folder, *HOSTS)
    door = stack.enter_context(StandIn(aws.world, certificate=(chain, key)))
    tunnel = stack.enter_context(Tunnel(door.url))
    return door, tunnel.url, chain


def page(clean: places.Clean, found: list[rows.Found], missing: list[rivals.Missing]) -> str:
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
        f"{pth} .pth files in the environment. Medians of whole processes with their quartiles; ratios are medians of "
        "the ratios within a round, in which all commands run once.\n"
    )


def say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
