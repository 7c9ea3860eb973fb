"""A program beside us, as if it had taken our place: its terminal, its stops and signals, its end. Prints nothing.

It stays in our process group, so that the shell's job is both of us. What the terminal sends reaches both, and is
left to the program; what another process sends to us alone is passed on. Where it stops we stop, and where it
ends we end the same way.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from vault.run import exec_env
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
# What the terminal tells all of the group, what cannot be caught, and faults of this process itself.
_KEPT = "KILL STOP CHLD CONT TTIN TTOU WINCH URG INFO SEGV BUS FPE ILL TRAP SYS EMT"
_OUR_OWN = {getattr(signal, f"SIG{name}", None) for name in _KEPT.split()}
_PASSED_ON = signal.valid_signals() - _OUR_OWN - {*_OF_THE_TERMINAL}
_WATCHED = frozenset((*_PASSED_ON, *_OF_THE_TERMINAL, signal.SIGCHLD, signal.SIGCONT))
_FROM_KERNEL = 0x80  # SI_KERNEL of Linux's siginfo: the terminal sent it, to all of the group


def run(command: Sequence[str], *, env: Mapping[str, str], started: Callable[[], None]) -> int:
    """Run ``command`` to its end and give its exit code; where a signal ended it, this process ends by it too.

    ``started`` is called when the program runs. Errors: NoSuchCommand, CannotRun.
    """
    ignored = {n for n in _WATCHED if signal.getsignal(n) is signal.SIG_IGN}  # as nohup and `&` have it
    watched = _WATCHED - ignored
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    # A signal whose action is to be ignored is lost even while it is blocked, and SIGCHLD's and SIGCONT's is.
    handlers = {n: signal.signal(n, lambda *_: None) for n in (signal.SIGCHLD, signal.SIGCONT)}
    try:
        try:
            process = subprocess.Popen(
                list(command),
                env=dict(env),
                close_fds=False,  # the caller's own descriptors, as with `<(…)`; ours are closed by exec
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),  # noqa: PLW1509  # no threads yet
            )
        except (OSError, ValueError) as error:
            raise exec_env.cannot_run(safe(command[0]), error) from None
        started()
        return _follow(process.pid, watched)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _follow(pid: int, watched: frozenset[int]) -> int:
    while True:
        number, from_terminal = _next(watched)
        if number == signal.SIGCHLD:
            code = _changed(pid)
            if code is not None:
                return code
        elif number == signal.SIGCONT or (number not in _PASSED_ON and from_terminal):
            continue
        else:
            os.kill(pid, number)


def _next(watched: frozenset[int]) -> tuple[int, bool]:
    """The next signal, and whether it is the terminal's (where the system does not tell: those of the terminal are)."""
    if sys.platform == "darwin":
        return signal.sigwait(watched), True
    found = signal.sigwaitinfo(watched)
    return found.si_signo, found.si_code == _FROM_KERNEL


def _changed(pid: int) -> int | None:
    """The program's exit code once it has ended; while it lives, its stops are ours too."""
    while True:
        found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
        if not found:
            return None
        if os.WIFEXITED(status):
            return os.WEXITSTATUS(status)
        if os.WIFSIGNALED(status):
            return _end_by(os.WTERMSIG(status))
        os.kill(os.getpid(), signal.SIGSTOP)  # the shell sees its job stopped, and gives it back by SIGCONT
        os.kill(pid, signal.SIGCONT)


def _end_by(number: int) -> int:
    """End this process by the signal, so that whoever waits for it sees the program's own end."""
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    return 128 + number  # not reached, unless the signal's default is to be ignored
