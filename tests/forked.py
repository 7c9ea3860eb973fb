"""A command as a fork of a process that has imported the program (tests/forkserver.py): a tenth of the time of a start."""

from __future__ import annotations

import functools
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import threading

from tests.quick import Derivations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = os.path.dirname(os.path.abspath(__file__))
LANG = "C.UTF-8"
ROOM = 1 << 20  # bytes that one order may need
NUMBER = 8  # bytes of what the server answers
# What the start of a process reads: where one of them is set, or the language is another, only a start will do.
READ_AT_START = ("COVERAGE_", "LC_", "LD_", "MALLOC_", "PYTHON", "TEST_WITHOUT_")
with tempfile.TemporaryFile() as _made:
    DERIVATIONS = Derivations(os.dup(_made.fileno()))
# A run under coverage counts what the commands do, from their start.
MEASURED = any(name.startswith("COVERAGE_") for name in os.environ)


# Libraries that may be loaded before the server, as they are before a command: the clock that tests move.
PRELOADABLE: set[str] = set()
# The one folder of PYTHONPATH whose sitecustomize.py a fork runs, as a start does: the USB of tests.
USB = os.path.join(HERE, "fakes", "usb")


def can(env: Mapping[str, str]) -> bool:
    """Whether a fork does with this environment what a start does."""
    if MEASURED or env.get("LANG") != LANG:
        return False
    return all(_is_the_same(name, value) for name, value in env.items())


def _is_the_same(name: str, value: str) -> bool:
    """Whether a fork makes of the variable what a start does."""
    if name == "LD_PRELOAD":
        return value in PRELOADABLE
    return value == USB if name == "PYTHONPATH" else not name.startswith(READ_AT_START)


class Forked(subprocess.Popen[bytes]):
    """One command, which another process forks. ``args``: the path of the command, always the same one, and its arguments."""

    terminal = False  # whether its standard streams are one terminal, which becomes its own

    def _execute_child(self, args, _exe, _pre, _close, _pass, cwd, env, _info, _flags, _shell, *handles):
        p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite = handles[:6]
        order = {"argv": args[1:], "env": dict(env), "cwd": cwd or os.getcwd(), "terminal": self.terminal}
        with _starting:
            self._orders, self._server = _server(args[0], env.get("LD_PRELOAD"))
        self._reply, reply = os.pipe()
        standard = [given if given != -1 else fd for fd, given in enumerate((p2cread, c2pwrite, errwrite))]
        try:
            socket.send_fds(self._orders, [json.dumps(order).encode()], [*standard, reply])
        finally:
            os.close(reply)
            self._close_pipe_fds(p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite)
        self.pid = self._number()
        self._child_created = True

    def _number(self) -> int:
        got = os.read(self._reply, NUMBER)
        assert got, f"the server of forked commands has ended: {self._server.communicate()}"
        return int.from_bytes(got, "little")

    def _try_wait(self, wait_flags):
        if wait_flags == os.WNOHANG and not select.select([self._reply], [], [], 0)[0]:
            return 0, 0
        status = self._number()
        os.close(self._reply)
        return self.pid, status

    def _internal_poll(self, _deadstate=None, **_):
        if self.returncode is None and self._waitpid_lock.acquire(blocking=False):
            try:
                if self.returncode is None:
                    pid, status = self._try_wait(os.WNOHANG)
                    if pid:
                        self._handle_exitstatus(status)
            finally:
                self._waitpid_lock.release()
        return self.returncode


class AtTerminal(Forked):
    """A command in front of a user."""

    terminal = True


_starting = threading.Lock()
_servers: list[tuple[socket.socket, subprocess.Popen[bytes]]] = []


def end() -> None:
    """Let the servers of this process end; what they forked goes on."""
    while _servers:
        orders, server = _servers.pop()
        orders.close()
        server.communicate()


@functools.cache
def _server(command: str, library: str | None) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Where this process's server takes its orders, ``library`` loaded before it; it ends when this process does."""
    client_end, server_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    client_end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ROOM)
    with server_end:
        server = subprocess.Popen(
            [
                sys.executable,
                "-P",
                os.path.join(HERE, "forkserver.py"),
                command,
                str(server_end.fileno()),
                str(DERIVATIONS.file),
            ],
            stdin=subprocess.PIPE,  # pipes, as the commands have them: Python remembers of its streams what they are
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "LANG": LANG, **({"LD_PRELOAD": library} if library else {})},
            pass_fds=[server_end.fileno(), DERIVATIONS.file],
        )
    _servers.append((client_end, server))
    return client_end, server
