"""Chooses mutants, tries them in copies of the repository, keeps what became of each, and reports."""

from __future__ import annotations

import argparse
import json
import os
import queue
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from hashlib import sha256
from itertools import islice

from scripts.mutating.copies import Copy, Outcome, covering
from scripts.mutating.equivalent import EQUIVALENT
from scripts.mutating.mutations import chosen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scripts.mutating.mutations import Mutant

PACKAGES = ("store", "cache", "mfa", "profiles", "credentials", "rotation", "agent", "agent_process")
EQUAL = Outcome("equivalent", "", 0.0)


def main(arguments: Sequence[str]) -> int:
    """Return 0 if every mutant was killed or is known to change nothing."""
    parser = argparse.ArgumentParser(prog="scripts/mutants")
    parser.add_argument("--count", type=int, default=100, help="how many mutants (100)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--only", nargs="+", metavar="PATH", help="modules or folders of vault/ in place of the usual ones"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=30.0, help="for the tests of one mutant (30)")
    parser.add_argument("--again", action="store_true", help="try the survivors again")
    parser.add_argument("--list", action="store_true", help="show the mutants and try none")
    given = parser.parse_args(arguments)
    sources = read(given.only or [f"vault/{name}" for name in PACKAGES])
    planned = list(islice(chosen(sources, seed=given.seed), given.count))
    if given.list:
        for mutant in planned:
            print(mutant.diff(sources[mutant.path]), *covering(mutant.path)[:3], sep="\n    ")
        return 0
    os.makedirs(".work", exist_ok=True)
    kept = Kept(f".work/mutants-{given.seed}.jsonl")
    done = kept.read(planned, sources, again=given.again)
    left = [mutant for mutant in planned if mutant not in done]
    for mutant, outcome in tried(left, jobs=given.jobs, seconds=given.seconds):
        kept.add(mutant, sources[mutant.path], outcome)
        done[mutant] = outcome
        print(
            f"{outcome.state:10} {outcome.seconds:5.1f} s  {mutant.path}:{mutant.line}: {mutant.kind}",
            flush=True,
        )
    return report({mutant: done[mutant] for mutant in planned}, sources)


def read(places: Sequence[str]) -> dict[str, bytes]:
    """The modules in these folders, and these modules, by their paths."""
    found = {}
    for place in places:
        for path in [place] if place.endswith(".py") else glob(f"{place}/**/*.py", recursive=True):
            with open(path, "rb") as file:
                found[path] = file.read()
    return found


class Kept:
    """What became of mutants, one a line. A mutant of a module that was edited is another one."""

    def __init__(self, path: str) -> None:
        self._path = path

    def read(
        self, planned: Sequence[Mutant], sources: Mapping[str, bytes], *, again: bool
    ) -> dict[Mutant, Outcome]:
        """Those of ``planned`` that need not be tried; ``again``: survivors need it."""
        known = {}
        if os.path.exists(self._path):
            with open(self._path, encoding="utf-8") as lines:
                for line in lines:
                    digest, *outcome = json.loads(line)
                    known[digest] = Outcome(*outcome)
        found = {}
        for mutant in planned:
            outcome = known.get(_digest(mutant, sources[mutant.path]))
            if mutant.key(sources[mutant.path]) in EQUIVALENT:
                found[mutant] = EQUAL
            elif outcome is not None and not (again and outcome.state != "killed"):
                found[mutant] = outcome
        return found

    def add(self, mutant: Mutant, source: bytes, outcome: Outcome) -> None:
        with open(self._path, "a", encoding="utf-8") as file:
            print(json.dumps([_digest(mutant, source), *outcome]), file=file)


def _digest(mutant: Mutant, source: bytes) -> str:
    return sha256(repr((mutant.path, mutant.kind)).encode() + mutant.apply(source)).hexdigest()


def tried(left: Sequence[Mutant], *, jobs: int, seconds: float) -> Iterator[tuple[Mutant, Outcome]]:
    """Try them, ``jobs`` at a time, each job in a copy of its own."""
    if not left:
        return
    with tempfile.TemporaryDirectory(prefix="mutants", ignore_cleanup_errors=True) as folder:
        copies: queue.SimpleQueue[Copy] = queue.SimpleQueue()
        for number in range(min(jobs, len(left))):
            copies.put(Copy(os.path.join(folder, str(number))))

        def one(mutant: Mutant) -> Outcome:
            copy = copies.get()
            try:
                return copy.test(mutant, seconds=seconds)
            finally:
                copies.put(copy)

        with ThreadPoolExecutor(jobs) as pool:
            yield from zip(left, pool.map(one, left), strict=True)


def report(done: Mapping[Mutant, Outcome], sources: Mapping[str, bytes]) -> int:
    """A line for each package, and the change of each survivor."""
    counts: dict[str, Counter[str]] = {}
    for mutant, outcome in done.items():
        counts.setdefault(mutant.path.split("/")[1], Counter())[outcome.state] += 1
    for mutant, outcome in done.items():
        if outcome.state in ("survived", "untested"):
            print(f"\n{outcome.state}: {mutant.diff(sources[mutant.path])}")
    print()
    for package, states in sorted(counts.items()):
        print(f"{package:16}", ", ".join(f"{count} {state}" for state, count in sorted(states.items())))
    total = sum(counts.values(), Counter())
    print(
        f"{total.total()} mutants: {', '.join(f'{count} {state}' for state, count in sorted(total.items()))}"
    )
    return 1 if total["survived"] + total["untested"] else 0
