"""The keeper: the process beside ``exec --server`` that keeps the main key in a locked page, and nothing else of the vault.

Each refresh runs in a fork, whose memory ends with it. So the source key, a seed and the vault's content are never in this
process or in the server. The keeper has one thread, so that it can fork. It ends with the server, or when the vault is locked.
"""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from importlib import import_module

from vault import errors, limits
from vault.agent.key_page import KeyPage
from vault.credentials import planned, refreshing
from vault.records import NamedTuple
from vault.run.served_session import CutShort, Served, document, frame, receive, receive_into
from vault.secret import Secret
from vault.system import children, hardening, process_signals, sockets
from vault.system.detach import close_all_but
from vault.system.poll import readable
from vault.unlocking import running_servers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.context import Context
    from vault.credentials.planned import LoadedProfiles
    from vault.credentials.request import Request
    from vault.run.token_file import Token
    from vault.system.live_files import LiveFile

_REFRESH = b"R"
_LOCKED = b"L"
_KEY = 32
# Modules that a refresh may need. They are loaded early, because the program may be upgraded while the command runs.
_NEEDED = (
    "cryptography.exceptions",
    "cryptography.hazmat.primitives.ciphers.aead",
    "ssl",
    "vault.aws.aws_login",
    "vault.aws.metadata",
    "vault.aws.providers",
    "vault.aws.service_errors",
    "vault.aws.sso_portal",
    "vault.aws.sts",
    "vault.http.tcp_connect",
    "vault.aws.transport",
    "vault.credentials.audit",
    "vault.unlocking.keys",
    "vault.unlocking.agent_keys",
    "vault.unlocking.strict_seeds",
    "vault.unlocking.unlock",
    "vault.mfa.codes",
    "vault.mfa.ledger",
    "vault.signin.tokens",
    "vault.store.strict_box",
    "vault.store.vault",
    "vault.system.programs",
)


class Job(NamedTuple):
    """The session to refresh. ``chain`` identifies the chain of the first session (refreshing.digest_of).

    ``main``: whether there is a main key.
    """

    request: Request
    program: str
    chain: str
    main: bool


class KeyKeeper:
    """The server's end of the connection to the keeper."""

    def __init__(self, connection: socket.socket, pid: int) -> None:
        self._connection = connection
        self.pid = pid

    @classmethod
    def begin(
        cls,
        context: Context,
        job: Job,
        *,
        key: socket.socket,
        watch: running_servers.Watch,
        entered: LiveFile | None,
        token: Token,
    ) -> KeyKeeper:
        """Fork the keeper. It reads the main key from ``key``, which is closed in this process.

        When the keeper ends, it removes ``entered``, and ``token`` if the server was killed. Raises StorageError.
        """
        near, far = sockets.pair()
        near.setblocking(False)  # a keeper that is stopped reads nothing: do not wait for it
        try:
            pid = children.fork_for_itself(
                lambda: _keep(context, job, far, key=key, watch=watch, entered=entered, token=token)
            )
        except OSError as error:
            raise errors.StorageError(
                f"cannot start a process to refresh sessions: {os.strerror(error.errno or 0)}",
                hint="raise the limit on processes (ulimit -u)",
            ) from None
        far.close()
        key.close()
        if entered is not None:
            running_servers.write_processes(entered, keeper=pid)
            entered.lock.release()  # the keeper has it too
        return cls(near, pid)

    def again(self) -> Served:
        """Get the next session. Raises the errors of the refresh, and Locked if the keeper is gone."""
        near, far = sockets.pair()
        with near:
            try:
                sockets.send_descriptor(self._connection, _REFRESH, far.fileno())
            except BlockingIOError:
                raise _silent() from None
            except OSError:
                raise _gone() from None
            finally:
                far.close()
            near.settimeout(limits.SERVER_REFRESH + limits.AGENT_TALK)
            try:
                head, body = receive(near)
            except (CutShort, OSError):
                raise _silent() from None
        if "kind" in head:
            raise _error(head)
        return Served(body, issued=head["issued"], expires=head["expires"])

    def close(self) -> None:
        """End the keeper and wait until it has ended. If it does not end in time, kill it, so that its key is gone."""
        self._connection.close()
        with suppress(ChildProcessError):
            if not children.ends_within(self.pid, limits.SERVER_END_WAIT):
                children.kill(self.pid)
                children.ends_within(self.pid, limits.SERVER_END_WAIT)

    def said_locked(self) -> bool:
        """Whether the keeper ended because the vault was locked. This works even if the state folder cannot be written."""
        try:
            return bool(self._connection.recv(1, socket.MSG_PEEK))
        except OSError:  # there is no message, or this end is closed
            return False

    def gone(self) -> errors.Locked | None:
        """The error if the keeper has ended without that, because it was killed."""
        try:
            ended = not self._connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            ended = False
        except OSError:
            ended = True
        return _gone() if ended else None


def _silent() -> errors.Error:
    return errors.Unreachable(
        "the session was not refreshed: the process that refreshes it ended or took too long",
        hint="if this happens again, restart the command",
    )


def _gone() -> errors.Locked:
    return errors.Locked(
        "the process that keeps the vault's key for this server is gone, so sessions can no longer be refreshed",
        hint="restart the command",
    )


def _error(head: dict[str, str]) -> errors.Error:
    """The error of a refresh in the keeper, recreated in this process."""
    known = getattr(errors, head["kind"], errors.Internal)
    kind = known if isinstance(known, type) and issubclass(known, errors.Error) else errors.Internal
    return kind(head["message"], hint=head["hint"])


# ── in the keeper ────────────────────────────────────────────────────────────────────────────


def _keep(
    context: Context,
    job: Job,
    connection: socket.socket,
    *,
    key: socket.socket,
    watch: running_servers.Watch,
    entered: LiveFile | None,
    token: Token,
) -> None:
    signal.signal(process_signals.LOCKED, lambda *_: watch.lock())
    children.leave_terminal()  # signals from the terminal are for the program
    hardening.no_core()
    # Close the program's files too, so that the reader of its pipe sees the end of the pipe.
    close_all_but(connection.fileno(), key.fileno(), -1 if entered is None else entered.lock.fd)
    if not _Keeping(context, job, connection, watch=watch).run(key):
        token.unlink()
    running_servers.unregister(context.paths, None if entered is None else entered.name)


class _Keeping:
    """The keeper's state: the page with the main key, and the forks that are refreshing."""

    def __init__(
        self, context: Context, job: Job, connection: socket.socket, *, watch: running_servers.Watch
    ) -> None:
        self._context = context
        self._job = job
        self._connection = connection
        self._watch = watch
        self._page = KeyPage()
        self._forks: set[int] = set()

    def run(self, key: socket.socket) -> bool:
        """Run until the vault is locked (returns True) or the server is gone (False)."""
        try:
            with key:
                self._take(key)
            ready = self._prepared()
            needed = list(_NEEDED)
            while not self._watch.locked():
                self._reap()
                if readable([self._connection.fileno()], 0 if needed else limits.SERVER_WATCH):
                    if not self._serve(ready):
                        return False
                elif needed:  # one module at a time, because the command may end at once
                    import_module(needed.pop())
            with suppress(OSError):
                self._connection.send(_LOCKED, socket.MSG_DONTWAIT)
            return True
        finally:
            self._page.clear()
            for pid in self._forks:
                with suppress(OSError):
                    children.kill_group(pid)  # a lock waits for this process, and so for its forks too

    def _take(self, key: socket.socket) -> None:
        if self._job.main:
            key.settimeout(limits.AGENT_TALK)
            with self._page.staging(_KEY) as place:
                receive_into(key, place)
            self._page.take(("main",))

    def _prepared(self) -> Callable[[], LoadedProfiles]:
        """Load AWS's files and the settings once. Later changes apply to the next command."""
        try:
            _ = self._context.settings
            found = planned.load(self._context)
        except errors.Error as error:
            kept = error

            def failed() -> LoadedProfiles:
                raise kept

            return failed
        return lambda: found

    def _serve(self, ready: Callable[[], LoadedProfiles]) -> bool:
        """Begin a refresh. Returns False if the server is gone."""
        descriptors = sockets.receive_descriptors(self._connection)
        if descriptors is None:
            return False
        for fd in descriptors:
            with suppress(OSError):  # out of processes: the server sees that the connection is closed
                self._begin(fd, ready)
            os.close(fd)
        return True

    def _begin(self, fd: int, ready: Callable[[], LoadedProfiles]) -> None:
        keeper = os.getpid()
        pid = children.fork(lambda: self._refresh(fd, ready, keeper=keeper))
        self._forks.add(pid)
        children.lead_group(pid)  # so that it can be killed with the programs that it starts

    def _reap(self) -> None:
        for pid in tuple(self._forks):
            with suppress(ChildProcessError):
                if not children.ended(pid):
                    continue
            self._forks.discard(pid)

    def _refresh(self, fd: int, ready: Callable[[], LoadedProfiles], *, keeper: int) -> None:
        """Fetch one session and send it over ``fd``. Runs in a fork."""
        children.lead_group()
        hardening.end_with_parent(keeper)
        children.end_after(limits.SERVER_REFRESH)
        close_all_but(fd)
        with socket.socket(fileno=fd) as answer:
            answer.sendall(self._answer(ready))

    def _answer(self, ready: Callable[[], LoadedProfiles]) -> bytes:
        main = Secret(bytes(self._page.view("main"))) if self._job.main else None
        try:
            issued = refreshing.again(
                self._context,
                self._job.request,
                ready(),
                main=main,
                chain=self._job.chain,
                program=self._job.program,
            )
        except errors.Error as error:
            names = (one.__name__ for one in type(error).__mro__)
            kind = next(name for name in names if hasattr(errors, name))
            return frame({"kind": kind, "message": error.message, "hint": error.hint})
        return frame({"issued": issued.issued, "expires": issued.expires}, document(issued))
