"""Commands without the start of Python: a process that has imported the whole program and forks for each of them.

Run by its path, not as a module of `tests`, so that it imports the installed program and nothing of the repository:
`python -P tests/forkserver.py COMMAND SOCKET DERIVATIONS`. tests/forked.py is the other side.

An order is one message: JSON with the arguments, the environment, the folder and whether it is at a terminal, and four descriptors: standard input,
output and error, and a pipe that gets the process id at once and the wait status at the end. A fork is a process with an
id, an environment and descriptors of its own; only what a module does at its import was done before.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import sys
import termios
import threading
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ORDER = 1 << 20  # bytes of the longest order; what does not fit into a message is run in the ordinary way
QUIET_SYNC = "60"  # seconds: the product's three are for a machine that does not run all tests at once
CHEAP = (19_456, 2, 1)  # Argon2 as tests/vaults.py has it: a vault that a command makes here is cheap to open


def preload(derivations: int) -> None:
    """Import all that a command might."""
    sys.path.insert(0, HERE)
    import quick

    del sys.path[0]
    quick.Derivations(derivations).remember()
    quick.sync_nothing()
    quick.read_models_once()
    from vault.store import kdf

    kdf.DEFAULT = kdf.KdfParams(*CHEAP)  # before others take it as their default
    import vault

    for found in pkgutil.walk_packages(vault.__path__, "vault."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
    # of python-fido2 all but its USB, which a test may play
    for name in (
        "boto3",
        "click",
        "cryptography.hazmat.primitives.ciphers.aead",
        "fido2.webauthn",
        "rich.table",
    ):
        importlib.import_module(name)


def become(code: object, command: str, order: dict[str, object], fds: list[int]) -> None:
    """In the fork: be the command; does not come back."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for standard, fd in enumerate(fds):
        os.dup2(fd, standard)
        os.close(fd)
    if order["terminal"]:
        take_terminal()
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.argv = [command, *order["argv"]]
    sys.orig_argv = [sys.executable, *sys.argv]
    sys.modules["vault.limits"].QUIET_SYNC = float(os.environ.pop("TEST_QUIET_SYNC", QUIET_SYNC))
    if "TEST_CLOCK" in os.environ:
        ctypes.CDLL(None).take_the_tests_clock()
    if "PYTHONPATH" in os.environ:
        customize(os.environ["PYTHONPATH"])
    gc.enable()
    status = 1
    try:
        exec(code, {"__name__": "__main__", "__file__": command})
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except OSError:
        status = 120  # as the interpreter's own end has it
    os._exit(status)


def customize(folder: str) -> None:
    """What the start of a Python with this folder on its path runs."""
    path = os.path.join(folder, "sitecustomize.py")
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), {"__name__": "sitecustomize"})


def take_terminal() -> None:
    """Let the terminal at standard input be this process's own, and its streams be those of a terminal."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr


def serve(command: str, requests: socket.socket) -> None:
    """Fork for each order until the other side closes."""
    with open(command, encoding="utf-8") as script:
        code = compile(script.read(), command, "exec")
    woken, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    running: dict[int, int] = {}
    gc.collect()
    gc.freeze()
    gc.disable()
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            while running:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if not pid:
                    break
                tell(running[pid], status)
                os.close(running.pop(pid))
        if requests in ready:
            text, fds, _, _ = socket.recv_fds(requests, ORDER, 4)
            if not text:
                return
            *standard, reply = fds
            pid = os.fork()
            if pid == 0:
                for fd in (reply, woken, wake, *running.values()):
                    os.close(fd)
                requests.close()
                become(code, command, json.loads(text), standard)
            running[pid] = reply
            tell(reply, pid)
            for fd in standard:
                os.close(fd)


def tell(reply: int, number: int) -> None:
    """One number to who gave the order, if it still listens."""
    with contextlib.suppress(OSError):
        os.write(reply, number.to_bytes(8, "little"))


if __name__ == "__main__":
    preload(int(sys.argv[3]))
    serve(sys.argv[1], socket.socket(fileno=int(sys.argv[2])))
