"""A child that is killed, or whose disk is full, at one exact point: each HTTP exchange and each change of a file of awsvault-py.

The child is a fork that runs a flow of the program with counted calls. The points are those of Python's ``os`` and
``fcntl`` that every file of the program goes through (vault/system), and ``transport.send``, the one way to AWS.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import signal
import time
import traceback
from dataclasses import dataclass
from typing import Any

import boto3

from tests.fakes.remote import Remote
from tests.home import PASSPHRASE
from tests.quick import read_models_once
from vault.aws import transport
from vault.context import Context
from vault.secret import Secret
from vault.system.clock import Deadline
from vault.system.paths import from_env

CALLS = (
    (os, "write"),
    (os, "fsync"),
    (os, "rename"),
    (os, "link"),
    (os, "unlink"),
    (fcntl, "flock"),
    (transport, "send"),
)


def prepare() -> None:
    """Import and read here once what each child would import and read for itself: half of its time."""
    read_models_once()
    boto3.Session("AKIAIOSFODNN7EXAMPLE", "-").client("iam", region_name="us-east-1")


WRITING = ("write", "fsync", "rename", "link")  # what a full disk refuses


class LeapingClock:
    """The machine's clock, but a sleep returns at once: this clock and the stand-in's are put forward instead."""

    def __init__(self, aws) -> None:
        self._remote = Remote({"url": aws.url, "token": aws.control_token})
        self._offset = aws.world.clock.offset

    def time(self):
        return time.time() + self._offset

    def monotonic(self):
        return time.monotonic() + self._offset

    def sleep(self, seconds):
        self._offset += seconds
        self._remote.advance(seconds)


@dataclass
class Ended:
    """How a child ended: killed at its point, or by itself with what it said."""

    killed: bool
    points: list[str]
    error: str | None = None
    code: int = 0
    value: Any = None


class _Counter:
    """Counts the calls, and ends the process, or refuses what needs room on the disk, at one of them."""

    def __init__(self, pipe: int, die: tuple[int, str] | None) -> None:
        self.points: list[str] = []
        self._die = die
        self._real_write = os.write
        self.pipe = pipe

    def wrap(self, module, name):
        real = getattr(module, name)

        def call(*args, **kwargs):
            number = len(self.points)
            self.points.append(name)
            if self._die == (number, "before"):
                os.kill(os.getpid(), signal.SIGKILL)
            if name in WRITING and self._is_full(number):
                raise OSError(errno.ENOSPC, "No space left on device")
            try:
                return real(*args, **kwargs)
            finally:
                if self._die == (number, "after"):
                    os.kill(os.getpid(), signal.SIGKILL)

        return call

    def _is_full(self, number: int) -> bool:
        """``full-once``: at this call alone; ``full``: from this call on."""
        if self._die is None:
            return False
        at, how = self._die
        return (how == "full-once" and number == at) or (how == "full" and number >= at)

    def tell(self, **value) -> None:
        self._real_write(self.pipe, json.dumps({"points": self.points, **value}).encode())


def context_of(home, aws) -> Context:
    """The context of a command that a user runs, with the leaping clock and nobody to prompt."""
    env = {name: value for name, value in home.env.items() if name != "AWSVAULT_PASSPHRASE"}
    clock = LeapingClock(aws)
    return Context(
        env=env,
        paths=from_env(env),
        clock=clock,
        deadline=Deadline.after(50, clock=clock),
        passphrase=Secret(PASSPHRASE),
        attended=True,
    )


def run(job, *, die: tuple[int, str] | None = None) -> Ended:
    """Fork, run ``job()``, and tell how it ended.

    ``die``: the number of a call, and what happens there: SIGKILL ``before`` or ``after`` it, ``full-once``, ``full``.
    """
    return start(job, die=die).end()


def start(job, *, die: tuple[int, str] | None = None) -> Running:
    """As ``run``, without a wait for the end: several run at once."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 70
        with contextlib.suppress(BaseException):
            os.close(reading)
            code = _child(job, writing, die)
        os._exit(code)
    os.close(writing)
    return Running(pid, reading)


@dataclass
class Running:
    """A child at work."""

    pid: int
    reading: int

    def end(self) -> Ended:
        """Wait for it, and tell how it ended."""
        with os.fdopen(self.reading, "rb") as pipe:
            said = pipe.read()
        _, status = os.waitpid(self.pid, 0)
        told = json.loads(said) if said else {"points": []}
        killed = os.WIFSIGNALED(status)
        return Ended(killed, told["points"], told.get("error"), told.get("code", 0), told.get("value"))


def _child(job, pipe: int, die: tuple[int, str] | None) -> int:
    counter = _Counter(pipe, die)
    for module, name in CALLS:
        setattr(module, name, counter.wrap(module, name))
    try:
        value = job()
    except BaseException as error:
        code = getattr(error, "exit_code", 70)
        text = f"{type(error).__name__}: {error}"
        if code == 70:
            text += "\n" + traceback.format_exc()
        counter.tell(error=text, code=code)
        return 1
    counter.tell(value=value)
    return 0
