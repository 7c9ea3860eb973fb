"""What the agent answered by itself and is not in the log yet: who was given which session. Holds no secret.

An answer costs one look at who asks, before the client can be gone. The rest comes when nobody waits: the asker's name,
and, a moment later and for many answers at once, a short-lived fork that writes them (``write``).
"""

from __future__ import annotations

import os
from time import monotonic, sleep

from vault import limits
from vault.records import NamedTuple
from vault.system.processes import process
from vault.warm import all_open, pid_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

    from vault.agent.locked_page import KeyPage
    from vault.agent.state import AgentClock

    Write = Callable[[KeyPage, Sequence["PendingRecord"]], None]

_KEY_ID = b'"AccessKeyId": "'


class PendingRecord(NamedTuple):
    """One answer: unix seconds, whose session it was and until when, and who asked; what is not known is empty.

    ``program``: what an exec ran, empty for an export.
    """

    time: int
    profile: str
    access_key_id: str
    expires: int
    pid: str
    asker: str = ""
    parent_pid: str = ""
    parent: str = ""
    tty: str = ""
    program: str = ""


def asker_of(connection: socket.socket) -> str:
    """The process that ran the client at the other end; empty where the system does not tell."""
    client = pid_of(connection)
    return process(client)[1] if client else ""


def access_key_id(line: bytes | bytearray) -> str:
    """The access key id of an answer's line, without json."""
    start = line.find(_KEY_ID) + len(_KEY_ID)
    if start < len(_KEY_ID):
        return ""
    return bytes(line[start : line.find(b'"', start)]).decode("ascii", "replace")


def named(pid: str) -> tuple[str, str, str, str]:
    """The asker's name, its parent's id and name, and its terminal."""
    if not pid:
        return "", "", "", ""
    name, parent, tty = process(int(pid))
    return name, parent, process(int(parent))[0] if parent else "", tty


class PendingLog:
    """The notes in hand. ``write`` puts them into the log, in the fork, with the keys as they stand in the page."""

    def __init__(self, write: Write, *, page: KeyPage, clock: AgentClock) -> None:
        self._write = write
        self._page = page
        self._clock = clock
        self._fresh: list[PendingRecord] = []  # whose asker has no name yet
        self._ready: list[PendingRecord] = []
        self._writing: list[PendingRecord] = []
        self._child = 0  # the process that writes those, or 0
        self._seen: dict[str, tuple[str, str, str, str]] = {}  # askers of this batch: make(1) asks many times
        self._due = 0.0
        self._failed = 0

    def add(
        self, profile: str, body: bytes | bytearray, *, expires: int, pid: str, program: bytes = b""
    ) -> None:
        """An answer is on its way to a client of the process ``pid``, for an exec of ``program`` if that is not empty."""
        if len(self._fresh) + len(self._ready) >= limits.AGENT_NOTES:
            return  # a log that cannot be written for so long is not worth the memory
        if not self._fresh and not self._ready:
            self._due = self._clock.running() + limits.AGENT_LOG_AFTER
        name = program.decode("utf-8", "surrogateescape")
        note = PendingRecord(
            int(self._clock.time()), profile, access_key_id(body), expires, pid, program=name
        )
        self._fresh.append(note)

    def wait(self) -> float | None:
        """Seconds until ``turn`` has something to do; None where nothing is in hand."""
        if self._fresh:
            return 0.0
        if self._child:
            return limits.AGENT_TICK
        return max(0.0, self._due - self._clock.running()) if self._ready else None

    def turn(self, *, idle: bool) -> None:
        """Do what is due. ``idle``: no client waits at this moment."""
        if idle:
            self._name()
        if self._child:
            self._collect(os.WNOHANG)
        if self._ready and not self._child and self._clock.running() >= self._due:
            self._start()

    def settle(self) -> None:
        """Have all of it written now: the keys are about to change or to go. Milliseconds as a rule, else as long as
        whoever locks the agent can be kept waiting; a fork that is not ready by then is ended.
        """
        end = monotonic() + limits.AGENT_LOG_WAIT
        self._name()
        self._wait_for_child(end)
        if self._ready and monotonic() < end:
            self._start()
            self._wait_for_child(end)

    def _wait_for_child(self, end: float) -> None:
        pause = 0.001
        while self._child:
            self._collect(os.WNOHANG)
            if self._child and monotonic() >= end:
                os.kill(self._child, 9)
                self._collect(0)
            elif self._child:
                sleep(pause)
                pause = min(2 * pause, limits.LOCK_POLL_MOST)

    def _name(self) -> None:
        for note in self._fresh:
            if note.pid not in self._seen:
                self._seen[note.pid] = named(note.pid)
            asker, parent_pid, parent, tty = self._seen[note.pid]
            self._ready.append(
                note._replace(asker=asker, parent_pid=parent_pid, parent=parent, tty=tty),
            )
        self._fresh.clear()

    def _start(self) -> None:
        if not self._page.has("cache"):
            self._ready.clear()
            return
        self._writing, self._ready = self._ready, []
        self._seen.clear()
        self._due = self._clock.running() + limits.AGENT_LOG_AFTER  # of those that come meanwhile
        agent = os.getpid()
        try:
            self._child = os.fork()
        except OSError:
            self._again()
            return
        if not self._child:
            self._become(agent)

    def _become(self, agent: int) -> None:
        """In the fork: write, and end where that does not end."""
        try:
            import signal  # here: a disk hit loads this module for its two functions above

            from vault.system import hardening

            hardening.end_with_parent(agent)
            signal.alarm(limits.AGENT_LOG_TIME)
            os.closerange(3, all_open())  # the agent's lock and its clients must not outlive it in here
            self._write(self._page, self._writing)
        except BaseException:  # noqa: BLE001  # nobody is there to tell: the exit code says that it is to be tried again
            os._exit(1)
        os._exit(0)

    def _collect(self, flags: int) -> None:
        try:
            pid, status = os.waitpid(self._child, flags)
        except ChildProcessError:
            pid, status = self._child, 0
        if not pid:
            return
        self._child = 0
        if status:
            self._again()
        else:
            self._writing, self._failed = [], 0

    def _again(self) -> None:
        """What could not be written is tried again a little later, and then let go."""
        self._failed += 1
        if self._failed <= limits.AGENT_LOG_TRIES:
            self._ready = self._writing + self._ready
        else:
            self._failed = 0
        self._writing = []
        self._due = self._clock.running() + limits.AGENT_LOG_AFTER
