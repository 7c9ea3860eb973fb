"""Runs a program beside this process as if it had replaced it: its terminal, stops, signals and end. Prints nothing.

The program stays in this process group, so that both are one job of the shell. What the terminal sends reaches both and
is left to the program. What another process sends to this one alone is passed on. If the program stops, this process
stops; it ends the way the program ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from vault.system import exec_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_OF_THE_TERMINAL = (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP)
# What the terminal tells the whole group, what cannot be caught, and faults of this process.
_KEPT = "KILL STOP CHLD CONT TTIN TTOU WINCH URG INFO SEGV BUS FPE ILL TRAP SYS EMT"
_OUR_OWN = {getattr(signal, f"SIG{name}", None) for name in _KEPT.split()}
_PASSED_ON = signal.valid_signals() - _OUR_OWN - {*_OF_THE_TERMINAL}
_WATCHED = frozenset((*_PASSED_ON, *_OF_THE_TERMINAL, signal.SIGCHLD, signal.SIGCONT))
_FROM_KERNEL = 0x80  # SI_KERNEL in Linux's siginfo: the terminal sent it to the whole group


def run(command: Sequence[str], *, env: Mapping[str, str], started: Callable[[], None]) -> int:
    """Run ``command`` and return its exit code. If a signal ends it, the same signal ends this process.

    ``started`` is called once the program runs. Errors: NoSuchCommand, CannotRun.
    """
    ignored = {n for n in _WATCHED if signal.getsignal(n) is signal.SIG_IGN}  # as nohup and `&` leave it
    watched = _WATCHED - ignored
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    # A blocked signal is lost if its action is to ignore it, like that of SIGCHLD and SIGCONT.
    handlers = {n: signal.signal(n, lambda *_: None) for n in (signal.SIGCHLD, signal.SIGCONT)}
    try:
        try:
            process = subprocess.Popen(
                list(command),
                env=dict(env),
                close_fds=False,  # the caller's descriptors, as with `<(…)`; those of this program are closed by exec
                preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),  # noqa: PLW1509  # no threads yet
            )
        except (OSError, ValueError) as error:
            raise exec_program.cannot_run(command[0], error) from None
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
    """The next signal, and whether the terminal sent it (assumed if the system does not tell)."""
    if sys.platform == "darwin":
        return signal.sigwait(watched), True
    found = signal.sigwaitinfo(watched)
    return found.si_signo, found.si_code == _FROM_KERNEL


def _changed(pid: int) -> int | None:
    """The program's exit code once it has ended. If it stopped, this process stops too."""
    while True:
        found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
        if not found:
            return None
        if os.WIFEXITED(status):
            return os.WEXITSTATUS(status)
        if os.WIFSIGNALED(status):
            return _end_by(os.WTERMSIG(status))
        os.kill(os.getpid(), signal.SIGSTOP)  # the shell sees its job stopped, and continues it by SIGCONT
        os.kill(pid, signal.SIGCONT)


def _end_by(number: int) -> int:
    """End this process by the same signal, so that its parent sees how the program ended."""
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os.kill(os.getpid(), number)
    return 128 + number  # reached only if the default action of the signal is to ignore it
