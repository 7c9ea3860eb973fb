"""The static checks by name, and a run of them beside the tests of changed files."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from glob import glob
from typing import NamedTuple

from scripts.loop.related import changed, tests_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MAKERS = sorted(glob("scripts/make-*", root_dir=ROOT))
# scripts/test and .pre-commit-config.yaml run these too. The first word is a program of the environment.
STEPS = {
    "style": (("ruff", "check", "."), ("ruff", "format", "--check", ".")),
    "types": (("mypy",),),
    "layers": (("lint-imports",),),
    "source": (("python", "scripts/check-source"),),
    "requirements": (("python", "scripts/lock", "--check"),),
    "advisories": (("python", "scripts/audit"),),
    "workflows": (("python", "scripts/check-workflows"),),
    "pages": tuple(("python", maker, "--check") for maker in MAKERS),
}

BUDGET = 20  # seconds for tests, so that the loop stays under half a minute
SLOW = {"advisories", "workflows"}  # need the network (the second one once, and Go): not in the loop


class Done(NamedTuple):
    """The result of a step: whether it passed, how long it took, and its output."""

    name: str
    good: bool
    seconds: float
    said: str


def step(name: str, programs: str) -> Done:
    """Run every command of a step, even if an earlier one fails."""
    begun, said, good = time.monotonic(), "", True
    for program, *words in STEPS[name]:
        done = subprocess.run(
            [os.path.join(programs, program), *words],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        good = good and not done.returncode
        said += done.stdout if done.returncode or name in SLOW else ""
    return Done(name, good, time.monotonic() - begun, said)


def tests(paths: Sequence[str], programs: str, *, whole: bool) -> Done:
    """Run the tests of the files and show their output as it comes. Stops after BUDGET unless ``whole``."""
    begun, found = time.monotonic(), tests_of(paths)
    if not found:
        return Done("tests", good=True, seconds=0, said="none of the files has tests in tests/unit\n")
    print("tests:", *found, flush=True)
    command = [os.path.join(programs, "python"), "-m", "pytest", "-m", "not long", "--maxfail", "5"]
    command += [] if whole else ["-p", "scripts.loop.budget", "--budget", str(BUDGET)]
    command += ["-n", str(os.cpu_count()), "--maxschedchunk", "1"] if len(found) > 1 else []
    done = subprocess.run([*command, *found], check=False)
    return Done("tests", done.returncode == 0, time.monotonic() - begun, "")


def main(arguments: Sequence[str], programs: str) -> int:
    """Return 0 if everything passes. The steps run one after the other, beside the tests."""
    whole = "--whole" in arguments
    arguments = [word for word in arguments if word != "--whole"]
    if arguments and all(word in STEPS for word in arguments):
        return told([step(name, programs) for name in arguments])
    if wrong := [word for word in arguments if not os.path.exists(word)]:
        print(f"scripts/check: {wrong[0]} is neither a step ({', '.join(STEPS)}) nor a path", file=sys.stderr)
        return 2
    with ThreadPoolExecutor(max_workers=1) as beside:
        running = [beside.submit(step, name, programs) for name in STEPS if name not in SLOW]
        tested = tests(arguments or changed(), programs, whole=whole)
        return told([*(each.result() for each in running), tested])


def told(all_done: Sequence[Done]) -> int:
    for done in all_done:
        print(f"{'ok' if done.good else 'FAILED':6} {done.name:12} {done.seconds:5.1f} s")
        print(done.said, end="")
    return 0 if all(done.good for done in all_done) else 1
