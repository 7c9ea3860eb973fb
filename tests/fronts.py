"""Runs a front with a vector of tests/vectors/front.json: beside an agent that only plays the vector's part.

A front is what AWS's tools run first: the Python one (vault/warm.py and the commands without click) in a fork of the test.
Where the full program would have to answer, its place is taken by one that says so. The native one (vault/front) is compiled
once for all workers of a test run.
"""

from __future__ import annotations

import fcntl
import functools
import os
import select
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from typing import NamedTuple

import hatch_build
from tests import once
from tests.patience import PATIENCE
from vault import __main__, limits, warm
from vault.cli import disk_export, prompt_line, warm_exec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FULL = 99  # the exit code of what takes the place of the full program


class Outcome(NamedTuple):
    """How a front ended: its exit code, what it printed, and the profile that was to be refreshed."""

    code: int
    stdout: bytes
    refreshed: str


class PlayedAgent:
    """A socket that takes one request and answers with ``pieces``, each after the one before was read.

    ``mode``: the rights of the socket, or what is in its place: a file, a link to it, nothing.
    """

    def __init__(self, path: str, pieces: list[bytes], *, mode: str = "0600") -> None:
        self.request: bytes | None = None
        self.connections = 0
        self._pieces = pieces
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        if mode in ("none", "file"):
            self._listener.bind(path + "-")
            if mode == "file":
                os.close(os.open(path, os.O_CREAT, 0o600))
        elif mode == "link":
            self._listener.bind(path + "-")
            os.chmod(path + "-", 0o600)
            os.symlink(path + "-", path)
        else:
            self._listener.bind(path)
            os.chmod(path, int(mode, 8))
        self._listener.listen()
        self._over, self._end = os.pipe()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        os.close(self._end)
        self._thread.join(PATIENCE)
        os.close(self._over)
        self._listener.close()

    def _serve(self):
        ended = False
        while not ended or select.select([self._listener], [], [], 0)[0]:
            ready, _, _ = select.select([self._listener, self._over], [], [])
            ended = self._over in ready
            if self._listener in ready:
                self._answer()

    def _answer(self):
        peer, _ = self._listener.accept()
        self.connections += 1
        with peer:
            peer.settimeout(PATIENCE)
            try:
                self.request = self._frame(peer)
                for piece in self._pieces:
                    peer.sendall(piece)
                    _until_read(peer)
            except OSError:
                return

    def _frame(self, peer):
        head = peer.recv(4, socket.MSG_WAITALL)
        size = int.from_bytes(head, "big")
        return head + peer.recv(size, socket.MSG_WAITALL)


def _until_read(peer):
    """Wait until the other end has read everything, so that the next piece is one of its own."""
    while struct.unpack("i", fcntl.ioctl(peer, termios.TIOCOUTQ, b"\0" * 4))[0]:
        time.sleep(0.0005)


def python(argv: list[str], env: dict[str, str], folder: str) -> Outcome:
    """The Python front, in a fork. ``folder``: the home, in which it notes what it would refresh."""
    note = os.path.join(folder, "refreshed")
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.close(reading)
            os.dup2(writing, 1)
            os.dup2(os.open(os.devnull, os.O_RDWR), 2)
            sys.stdout = os.fdopen(1, "w", encoding="utf-8")  # not what pytest captures
            os.environ.clear()
            os.environ.update(env)
            os._exit(_python(argv, note))
        finally:
            os._exit(70)
    os.close(writing)
    with open(reading, "rb") as pipe:
        stdout = pipe.read()
    return Outcome(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), stdout, _noted(note))


def _python(argv, note):
    """What vault/__main__ does first, patient; the exit code."""
    for function in (warm.exchange, warm.dial):
        function.__kwdefaults__["answer"] = PATIENCE
    warm.CONNECT = limits.PROMPT_ANSWER = PATIENCE

    def refresh(profile):
        with open(note, "w") as file:
            file.write(profile)
        os._exit(0)

    disk_export.refresh = refresh
    profile = warm.serve(argv)
    if profile is not None:
        __main__._refresh(profile)
    code = None
    if argv[:1] == ["exec"]:
        code = warm_exec.run(argv)
    elif argv[:1] in (["prompt"], ["--profile-names"]):
        code = prompt_line.run(argv)
    return FULL if code is None else code


def _noted(path):
    """What the detached process noted, for which a test that expects it waits."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


# What takes the place of the full program beside the native front; it needs no PATH.
INSTEAD = f"""#!/bin/sh
case $1 in
session-refresh) printf %s "$2" > "$HOME/refreshed" ;;
*) exit {FULL} ;;
esac
"""
SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "vault", "front")


def compiled(
    folder: str,
    full: str,
    *more: str,
    hardened: Sequence[str] = hatch_build.HARDENED,
    shared: bool = False,
) -> str:
    """The native front in ``folder``, beside a full program with the text ``full``. ``shared``: libraries can be preloaded."""
    os.makedirs(folder, exist_ok=True)
    made = hatch_build.compile_front(folder, SOURCES, more=more, hardened=hardened, shared=shared)
    path = os.path.join(folder, hatch_build.FULL)
    with open(path, "w", encoding="utf-8") as file:
        file.write(full)
    os.chmod(path, 0o755)
    return made


@functools.cache
def patient() -> str:
    """A native front that waits for a busy machine, beside INSTEAD."""
    folder = once.made("patient", lambda new: compiled(new, INSTEAD, f"-DPATIENCE={PATIENCE * 1000}"))
    return os.path.join(folder, hatch_build.COMMAND)


def native(argv: list[str], env: dict[str, str], folder: str) -> Outcome:
    """The native front, in a process."""
    command = patient()
    done = subprocess.run(
        [command, *argv],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=2 * PATIENCE,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, _noted(os.path.join(folder, "refreshed")))


FRONTS = {"python": python, "native": native}
