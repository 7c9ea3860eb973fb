"""lock and unlock if something is in the way, and processes whose core files must not have the agent's keys."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from contextlib import suppress

import pytest

from tests.home import COMMAND, Home, failed
from tests.patience import PATIENCE
from tests.unit.agent.at_home import UNLOCK, gone, pid_of, reach, stop, told, unlock, until, with_agent
from vault.system.poll import readable

pytestmark = pytest.mark.usefixtures("unmeasured")


@pytest.fixture
def home(tmp_path_factory, aws):
    made = with_agent(Home(tmp_path_factory.mktemp("h"), url=aws.url))
    yield made
    stop(made)


def test_lock_clears_the_agent_even_without_a_state_folder(home):
    """The error names the state folder that could not be written, and the agent has no key any more."""
    unlock(home)
    home.export("dev")
    os.chmod(home.file("state"), 0o755)
    failed(home.run("lock"), 6, home.file("state"), "could not be recorded")
    assert told(home)["why"] == "held"
    failed(home.run("export", "dev"), 3, "vault is locked")


def test_unlock_ends_the_lock_even_if_no_agent_can_start(home):
    """unlock reports that no agent runs, and yet exports work again: nothing but unlock could have ended the lock."""
    assert home.run("lock").returncode == 0
    with open(home.file("run"), "w", encoding="utf-8"):
        pass
    failed(home.run("export", "dev", **UNLOCK), 3, "you ran awsvault-py lock")
    failed(home.run("unlock", **UNLOCK), 6, "no agent could be started", "unlocks the vault itself")
    assert home.run("export", "dev", **UNLOCK).returncode == 0


def test_unlock_names_a_socket_path_that_is_too_long(home, tmp_path):
    """unlock names the limit and does not say that the folder may be wrong."""
    deep = tmp_path.joinpath("d" * 110)
    os.rename(home.awsvault_home, deep)
    failed(home.run("unlock", AWSVAULT_HOME=str(deep), **UNLOCK), 6, "100 bytes", "AWSVAULT_AGENT=off")


def test_the_agent_closes_the_descriptors_of_its_starter(home):
    """This holds for any descriptor number: otherwise a process that reads that pipe to its end would wait for the agent."""
    reading, writing = os.pipe()
    high = 5000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, high + 1), hard))
    try:
        os.dup2(writing, high)
        done = subprocess.run(
            [COMMAND, "unlock"], env=home.with_env(UNLOCK), pass_fds=[high], timeout=PATIENCE, check=False
        )
        assert done.returncode == 0
    finally:
        os.close(high)
        os.close(writing)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert readable([reading], PATIENCE / 10)
    os.close(reading)
    assert told(home)["why"] == ""


def core_limit(pid):
    with open(f"/proc/{pid}/limits", encoding="utf-8") as file:
        (line,) = (line for line in file if line.startswith("Max core file size"))
    return line.split()[4]


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return file.read().split()


def stopped(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


def fork_of(home, agent):
    """A fork of the agent that has opened the vault, has answered, and is stopped while it waits for the next request."""
    for _ in range(20):  # one that waited long enough has ended before it is stopped: then another
        before = set(children_of(agent))
        client = reach(home)
        assert client.ask("HAS_ENTRY", name="x")["ok"]
        found = set(children_of(agent)) - before
        try:
            for fork in map(int, found):
                os.kill(fork, signal.SIGSTOP)
                until(lambda fork=fork: stopped(fork))
                return fork
        except (ProcessLookupError, FileNotFoundError):
            continue
        finally:
            client.close()
    raise AssertionError("no fork was quick enough to be stopped")


def test_a_killed_agent_leaves_no_fork_behind(home):
    """A fork ends with the agent, whatever it was doing."""
    unlock(home)
    agent = pid_of(home)
    fork = fork_of(home, agent)
    os.kill(agent, signal.SIGKILL)
    try:
        gone(fork)
    finally:
        with suppress(ProcessLookupError):
            os.kill(fork, signal.SIGKILL)


def with_cores(*command):
    """Run the command with core files enabled."""
    return ["sh", "-c", 'ulimit -c unlimited; exec "$@"', "sh", *command]


def test_a_process_that_signs_with_the_agents_key_leaves_no_core_file(home, aws):
    """The source key comes from the agent's fork into this process: SIGQUIT during a call to AWS writes it nowhere."""
    unlock(home)
    pause = aws.faults.pause("GetSessionToken", "before")
    asking = subprocess.Popen(with_cores(COMMAND, "export", "dev"), env=home.env, stdout=subprocess.PIPE)
    assert pause.wait_reached()
    assert core_limit(asking.pid) == "0"
    pause.release()
    assert asking.communicate(timeout=PATIENCE)[0]
    assert asking.returncode == 0


def test_a_server_that_starts_with_a_cached_session_leaves_no_core_file(home):
    """exec --server keeps what it refreshes with for hours, however it got its first session."""
    unlock(home)
    home.export("dev")
    words = ["exec", "--server", "dev", "--", sys.executable, "-c", "print(input(), flush=True)"]
    serving = subprocess.Popen(
        with_cores(COMMAND, *words), env=home.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        until(lambda: children_of(serving.pid))
        assert core_limit(serving.pid) == "0"
    finally:
        serving.communicate(b"on\n", timeout=PATIENCE)
    assert serving.returncode == 0
