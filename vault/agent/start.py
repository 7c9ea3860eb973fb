"""Starting an agent: a detached process of its own, waited for until it listens. Holds no keys and passes none on.

The new process gets a short environment (places, no variable of AWS's, no passphrase) and no open file of ours.
"""

from __future__ import annotations

import os
import signal
import sys

from vault import limits
from vault.system.paths import from_env
from vault.system.poll import readable
from vault.system.processes import command_of
from vault.warm import all_open

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.agent.client import Agent

COMMAND = "agent-process"  # what vault/__main__ knows it by
WATCH = "agent-watch"  # and the process that listens for sleep
# Where things lie, and what an interpreter in an odd place needs to find itself and us.
_PASSED_ON = (
    "HOME",
    "PATH",
    "AWSVAULT_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "DBUS_SYSTEM_BUS_ADDRESS",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONUSERBASE",
)


def start(env: Mapping[str, str], *, wait: float = limits.AGENT_START) -> bool:
    """Start an agent and wait until one listens; False where none came up in ``wait`` seconds. Raises nothing.

    Of many that are started at once one stays, and every starter is told that it listens.
    """
    if not sys.executable:
        return False
    try:
        reading, writing = os.pipe()
    except OSError:
        return False
    try:
        child = os.fork()
    except OSError:
        os.close(writing)
        os.close(reading)
        return False
    if not child:
        _become(env, ready=writing)
    os.close(writing)
    try:
        os.waitpid(child, 0)
        return bool(readable([reading], wait)) and os.read(reading, 1) == b"+"
    finally:
        os.close(reading)


def _become(env: Mapping[str, str], *, ready: int) -> None:
    """In the child: a second fork, in a session of its own, is the one that stays."""
    try:
        os.setsid()
        if not os.fork():
            _run(env, ready=ready)
        os._exit(0)
    finally:
        os._exit(1)


def _run(env: Mapping[str, str], *, ready: int) -> None:
    """The agent in place of this program, with the places of ``env`` and the descriptor ``ready``, and nothing else."""
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.set_inheritable(ready, True)
        os.closerange(3, ready)
        os.closerange(ready + 1, all_open())
        kept = {name: env[name] for name in _PASSED_ON if name in env}
        if kept.get("AWSVAULT_HOME"):
            kept["AWSVAULT_HOME"] = from_env(kept).vault_folder  # it may be relative to where we stand
        if kept.get("HOME"):
            kept["HOME"] = os.path.abspath(kept["HOME"])
        if kept.get("PYTHONPATH"):  # in our order, which is not theirs (scripts/awsvault-py)
            kept["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, sys.path))
        os.chdir("/")
        # -P: neither the current folder nor a script's comes before the installed program
        os.execve(sys.executable, [sys.executable, "-P", "-m", "vault", COMMAND, str(ready)], kept)  # noqa: S606
    finally:
        os._exit(1)


def end(agent: Agent) -> bool:
    """Kill an agent that does not answer; False where it is not known which process that is.

    Who listened first may be systemd, or one of another pid namespace: only a process that runs our command is killed.
    """
    if agent.pid is None or COMMAND not in command_of(agent.pid):
        return False
    try:
        os.kill(agent.pid, signal.SIGKILL)
    except OSError:
        return False
    return True


def report(ready: int, *, listening: bool) -> None:
    """Tell the starter, who may have gone."""
    try:
        os.write(ready, b"+" if listening else b"-")
        os.close(ready)
    except OSError:
        return
