"""A home whose agent really runs: what its process tests share."""

from __future__ import annotations

import itertools
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from tests.home import COMMAND, PASSPHRASE, Home
from tests.patience import PATIENCE
from vault.agent.client import Agent

UNLOCK = {"AWSVAULT_PASSPHRASE": PASSPHRASE}


def with_agent(home):
    """Let the home's commands use and start the agent, and hold no passphrase; its vault and profiles are made."""
    home.scenario()
    home.make_vault()
    home.env.pop("AWSVAULT_AGENT")
    home.env.pop("AWSVAULT_PASSPHRASE")
    # A socket's path must be short, and a test's folder is not.
    return home


@contextmanager
def running(folder, aws):
    """A home in ``folder`` whose agent runs and is open; it ends with the block."""
    made = with_agent(Home(folder, url=aws.url))
    unlock(made)
    try:
        yield made
    finally:
        stop(made)


def unlock(home):
    done = home.run("unlock", **UNLOCK)
    assert done.returncode == 0, done.stderr


def socket_of(home):
    return home.file("run/agent.sock")


def reach(home):
    return Agent.reach(socket_of(home), answer=PATIENCE)


def told(home):
    """What the agent reports about itself and its sessions; nothing if no agent runs."""
    agent = reach(home)
    if agent is None:
        return {}
    found = agent.sessions() or {}
    agent.close()
    return found


def pid_of(home):
    agent = reach(home)
    agent.close()
    return agent.pid


def stop(home):
    agent = reach(home)
    if agent is not None:
        agent.ask("SHUTDOWN")
        agent.close()
        gone(agent.pid)


def gone(pid, *, seconds=PATIENCE):
    """Wait for a process to end."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return  # a child of the test's own, not waited for yet
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.01)
    raise AssertionError(f"process {pid} still runs")


def until(what, *, seconds=PATIENCE):
    """Wait until ``what()`` is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def at_once(home, count, *profiles, ended=lambda number: None, **env):
    """``count`` exports started together, over the profiles in turn: their completed processes.

    ``ended`` is told after each how many have ended so far.
    """
    so_far = itertools.count(1)

    def one(number):
        done = subprocess.run(
            [COMMAND, "export", profiles[number % len(profiles)]],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=home.with_env(env),
            timeout=PATIENCE,
            check=False,
        )
        ended(next(so_far))
        return done

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
