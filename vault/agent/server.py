"""The agent's loop: one thread, one selector, bounded frames. It uses no network, and loads no library and opens no
path that a client names. Whatever decrypts runs in a short-lived fork, a worker, so that nothing decrypted stays here.
"""

from __future__ import annotations

import contextlib
import os
import selectors

from vault import limits
from vault.agent import protocol, worker
from vault.agent.admission import Admission, Connection
from vault.agent.pending_record import asker_of
from vault.agent.protocol import AgentRequest, BadFrame, Export, Put
from vault.system import children

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from vault.agent.answers import Answers
    from vault.agent.key_page import KeyPage
    from vault.agent.pending_log import PendingLog
    from vault.agent.state import AgentClock, AgentState


class Server:
    """Serves ``listener`` until SHUTDOWN, or until it has been locked and unused for a while.

    ``answerer`` makes, inside a worker, the function that answers its requests.
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        state: AgentState,
        page: KeyPage,
        clock: AgentClock,
        answerer: Callable[[KeyPage], worker.Answerer],
        answers: Answers,
        pending: PendingLog,
        reachable: Callable[[], bool] = lambda: True,
    ) -> None:
        self._listener = listener
        self._state = state
        self._page = page
        self._clock = clock
        self._answerer = answerer
        self._answers = answers
        self._pending = pending
        state.before_change = pending.settle
        self._reachable = reachable  # whether a client can still reach this agent
        self._selector = selectors.DefaultSelector()
        self._open: set[Connection] = set()
        self._workers: dict[int, int] = {}  # the pipe's descriptor → process ID
        self._working: set[int] = set()  # the pipes of those that are working on an answer
        self._waiting: list[Connection] = []  # for a worker to end, or to become idle
        self._staging: Connection | None = None
        self._asked = clock.boot()
        self._admission = Admission(
            listener,
            selector=self._selector,
            clock=clock,
            inside=self._open,
            waiting=self._waiting,
            close=self._close,
        )

    # ── the loop ────────────────────────────────────────────────────────────────────────────

    def run(self) -> None:
        """Serve clients. At the end, zero every key, and close the listener before the connections: a client that waits for
        the end of its connection may then start another agent, which must not find that this one still listens.
        """
        self._listener.setblocking(False)
        self._admission.look()
        try:
            while not self._answers.stop:
                self._turn()
        finally:
            self._state.lock(hold=False)
            self._kill_workers()
            self._admission.end()
            for connection in list(self._open):
                self._close(connection)
            self._selector.close()

    def _turn(self) -> None:
        ready = self._selector.select(self._timeout())
        self._state.check()
        for key, _ in ready:
            if key.data is None:
                self._accept()
            elif isinstance(key.data, Connection):
                self._serve(key.data)
            else:
                self._heard_from_worker(key.fd)
        now = self._clock.running()
        for connection in [c for c in self._open if c.ends <= now]:
            self._close(connection)
        if (
            self._state.why == "locked"
            and not self._open
            and self._clock.boot() - max(self._asked, self._state.shut) > limits.AGENT_LINGER
        ):
            self._answers.stop = True
        self._pending.turn(idle=not ready)
        if not ready and not self._reachable():
            self._answers.stop = True
        if self._state.why:
            self._kill_workers()
        self._admission.look()

    def _timeout(self) -> float:
        waits = [limits.AGENT_LINGER]
        if (open_for := self._state.wait()) is not None:
            waits.append(open_for)
        waits += [wait for wait in (self._pending.wait(), self._admission.wait()) if wait is not None]
        if self._open:
            waits.append(max(0.0, min(c.ends for c in self._open) - self._clock.running()))
        return min(waits)

    def _accept(self) -> None:
        for connection in self._admission.clients():
            self._asked = self._clock.boot()
            self._open.add(connection)
            self._selector.register(connection.sock, selectors.EVENT_READ, connection)
            self._serve(connection)  # usually the client has sent its request by now

    def _close(self, connection: Connection) -> None:
        if self._staging is connection:
            self._page.clear_staging()
            self._staging = None
        self._open.discard(connection)
        if connection in self._waiting:
            self._waiting.remove(connection)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(connection.sock)
        connection.sock.close()
        self._admission.freed()

    # ── frames ──────────────────────────────────────────────────────────────────────────────

    def _serve(self, connection: Connection) -> None:
        self._guarded(connection, self._flush if connection.sending else self._receive)

    def _guarded(self, connection: Connection, step: Callable[..., None], *given: AgentRequest) -> None:
        """An error of one client, or of the system, closes its connection and nothing else."""
        try:
            step(connection, *given)
        except BlockingIOError:
            return
        except (BadFrame, OSError, ValueError):  # ValueError: a descriptor that was closed in this iteration
            self._close(connection)

    def _receive(self, connection: Connection) -> None:
        while connection in self._open and not connection.sending and connection not in self._waiting:
            view = memoryview(connection.buffer)[connection.received : connection.want]
            count = connection.sock.recv_into(view)
            view.release()
            if not count:
                self._close(connection)
                return
            connection.received += count
            if connection.received == connection.want:
                self._frame_complete(connection)

    def _frame_complete(self, connection: Connection) -> None:
        """The expected bytes have arrived: continue with the next stage, or answer."""
        connection.since = self._clock.running()
        match connection.stage:
            case "length":
                connection.expect("payload", protocol.length(connection.buffer))
            case "payload":
                self._request(connection, protocol.parse(bytes(connection.buffer)))
            case "attachment-length":
                self._attachment(connection, protocol.length(connection.buffer))
            case _:
                self._attached(connection)

    def _answer(self, connection: Connection, *parts: bytes | bytearray | memoryview) -> None:
        """Send the parts as one answer, then expect the next request. Nothing is joined: parts may be keys."""
        connection.sending = [memoryview(part) for part in parts]
        connection.expect("length", protocol.LENGTH)
        connection.begin(now=self._clock.running())
        self._flush(connection)

    def _flush(self, connection: Connection) -> None:
        try:
            while connection.sending:
                sent = connection.sock.sendmsg(connection.sending)
                while connection.sending and sent >= len(connection.sending[0]):
                    sent -= len(connection.sending.pop(0))
                if connection.sending:
                    connection.sending[0] = connection.sending[0][sent:]
        except BlockingIOError:
            self._selector.modify(connection.sock, selectors.EVENT_WRITE, connection)
            raise
        self._selector.modify(connection.sock, selectors.EVENT_READ, connection)

    def _request(self, connection: Connection, request: Export | Put | AgentRequest | None) -> None:
        if isinstance(request, Export):
            self._export(connection, request)
        elif request is None:
            self._answer(connection, *self._answers.cache_key())
        elif isinstance(request, Put) or request.follows:
            connection.request = request
            connection.expect("attachment-length", protocol.LENGTH)
        elif request.op in worker.OPS:
            self._answer_in_worker(connection, request)
        else:
            self._answer(connection, self._answers.to(request))

    def _export(self, connection: Connection, request: Export) -> None:
        parts, found = self._answers.export(request)
        if found is None:
            self._answer(connection, *parts)
            return
        asker = asker_of(connection.sock)  # before the answer, after which the client ends
        profile = request.key.partition(b"\0")[0].decode("utf-8", "surrogateescape")
        self._pending.add(profile, found.body, expires=found.expires, pid=asker, program=request.program)
        self._answer(connection, *parts)

    # ── attachments: keys and sessions ──────────────────────────────────────────────────────

    def _attachment(self, connection: Connection, size: int) -> None:
        request = connection.request
        if request is None or size != request.follows:
            raise BadFrame
        if isinstance(request, Put):
            connection.expect("attachment", size)
            return
        if self._staging is not None:
            raise BadFrame  # two unlocks at once: the second client tries again
        self._staging = connection
        connection.expect("attachment", size, self._page.staging(size))

    def _attached(self, connection: Connection) -> None:
        request, connection.request = connection.request, None
        body, connection.buffer = connection.buffer, bytearray()
        if isinstance(request, Put):
            assert isinstance(body, bytearray)  # noqa: S101  # only keys are received into the page
            self._answer(connection, self._answers.put(request, body))
        else:
            assert request is not None  # noqa: S101  # _attachment checked it
            self._staging = None
            self._answer(connection, self._answers.unlock(request.fields))

    # ── what decrypts ───────────────────────────────────────────────────────────────────────

    def _answer_in_worker(self, connection: Connection, request: AgentRequest) -> None:
        """Answer in a worker, which takes over the connection. If there are too many workers, do so a little later."""
        why = self._answers.locked("main")
        if why:
            self._answer(connection, protocol.refusal(why))
            return
        if not self._room_for_a_worker():
            connection.request = request
            connection.ends = self._clock.running() + limits.AGENT_WORKER_TIME
            self._selector.unregister(connection.sock)
            self._waiting.append(connection)
            return
        ends: tuple[int, ...] = ()
        agent = os.getpid()
        try:
            reading, writing = ends = self._pipe()
            pid = children.fork(
                lambda: worker.serve(
                    connection.sock,
                    request,
                    answerer=lambda: self._answerer(self._page),
                    tell=writing,
                    agent=agent,
                )
            )
        except OSError:  # out of descriptors or processes: the client opens the vault itself
            for end in ends:
                os.close(end)
            self._close(connection)
            return
        os.close(writing)
        self._state.used()
        self._workers[reading] = pid
        self._working.add(reading)
        self._selector.register(reading, selectors.EVENT_READ, "worker")
        self._close(connection)

    def _pipe(self) -> tuple[int, int]:
        while True:
            try:
                return os.pipe()
            except OSError:  # out of descriptors, which silent clients may be using
                if not self._admission.make_room():
                    raise

    def _kill_workers(self) -> None:
        """Kill the workers after a lock: none may keep its copy of the keys, not even one that waits for the next MFA code."""
        for pid in self._workers.values():
            children.kill(pid)

    def _room_for_a_worker(self) -> bool:
        return len(self._working) < limits.AGENT_WORKERS_BUSY and len(self._workers) < limits.AGENT_WORKERS

    def _heard_from_worker(self, fd: int) -> None:
        """A worker has started or finished an answer, or has ended: there may be room for another."""
        status = os.read(fd, 64)
        if status[-1:] == worker.WORKS:
            self._working.add(fd)
        else:
            self._working.discard(fd)
        if not status:
            self._selector.unregister(fd)
            os.close(fd)
            self._admission.freed()
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._workers.pop(fd), 0)
        while self._waiting and self._room_for_a_worker():
            connection = self._waiting.pop(0)
            request, connection.request = connection.request, None
            if connection in self._open and isinstance(request, AgentRequest):
                connection.expect("length", protocol.LENGTH)
                self._selector.register(connection.sock, selectors.EVENT_READ, connection)
                self._guarded(connection, self._answer_in_worker, request)
