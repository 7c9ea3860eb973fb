"""An agent beside others: of another vault, behind a socket that another process made, and started after a lock."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from tests.fakes.example import KEY_ID
from tests.home import Home, failed
from tests.patience import PATIENCE
from tests.unit.agent.at_home import UNLOCK, gone, socket_of, stop, told, unlock, until, with_agent
from tests.vaults import soon
from vault.agent.client import Agent
from vault.context import Context
from vault.system.clock import SystemClock
from vault.system.paths import from_env
from vault.unlocking import agent_keys

pytestmark = pytest.mark.usefixtures("unmeasured")

COLLEAGUE = {"key_id": "AKIAI44QH8DHBEXAMPLE", "secret": "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"}
LISTENER = """
import os, signal, socket, sys
listener = socket.socket(socket.AF_UNIX)
os.umask(0o177)
listener.bind(sys.argv[1])
listener.listen(5)
child = os.fork()
if not child:
    os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
    os.execv(sys.executable, [sys.executable, "-P", "-m", "vault", "agent-process"])
listener.close()
print(child, flush=True)
input()
"""


@pytest.fixture
def home(tmp_path_factory, aws):
    made = with_agent(Home(tmp_path_factory.mktemp("h"), url=aws.url))
    yield made
    stop(made)


@pytest.fixture
def two(tmp_path_factory, aws):
    """Homes of one user who tries a second vault in another HOME: one runtime folder, two keys under one name."""
    runtime = tmp_path_factory.mktemp("r")
    runtime.chmod(0o700)
    homes = []
    for more in ({}, COLLEAGUE):
        made = Home(tmp_path_factory.mktemp("h"), url=aws.url)
        made.env["AWSVAULT_HOME"] = ""
        made.env["XDG_RUNTIME_DIR"] = str(runtime)
        made.scenario()
        made.make_vault(**more)
        made.env.pop("AWSVAULT_AGENT")
        made.env.pop("AWSVAULT_PASSPHRASE")
        homes.append(made)
    yield homes
    last = Agent.reach(from_env(homes[0].env).socket, answer=PATIENCE)
    if last is not None:
        last.ask("SHUTDOWN")
        last.close()
        gone(last.pid)


def test_an_agent_serves_only_its_own_vault(two):
    """It gives the other home neither sessions nor keys: that home's commands open their own vault, or say that they cannot."""
    one, other = two
    unlock(one)
    session = one.export("dev")
    failed(other.run("export", "dev"), 3, "agent (of another vault)")
    failed(other.run("export", "dev", "--fresh"), 3, "agent (of another vault)")
    assert one.export("dev") == session
    first, second = one.run("list", "--json").stdout, other.run("list", "--json", **UNLOCK).stdout
    assert KEY_ID in first and KEY_ID not in second
    assert COLLEAGUE["key_id"] in second
    assert one.export("dev") == session  # what the other did with its passphrase took nothing from this one


def test_unlock_replaces_the_agent_of_another_vault(two):
    """The runtime folder has room for one agent: it serves the vault that was unlocked last, and the other home opens its own again."""
    one, other = two
    unlock(one)
    unlock(other)
    assert COLLEAGUE["key_id"] in other.run("list", "--json").stdout
    failed(one.run("export", "dev"), 3, "agent (of another vault)")
    assert json.loads(one.run("status", "--json").stdout)["state"] == "none"
    unlock(one)
    assert one.export("dev")
    assert KEY_ID in one.run("list", "--json").stdout


def test_a_command_does_not_use_another_vaults_agent(two):
    """A command that began with one agent and finds another in its place uses the vault, not the other agent's keys."""
    one, other = two
    unlock(one)
    context = Context(env=one.env, paths=from_env(one.env), clock=SystemClock(), deadline=soon())
    keys = agent_keys.keys_from_agent(context)
    unlock(other)
    with pytest.raises(agent_keys.AgentGone):
        keys.entry("shared-services")
    with pytest.raises(agent_keys.AgentGone):
        keys.newest_cache_key()
    keys.close()


@pytest.fixture
def passed(home):
    """An agent behind a socket that another process made and listened on first, as systemd does: (that process, the agent's PID)."""
    os.makedirs(home.file("run"), mode=0o700)
    starter = subprocess.Popen(
        [sys.executable, "-c", LISTENER, socket_of(home)],
        env=home.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    child = int(starter.stdout.readline())
    yield starter, child
    if starter.poll() is None:
        starter.communicate(b"\n", timeout=PATIENCE)
    gone(child)


def test_lock_ends_a_hanging_agent_of_a_socket_unit(home, passed):
    """The kernel names the process that listens, not the one that made the socket, which would be the user's systemd."""
    starter, child = passed
    unlock(home)
    os.kill(child, signal.SIGSTOP)
    assert home.run("lock").returncode == 0
    gone(child)
    assert starter.poll() is None


def test_lock_does_not_end_another_program(home):
    """If another process has the socket and says nothing, lock says that it could not lock it."""
    os.makedirs(home.file("run"), mode=0o700)
    code = LISTENER.partition("child =")[0] + "print(flush=True); input()"
    mute = subprocess.Popen(
        [sys.executable, "-c", code, socket_of(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        mute.stdout.readline()
        failed(home.run("lock"), 6, socket_of(home), "could not be stopped")
        assert mute.poll() is None
    finally:
        mute.communicate(b"\n", timeout=PATIENCE)
    os.unlink(socket_of(home))


def test_no_agent_starts_after_a_lock(home, tmp_path):
    """A command with a passphrase runs, and leaves no open vault behind for the next command, which has none."""
    assert home.run("lock").returncode == 0
    secret = tmp_path / "secret"
    secret.write_text(UNLOCK["AWSVAULT_PASSPHRASE"])
    done = home.run("exec", "dev", "--", "true", AWSVAULT_PASSPHRASE_COMMAND=f"cat {secret}")
    assert done.returncode == 0, done.stderr
    until(lambda: not beside(home))
    assert told(home).get("why") != ""
    failed(home.run("export", "dev"), 3, "you ran awsvault-py lock")
    unlock(home)
    assert home.export("dev")


def beside(home):
    """Whether a process of this home still works after its command ended: one that starts an agent."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                of_this_home = f"AWSVAULT_HOME={home.awsvault_home}".encode() in file.read().split(b"\0")
            with open(f"/proc/{name}/cmdline", "rb") as file:
                agents = b"agent-" in file.read()
        except OSError:
            continue
        if of_this_home and not agents:
            return True
    return False
