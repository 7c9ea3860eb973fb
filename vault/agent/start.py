"""Starts an agent, and waits until it listens. Has no keys and passes none on.

The new process gets a short environment: where the files are, but no variable of AWS's and no passphrase.
"""

from __future__ import annotations

import os
import signal
import sys

from vault import limits
from vault.agent.launch import launch
from vault.system.paths import from_env
from vault.system.poll import readable
from vault.system.processes import command_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.agent.client import Agent

COMMAND = "agent-process"  # vault/__main__ runs the agent if this is the first argument
WATCH = "agent-watch"  # and the process that listens for sleep if it is this one
# Where the files are, and what an interpreter in an unusual place needs to find itself and the program.
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
    """Start an agent and wait until one listens. False if none does within ``wait`` seconds. Raises nothing.

    If many are started at once, one stays, and every starter is told that it listens.
    """
    if not sys.executable:
        return False
    try:
        kept = _environment(env)
        reading, writing = os.pipe()
    except OSError:
        return False
    started = launch(COMMAND, env=kept, descriptor=writing)
    os.close(writing)
    try:
        return started and bool(readable([reading], wait)) and os.read(reading, 1) == b"+"
    finally:
        os.close(reading)


def _environment(env: Mapping[str, str]) -> dict[str, str]:
    """The environment of the agent, with absolute paths, because the agent runs in the root folder."""
    kept = {name: env[name] for name in _PASSED_ON if name in env}
    if kept.get("AWSVAULT_HOME"):
        kept["AWSVAULT_HOME"] = from_env(kept).vault_folder
    if kept.get("HOME"):
        kept["HOME"] = os.path.abspath(kept["HOME"])
    if kept.get("PYTHONPATH"):  # in this process's order, which may differ (scripts/awsvault-py)
        kept["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, sys.path))
    return kept


def kill_agent(agent: Agent) -> bool:
    """Kill an agent that does not answer. False if its process is unknown.

    The first listener may be systemd, or a process of another PID namespace: only a process that runs the agent's
    command is killed.
    """
    if agent.pid is None or COMMAND not in command_of(agent.pid):
        return False
    try:
        os.kill(agent.pid, signal.SIGKILL)
    except OSError:
        return False
    return True


def report(ready: int, *, listening: bool) -> None:
    """Tell the starter, which may have ended."""
    try:
        os.write(ready, b"+" if listening else b"-")
        os.close(ready)
    except OSError:
        return
