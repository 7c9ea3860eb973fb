"""Every fault at every call: python -m tests.faults.campaign [--one-in N] [ACT…]. Prints how many runs left what.

Kinds: SIGKILL before and after the call, ENOSPC, EIO, EINTR and EMFILE in its place, and a write cut in half.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.fakes.tpm import EmulatedTpm
from tests.faults.stage import ACTS, SCENES, copy, environment, judge, machine, set_up

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("kill-before", "kill-after", "ENOSPC", "EIO", "EINTR", "EMFILE", "short")
DECLARED = (0, 3, 4, 6, 9, 10)  # success, and the errors that a command may end with here


def build(folder: str, name: str = "preload") -> str:
    """Compile a shim with the system's cc; its path."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".c")
    made = os.path.join(folder, name + ".so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-w", "-o", made, source, "-ldl"], check=True)
    return made


class Actors:
    """Processes that do acts (tests/faults/act.py), with the shim before all else: as many as threads that ask."""

    def __init__(self, shim: str) -> None:
        self._shim = shim
        self._idle: queue.SimpleQueue[subprocess.Popen[str]] = queue.SimpleQueue()

    def run(self, act: str, root: str, **faults: str) -> subprocess.CompletedProcess[str]:
        """One act to its end."""
        env = {**environment(root), "LD_PRELOAD": self._shim}
        try:
            actor = self._idle.get_nowait()
        except queue.Empty:
            actor = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.act"],
                env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        print(json.dumps({"act": act, "env": {**env, **faults}}), file=actor.stdin, flush=True)
        code, said = json.loads(actor.stdout.readline())
        self._idle.put(actor)
        return subprocess.CompletedProcess(act, code, "", said)

    def end(self) -> None:
        """None of them goes on."""
        while not self._idle.empty():
            self._idle.get().communicate()


class Campaign:
    """A template for each act, and one run a fault on a copy of it."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.actors = Actors(build(folder))
        self.tpm_folder = tempfile.mkdtemp(prefix="tpm")  # short, as a socket's path must be
        self.tpm = EmulatedTpm(self.tpm_folder)
        machine.tpm = self.tpm.place

    def end(self) -> None:
        """The TPM is switched off, and no act is done any more."""
        self.actors.end()
        self.tpm.end()
        shutil.rmtree(self.tpm_folder)

    def template(self, act: str) -> str:
        scene = SCENES.get(act, "in good health")
        path = os.path.join(self.folder, f"template: {scene}")
        if not os.path.exists(path):
            set_up(path, scene=scene)
        return path

    def points(self, act: str) -> list[str]:
        """The calls of an undisturbed run, in order."""
        root = os.path.join(self.folder, f"points-{act}")
        copy(self.template(act), root)
        log = os.path.join(root, "log")
        done = self.actors.run(act, root, FAULT_LOG=log)
        assert done.returncode == 0, done.stderr
        verdict = judge(act, root)
        assert verdict == ("old" if act == "backup" else "new"), verdict
        with open(log, encoding="ascii") as lines:
            calls = lines.read().split()
        shutil.rmtree(root)
        return calls

    def fault(self, act: str, at: int, kind: str) -> str:
        """One run with one fault; ``old`` or ``new``, or AssertionError that says what is wrong."""
        root = os.path.join(self.folder, f"run-{act}-{at}-{kind}")
        copy(self.template(act), root)
        done = self.actors.run(act, root, FAULT_AT=str(at), FAULT_KIND=kind)
        where = f"{act}, call {at}, {kind}: exit {done.returncode}: {done.stderr[-400:]}"
        if kind.startswith("kill"):
            assert done.returncode == -9, where
        else:
            assert done.returncode in DECLARED, where
            assert "Traceback" not in done.stderr, where
            if done.returncode == 6:
                assert root in done.stderr, f"the error names no file: {where}"
        try:
            verdict = judge(act, root)
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error}; after {where}") from error
        if done.returncode == 0 and act != "backup":
            assert verdict == "new", where
        if act == "backup":
            names = set(os.listdir(root)) - set(os.listdir(self.template(act)))
            assert names <= {"copy"} or done.returncode != 0, (where, names)
        shutil.rmtree(root)
        return verdict


def plan(
    campaign: Campaign,
    acts: list[str],
    *,
    one_in: int,
    kinds: tuple[str, ...] = KINDS,
    tell: Callable[[str], None] | None = None,
) -> list[tuple[str, int, str]]:
    """The faults to try: act, number of the call, kind. ``tell`` is given a line for each act."""
    faults = []
    for act in acts:
        points = campaign.points(act)
        for at, call in enumerate(points, 1):
            faults += [(act, at, kind) for kind in kinds if kind != "short" or call == "write"]
        if tell is not None:
            calls = ", ".join(f"{count} {call}" for call, count in sorted(Counter(points).items()))
            tell(f"{act}: {len(points)} calls ({calls})")
    return faults[::one_in]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("acts", nargs="*", choices=[*ACTS, []])
    parser.add_argument("--one-in", type=int, default=1, metavar="N", help="take every Nth fault only")
    given = parser.parse_args()
    tally: Counter[str] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        campaign = Campaign(folder)
        faults = plan(campaign, given.acts or list(ACTS), one_in=given.one_in, tell=print)
        for fault, result in zip(faults, pool.map(lambda f: _attempt(campaign, f), faults), strict=True):
            if result in ("old", "new"):
                tally[f"{'killed' if fault[2].startswith('kill') else 'error'}, {result} vault"] += 1
            else:
                wrong.append(result)
                print(f"WRONG {result}", flush=True)
        campaign.end()
    for what, count in sorted(tally.items()):
        print(f"{count:6d}  {what}")
    print(f"{len(faults):6d}  faults in all, {len(wrong)} wrong")
    return 1 if wrong else 0


def _attempt(campaign: Campaign, fault: tuple[str, int, str]) -> str:
    try:
        return campaign.fault(*fault)
    except AssertionError as error:
        return str(error)


if __name__ == "__main__":
    sys.exit(main())
