"""Answers of the agent that are not in the log yet.

For each answer, the agent looks up the asking process at once, because it may end a moment later. The rest happens when
no client waits: the asker's name, and, for all answers of about a second, a short-lived fork that writes them
(``write``).
"""

from __future__ import annotations

import os
from time import monotonic, sleep

from vault import limits
from vault.agent.pending_record import PendingRecord, access_key_id, named
from vault.system import children, hardening
from vault.system.detach import close_all_but

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.agent.key_page import KeyPage
    from vault.agent.state import AgentClock

    Write = Callable[[KeyPage, Sequence["PendingRecord"]], None]


class PendingLog:
    """The records to be written. ``write`` writes them to the log, in the fork, with the keys in the page."""

    def __init__(self, write: Write, *, page: KeyPage, clock: AgentClock) -> None:
        self._write = write
        self._page = page
        self._clock = clock
        self._fresh: list[PendingRecord] = []  # whose asker has not been looked up yet
        self._ready: list[PendingRecord] = []
        self._writing: list[PendingRecord] = []
        self._child = 0  # the process that writes those, or 0
        self._seen: dict[
            str, tuple[str, str, str, str]
        ] = {}  # the askers of this batch: make(1) asks many times
        self._due = 0.0
        self._failed = 0

    def add(
        self, profile: str, body: bytes | bytearray, *, expires: int, pid: str, program: bytes = b""
    ) -> None:
        """Record an answer to a client that the process ``pid`` ran; for an exec of ``program`` unless that is empty."""
        if len(self._fresh) + len(self._ready) >= limits.AGENT_LOG_PENDING:
            return  # if the log could not be written for so long, the records are not worth more memory
        if not self._fresh and not self._ready:
            self._due = self._clock.running() + limits.AGENT_LOG_AFTER
        name = program.decode("utf-8", "surrogateescape")
        note = PendingRecord(
            int(self._clock.time()), profile, access_key_id(body), expires, pid, program=name
        )
        self._fresh.append(note)

    def wait(self) -> float | None:
        """Seconds until ``turn`` has something to do; None if there is nothing to write."""
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
        """Write everything now, because the keys are about to change or to be deleted. Usually takes milliseconds, and
        at most as long as a ``lock`` may have to wait. A fork that has not ended by then is killed.
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
                children.kill(self._child)
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
        self._due = self._clock.running() + limits.AGENT_LOG_AFTER  # for records that arrive meanwhile
        agent = os.getpid()
        try:
            self._child = children.fork(lambda: self._in_fork(agent))
        except OSError:
            self._again()

    def _in_fork(self, agent: int) -> None:
        """Write, within a time limit. An exception makes the exit code say that the agent has to try again."""
        hardening.end_with_parent(agent)
        children.end_after(limits.AGENT_LOG_TIME)
        close_all_but(streams=False)  # the agent's lock and its clients must not outlive it here
        self._write(self._page, self._writing)

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
        """Try again a little later to write the records, a few times, and then drop them."""
        self._failed += 1
        if self._failed <= limits.AGENT_LOG_TRIES:
            self._ready = self._writing + self._ready
        else:
            self._failed = 0
        self._writing = []
        self._due = self._clock.running() + limits.AGENT_LOG_AFTER
