"""Whatever befalls the agent, no export is wrong: killed, stopped, replaced, started fifty times, without a place."""

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
    """Whoever the agent leaves in the middle finds its session by itself: 100 right answers, and no call to AWS."""
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
    """Twenty exports whose agent dies and who have a passphrase only: each opens the vault, one after the other."""
    home.env = uncounted(home.env)
    unlock(home)
    keys = [export(home, profile) for profile in ("dev", "prod")]
    pid = pid_of(home)
    done = at_once(home, 20, "dev", "prod", ended=lambda n: n == 1 and os.kill(pid, signal.SIGKILL), **UNLOCK)
    assert {(d.returncode, d.stderr) for d in done} == {(0, b"")}
    assert [json.loads(d.stdout)["AccessKeyId"] for d in done] == keys * 10


def test_lock_ends_an_agent_that_does_not_answer(home):
    """A stopped process still has the keys, so lock does not leave it."""
    unlock(home)
    pid = pid_of(home)
    os.kill(pid, signal.SIGSTOP)
    assert home.run("lock").returncode == 0
    gone(pid)


def test_fifty_starts_at_once_are_one_agent(home):
    """Whoever is late finds the place taken and ends, and the one that stays answers all."""
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
    """A socket file whose agent was killed is no obstacle."""
    unlock(home)
    pid = pid_of(home)
    os.kill(pid, signal.SIGKILL)
    gone(pid)
    assert os.path.exists(socket_of(home))
    unlock(home)
    assert pid_of(home) != pid


def test_a_caller_that_ignores_the_end_of_its_children(home, tmp_path):
    """Started so by some supervisors, we inherit it: the agent's start and a program's exit code are told all the same."""
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
    """A stopped agent is passed over: the export goes the full way, in its own time."""
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
def test_a_server_that_talks_nonsense_is_passed_over(home, said):
    """Whatever stands behind the socket, the export is right."""
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


def test_a_fork_that_hangs_costs_no_export_its_answer(home):
    """Each process of the agent's that opens the vault stands still: the export opens it itself while there is time."""
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


def test_a_folder_that_cannot_be_used_breaks_no_export(home):
    """No place for a socket: the answer comes all the same, and unlock says why it cannot."""
    with open(home.file("run"), "w", encoding="utf-8"):
        pass
    assert export(home, **UNLOCK)
    done = home.run("unlock", **UNLOCK)
    failed(done, 6, "no agent could be started")
    os.unlink(home.file("run"))


def test_a_full_disk_breaks_no_export(home, aws, tmp_path):
    """Where nothing can be written any more, a warm session, one on disk and one to be fetched are given all the same."""
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


def test_a_full_disk_takes_no_code_that_could_not_be_noted(home, aws, tmp_path):
    """What needs a code fails with the file's name: a code that is not noted as used could be sent twice."""
    home.env = uncounted(home.env)
    full = {"LD_PRELOAD": build(str(tmp_path), "full")}
    failed(home.run("export", "dev", **full, **UNLOCK), 6, "no space left", home.file("state"))
    assert len(aws.calls) == 0


def test_a_socket_path_too_long_breaks_no_export(home):
    """A path that no socket can have means that there is no agent."""
    long = home.root + "/" + "x" * 90
    os.rename(home.ours, long)
    assert export(home, **UNLOCK, AWSVAULT_HOME=long)
    os.rename(long, home.ours)


def test_standard_output_closed_is_no_success(home):
    """An export that could not print does not exit 0, and prints into no file of ours."""
    unlock(home)
    export(home)
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {COMMAND} export dev >&-"], env=home.env, capture_output=True, check=False
    )
    assert done.returncode != 0
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr


def test_systemd_passes_the_socket(home):
    """Behind a socket unit the agent serves the descriptor that it is given, and is found where it always is."""
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


def test_the_units_are_such_that_systemd_takes_them(home):
    """unlock --install-service writes what systemd-analyze finds no fault with."""
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
    """Nobody can reach it any more, so it does not keep keys for the rest of the day."""
    unlock(home)
    pid = pid_of(home)
    os.rename(home.file("run"), home.file("gone"))
    gone(pid)
    os.rename(home.file("gone"), home.file("run"))
    unlock(home)
    assert pid_of(home) != pid


def test_an_agent_that_is_slow_is_waited_for_where_nothing_else_opens_the_vault(home):
    """It stands still for two seconds and more: a cold export has no other way, so it is not told "locked" at once."""
    unlock(home)
    pid = pid_of(home)
    os.kill(pid, signal.SIGSTOP)
    waker = threading.Timer(3.0, os.kill, (pid, signal.SIGCONT))
    waker.start()
    try:
        assert export(home)
    finally:
        waker.join()
