"""Kills of a process before and after each write and request, one after another."""

from __future__ import annotations

import os
import signal
from itertools import count
from typing import NamedTuple
from unittest import mock

from vault.aws import transport
from vault.system.files import Folder

_WRITES = ("create_temp", "rename", "unlink", "sync")


class Point(NamedTuple):
    """The n-th call of a run. ``names`` is filled with what it was: before or after which call."""

    number: int
    names: list[str]

    @property
    def name(self) -> str:
        return self.names[-1] if self.names else ""

    def run(self, work) -> bool:
        """Do the work in a fork that ends at this point. Returns whether it got that far."""
        reads, writes = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                with _ending_at(self.number, writes):
                    work()
                os._exit(0)
            finally:
                os._exit(1)
        os.close(writes)
        with os.fdopen(reads) as pipe:
            said = pipe.read()
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        assert code in (0, -signal.SIGKILL), (self.number, code)
        self.names.extend(said.split("\n") if said else [])
        return code != 0


def points(first: int = 0, step: int = 1):
    """The points, until the test stops; or only each ``step``-th of them."""
    return (Point(number, []) for number in count(first, step))


class _ending_at:
    def __init__(self, number, pipe):
        self._left, self._pipe, self._patches = number, pipe, []

    def __enter__(self):
        for owner, name, shown in [(Folder, each, each) for each in _WRITES] + [
            (transport, "send", "request")
        ]:
            patch = mock.patch.object(owner, name, self._counted(getattr(owner, name), shown))
            patch.start()
            self._patches.append(patch)

    def __exit__(self, *_):
        for patch in self._patches:
            patch.stop()

    def _counted(self, call, shown):
        def counted(*args, **more):
            self._step(f"before {shown}")
            found = call(*args, **more)
            self._step(f"after {shown}")
            return found

        return counted

    def _step(self, name):
        if self._left == 0:
            os.write(self._pipe, name.encode())
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1
