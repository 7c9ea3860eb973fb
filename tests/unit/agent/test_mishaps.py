"""Whatever happens to the agent, no export is wrong: killed, stopped, replaced, started fifty times, without a socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from tests.faults.campaign import build
from tests.home import COMMAND, failed, uncounted
from tests.patience import PATIENCE
from tests.unit.agent.at_home import (
    UNLOCK,
    at_once,
    gone,
    pid_of,
    reach,
    socket_of,
    stop,
    told,
    unlock,
    until,
)
from tests.unit.agent.test_process import export, home

pytestmark = pytest.mark.usefixtures("unmeasured")

__all__ = ["home"]


def test_killed_agent_under_a_hundred_exports(home, aws):
    """A client that the agent leaves in the middle finds its session by itself: 100 right answers, and no call to AWS."""
    home.env = uncounted(home.env)
    home.settings("kernel_keyring = true\n")
    unlock(home)
    keys = [export(home, profile) for profile in ("dev", "prod")]
    pid, calls = pid_of(home), len(aws.calls)

    def kill(ended):
        if ended == 30:
            os.kill(pid, signal.SIGKILL)

    done = at_once(home, 100, "dev", "prod", ended=kill)
    gone(pid)
    assert {(d.returncode, d.stderr) for d in done} == {(0, b"")}
    assert [json.loads(d.stdout)["AccessKeyId"] for d in done] == keys * 50
    assert len(aws.calls) == calls
    assert home.run("lock").returncode == 0  # takes the key out of the kernel's keyring


def test_killed_agent_without_a_keyring(home):
    """Twenty exports lose their agent and have only a passphrase: each opens the vault, one after the other."""
    home.env = uncounted(home.env)
    unlock(home)
    keys = [export(home, profile) for profile in ("dev", "prod")]
    pid = pid_of(home)
    done = at_once(home, 20, "dev", "prod", ended=lambda n: n == 1 and os.kill(pid, signal.SIGKILL), **UNLOCK)
    assert {(d.returncode, d.stderr) for d in done} == {(0, b"")}
    assert [json.loads(d.stdout)["AccessKeyId"] for d in done] == keys * 10


def test_lock_ends_a_stopped_agent(home):
    """A stopped process still has the keys, so lock ends it."""
    unlock(home)
    pid = pid_of(home)
    os.kill(pid, signal.SIGSTOP)
    assert home.run("lock").returncode == 0
    gone(pid)


def test_fifty_starts_at_once_are_one_agent(home):
    """An agent that starts late finds the socket taken and ends; the one that stays answers every client."""
    procs = [
        subprocess.Popen(
            [sys.executable, "-P", "-m", "vault", "agent-process"],
            env=uncounted(home.env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(50)
    ]
    until(lambda: sum(p.poll() is None for p in procs) == 1 and told(home))
    winner = next(p for p in procs if p.poll() is None)
    assert pid_of(home) == winner.pid
    assert {p.returncode for p in procs if p is not winner} == {0}
    stop(home)
    assert winner.wait(PATIENCE) == 0
    assert not os.path.exists(socket_of(home))
    assert {p.communicate() for p in procs} == {(b"", b"")}


def test_unlock_replaces_a_stale_socket(home):
    """The socket file of a killed agent is no obstacle."""
    unlock(home)
    pid = pid_of(home)
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    assert os.path.exists(socket_of(home))
    unlock(home)
    assert pid_of(home) != pid


def test_a_caller_that_ignores_sigchld(home, tmp_path):
    """Some supervisors start the program like this: the agent's start and a program's exit code are still reported."""
    program = tmp_path / "passphrase"
    program.write_text(f"#!/bin/sh\necho {UNLOCK['AWSVAULT_PASSPHRASE']}\nexit 3\n")
    program.chmod(0o700)

    def run(*arguments, **env):
        return subprocess.run(
            [COMMAND, *arguments],
            env=home.with_env(env),
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
            check=False,
        )

    failed(run("list", AWSVAULT_PASSPHRASE_COMMAND=str(program)), 3, "exit code 3")
    done = run("unlock", **UNLOCK)
    assert (done.returncode, done.stderr.count("error")) == (0, 0)
    assert told(home)["why"] == ""


def test_an_agent_that_hangs_costs_half_a_second(home):
    """The export ignores a stopped agent and takes the full path in its normal time."""
    unlock(home)
    key = export(home)
    pid = pid_of(home)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert export(home, **UNLOCK) == key
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\0",
        b"\0\0\0\x04MIS",
        b"\xff\xff\xff\xff",
        b"\0\0\0\x03{}\n"[:6],
        b"\0\0\0\x02{}",
        b"x" * 70_000,
    ],
)
def test_a_server_with_invalid_answers_is_ignored(home, said):
    """Whatever is behind the socket, the export is right."""
    os.makedirs(home.file("run"), mode=0o700, exist_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    listener.bind(socket_of(home))
    os.umask(before)
    listener.listen(10)

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            with peer:
                try:
                    peer.recv(65536)
                    peer.sendall(said)
                except OSError:
                    pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        assert export(home, **UNLOCK)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(PATIENCE)
        os.unlink(socket_of(home))


def test_a_hanging_fork_costs_no_export_its_answer(home):
    """If every fork of the agent that opens the vault hangs, the export opens the vault itself while there is time."""
    assert home.run("unlock", **UNLOCK).returncode == 0
    pid, stopped, over = pid_of(home), set(), threading.Event()

    def stop_each():
        while not over.wait(0.001):
            with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
                for child in set(file.read().split()) - stopped:
                    with suppress(ProcessLookupError):
                        os.kill(int(child), signal.SIGSTOP)
                    stopped.add(child)

    watcher = threading.Thread(target=stop_each)
    watcher.start()
    try:
        assert export(home, **UNLOCK)
        assert stopped
    finally:
        over.set()
        watcher.join(PATIENCE)
        for child in stopped:
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)


def test_an_unusable_socket_folder_breaks_no_export(home):
    """Without a place for a socket the answer still comes, and unlock says why it cannot start the agent."""
    with open(home.file("run"), "w", encoding="utf-8"):
        pass
    assert export(home, **UNLOCK)
    done = home.run("unlock", **UNLOCK)
    failed(done, 6, "no agent could be started")
    os.unlink(home.file("run"))


def test_a_full_disk_breaks_no_export(home, aws, tmp_path):
    """On a full disk, a warm session, one from disk and one from AWS are all issued."""
    home.env = uncounted(home.env)
    unlock(home)
    key = export(home)
    full = {"LD_PRELOAD": build(str(tmp_path), "full")}
    assert export(home, **full) == key
    agent = reach(home)
    agent.ask("DROP_SESSIONS", profile="")
    agent.close()
    assert export(home, **full) == key
    assert export(home, "prod", **full)
    assert export(home, "prod", **full, AWSVAULT_AGENT="off", **UNLOCK)
    assert [c.action for c in aws.calls] == ["GetSessionToken", "AssumeRole", "AssumeRole", "AssumeRole"]


def test_a_full_disk_uses_no_code_that_cannot_be_recorded(home, aws, tmp_path):
    """An export that needs a code fails and names the file: a code that is not recorded as used could be sent twice."""
    home.env = uncounted(home.env)
    full = {"LD_PRELOAD": build(str(tmp_path), "full")}
    failed(home.run("export", "dev", **full, **UNLOCK), 6, "no space left", home.file("state"))
    assert len(aws.calls) == 0


def test_a_socket_path_that_is_too_long_breaks_no_export(home):
    """A path that is too long for a socket means that there is no agent."""
    long = home.root + "/" + "x" * 90
    os.rename(home.awsvault_home, long)
    assert export(home, **UNLOCK, AWSVAULT_HOME=long)
    os.rename(long, home.awsvault_home)


def test_a_closed_standard_output_is_an_error(home):
    """An export that could not print does not exit 0, and prints into no file of awsvault-py."""
    unlock(home)
    export(home)
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {COMMAND} export dev >&-"], env=home.env, capture_output=True, check=False
    )
    assert done.returncode != 0
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr


def test_systemd_passes_the_socket(home):
    """With a socket unit the agent serves the descriptor that it gets, and is found at the usual path."""
    os.makedirs(home.file("run"), mode=0o700, exist_ok=True)
    activator = subprocess.Popen(
        [
            "systemd-socket-activate",
            *("-l", socket_of(home)),
            *(f"-E{name}={value}" for name, value in home.env.items()),
            *(sys.executable, "-P", "-m", "vault", "agent-process"),
        ],
        env=home.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: os.path.exists(socket_of(home)))
        os.chmod(socket_of(home), 0o600)  # SocketMode= of the unit
        unlock(home)
        assert export(home) == export(home)
        assert pid_of(home) == activator.pid
        assert json.loads(home.run("status", "--json").stdout)["state"] == "open"
    finally:
        activator.terminate()
        activator.wait(PATIENCE)
    assert os.path.exists(socket_of(home))


def test_the_systemd_units_are_valid(home):
    """systemd-analyze finds no error in what unlock --install-service writes."""
    done = home.run("unlock", "--install-service")
    assert done.returncode == 0, done.stderr
    units = [home.root + "/.config/systemd/user/awsvault-py" + kind for kind in (".socket", ".service")]
    checked = subprocess.run(
        ["systemd-analyze", "--user", "verify", *units],
        capture_output=True,
        text=True,
        check=False,
        env=home.env,
    )
    assert "awsvault-py" not in checked.stderr, checked.stderr


def test_an_agent_whose_folder_was_removed_ends(home):
    """No client can reach it any more, so it does not keep keys for the rest of the day."""
    unlock(home)
    pid = pid_of(home)
    os.rename(home.file("run"), home.file("gone"))
    gone(pid)
    os.rename(home.file("gone"), home.file("run"))
    unlock(home)
    assert pid_of(home) != pid


def test_a_cold_export_waits_for_a_slow_agent_if_nothing_else_opens_the_vault(home):
    """The agent hangs for more than two seconds: an export that has no other way is not told "locked" at once."""
    unlock(home)
    pid = pid_of(home)
    os.kill(pid, signal.SIGSTOP)
    waker = threading.Timer(3.0, os.kill, (pid, signal.SIGCONT))
    waker.start()
    try:
        assert export(home)
    finally:
        waker.join()
