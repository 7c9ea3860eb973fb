"""Running commands and taking their time and memory. Knows nothing of what is run."""

from __future__ import annotations

import os
import statistics
import subprocess
from time import perf_counter
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Command(NamedTuple):
    """A program with its arguments and its whole environment; ``before`` is done untimed before each timed run."""

    argv: tuple[str, ...]
    env: dict[str, str]
    before: Callable[[], object] | None = None


class Failed(RuntimeError):
    """A measured command did not exit 0: its figures would mean nothing."""


class Sample(NamedTuple):
    """One run: milliseconds from before the spawn to after the wait, and of CPU time with that of its children."""

    ms: float
    cpu: float


def once(command: Command) -> Sample:
    """Run a command to its end with its output thrown away."""
    if command.before is not None:
        command.before()
    start = perf_counter()
    pid = spawn(command)
    _, status, used = os.wait4(pid, 0)
    ms = (perf_counter() - start) * 1000
    if status:
        raise Failed(f"{' '.join(command.argv)} ended with {os.waitstatus_to_exitcode(status)}")
    return Sample(ms, (used.ru_utime + used.ru_stime) * 1000)


_PEAK = """
import os, sys
null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=null)
print(os.wait4(pid, 0)[2].ru_maxrss)
"""


def peak(command: Command, python: str) -> int:
    """KiB of resident memory that a run had at its peak. A new process inherits its starter's peak: a small one starts it."""
    done = subprocess.run(
        [python, "-S", "-c", _PEAK, *command.argv], env=command.env, capture_output=True, check=True
    )
    return int(done.stdout)


def spawn(command: Command) -> int:
    """Start a command with nothing on stdin and its output thrown away."""
    null = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    null += [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
    return os.posix_spawn(command.argv[0], command.argv, command.env, file_actions=null)


def ended_badly(pids: list[int]) -> int:
    """Wait for all of these; how many did not exit 0."""
    return sum(os.waitpid(pid, 0)[1] != 0 for pid in pids)


def at_once(command: Command, count: int) -> Sample:
    """The time until ``count`` runs of a command, started together, have all ended well, and what they used together."""
    start, used = perf_counter(), 0.0
    pids = [spawn(command) for _ in range(count)]
    failed = 0
    for pid in pids:
        _, status, usage = os.wait4(pid, 0)
        used += usage.ru_utime + usage.ru_stime
        failed += status != 0
    ms = (perf_counter() - start) * 1000
    if failed:
        raise Failed(f"{failed} of {count} runs of {' '.join(command.argv)} failed")
    return Sample(ms, used * 1000)


class Series(NamedTuple):
    """The runs of one command: medians, and the median of the ratios to the first command of the same round."""

    ms: float
    low: float  # the quartiles
    high: float
    ratio: float
    runs: int
    cpu: float
    samples: list[float]

    def over(self, other: Series) -> float:
        """The median of the ratios to another command of the same rounds."""
        return statistics.median(mine / its for mine, its in zip(self.samples, other.samples, strict=True))


def rounds(commands: dict[str, Command], count: int) -> dict[str, Series]:
    """Run all commands ``count`` times, a round at a time and each round in another order.

    Load that comes and goes falls on all of them alike, and ratios are taken within a round.
    """
    names = list(commands)
    for name in names:
        once(commands[name])  # files and caches warm for everybody
    taken: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(count):
        turn = number % len(names)
        for name in names[turn:] + names[:turn]:
            taken[name].append(once(commands[name]))
    first = [sample.ms for sample in taken[names[0]]]
    return {name: _series(samples, first) for name, samples in taken.items()}


def rounds_at_once(commands: dict[str, Command], count: int, *, together: int) -> dict[str, Series]:
    """As ``rounds``, each run being ``together`` processes started at once."""
    names = list(commands)
    taken: dict[str, list[Sample]] = {name: [] for name in names}
    for number in range(count):
        for name in names if number % 2 else reversed(names):
            taken[name].append(at_once(commands[name], together))
    first = [sample.ms for sample in taken[names[0]]]
    return {name: _series(samples, first) for name, samples in taken.items()}


def _series(samples: list[Sample], first: list[float]) -> Series:
    times = [sample.ms for sample in samples]
    low, middle, high = statistics.quantiles(times, n=4)
    ratio = statistics.median(ms / base for ms, base in zip(times, first, strict=True))
    cpu = statistics.median(sample.cpu for sample in samples)
    return Series(middle, low, high, ratio, len(times), cpu, times)
