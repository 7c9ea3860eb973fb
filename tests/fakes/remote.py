"""A stand-in in a process of its own, and the hand on it: the same words as `StandIn` has in the process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from typing import Any, Self

from tests.fakes.calls import Call
from tests.fakes.control import HEADER
from tests.patience import PATIENCE

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Remote:
    """Speaks the control paths of a running stand-in; `where` is what its ready file holds."""

    def __init__(self, where: dict[str, Any]) -> None:
        self.url, self._token = str(where["url"]), str(where["token"])
        # A proxy of the environment has no business between a test and its stand-in.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(self, method: str, path: str, **value: Any) -> Any:
        request = urllib.request.Request(
            f"{self.url}/control/{path}",
            method=method,
            data=json.dumps(value).encode(),
            headers={HEADER: self._token},
        )
        with self._opener.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    @property
    def calls(self) -> list[Call]:
        return [Call(**call) for call in self.ask("GET", "calls")]

    def count(self, action: str) -> int:
        return sum(call.action == action for call in self.calls)

    def fault(self, action: str, kind: str, **options: Any) -> int:
        return int(self.ask("POST", "faults", action=action, kind=kind, **options))

    def wait_reached(self, fault: int, timeout: float = PATIENCE) -> bool:
        return bool(self.ask("POST", "wait", id=fault, timeout=timeout))

    def release(self, fault: int) -> None:
        self.ask("POST", "release", id=fault)

    def advance(self, seconds: float) -> None:
        self.ask("POST", "advance", seconds=seconds)

    def code(self, serial: str | None = None, *, steps: int = 0) -> str:
        return str(self.ask("POST", "code", serial=serial, steps=steps))


class Process(Remote):
    """Starts `python -m tests.fakes.aws` and ends it: a context manager."""

    def __init__(self, *, world: dict[str, Any] | None = None, python: str = sys.executable) -> None:
        self._folder = tempfile.TemporaryDirectory()
        ready = os.path.join(self._folder.name, "ready.json")
        command = [python, "-m", "tests.fakes.aws", "--ready", ready, "--parent-pid-exit"]
        if world is not None:
            path = os.path.join(self._folder.name, "world.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(world, file)
            command += ["--world", path]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL)
        ends = time.monotonic() + PATIENCE
        while not os.path.exists(ready):
            if self._process.poll() is not None or time.monotonic() > ends:
                raise RuntimeError(f"the stand-in did not come up (exit {self._process.poll()})")
            time.sleep(0.02)
        with open(ready, encoding="utf-8") as file:
            super().__init__(json.load(file))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE)
        self._folder.cleanup()
