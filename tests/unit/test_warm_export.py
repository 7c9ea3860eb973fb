"""The warm export by itself: what it asks, what it prints, and when it leaves the answer to the full path."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys

import pytest

from tests.fronts import FRONTS, FULL, patient
from tests.unit.agent.at_home import until
from tests.unit.agent.serving import NOW, Running, session
from vault import __main__, limits, warm
from vault.cli import disk_export
from vault.system.processes import peer_pid

UNDECIDED = 9  # a child of a test's: the full path is to answer
AHEAD = 3600 - 960 - 449  # of a session of an hour: it is served, and one client is to refresh it
EXPORT = ["export", "dev"]


@pytest.fixture
def agent(tmp_path):
    with Running(tmp_path / "v") as running:
        yield running


def env_of(agent):
    return {"HOME": agent.paths.home, "AWSVAULT_HOME": agent.paths.vault_folder}


def put(agent, body):
    """A session that the warm export of this test will ask for."""
    given = warm.fingerprint(env_of(agent), paths=agent.paths)
    assert agent.opened().put_session("dev", given, body, issued=NOW, expires=NOW + 3600)


@pytest.fixture(params=FRONTS)
def served(request):
    """``served(agent, stdout, …)``: the exit code of a front that exports dev with ``stdout``. ``env`` changes its environment."""

    def run(agent, stdout, env=()):
        if request.param == "python":
            return forked(agent, stdout, prepare=lambda: os.environ.update(env))
        done = subprocess.run(
            [patient(), *EXPORT],
            env={**env_of(agent), **dict(env)},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            check=False,
        )
        os.close(stdout)
        return UNDECIDED if done.returncode == FULL else done.returncode

    return run


def forked(agent, stdout, prepare=lambda: None, then=lambda _profile: None):
    """The same for the Python front, in a fork; ``then`` refreshes the profile's session."""
    child = os.fork()
    if not child:
        try:
            os.environ.clear()
            os.environ.update(env_of(agent))
            os.dup2(stdout, 1)
            os.close(stdout)
            prepare()
            profile = warm.serve(EXPORT)
            if profile is not None:
                disk_export.refresh = then
                __main__._refresh(profile)
        finally:
            os._exit(UNDECIDED)
    os.close(stdout)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def rest_of(pipe):
    with open(pipe, "rb") as file:
        return file.read()


@pytest.mark.parametrize(
    "argv",
    [
        ["export"],
        ["export", ""],
        ["export", "--help"],
        ["export", "dev", "--json"],
        ["status", "dev"],
        ["export", "x" * (limits.MAX_PROFILE_NAME + 1)],
    ],
)
def test_other_command_lines_do_not_ask_the_agent(argv):
    """They take the full path, which reports what is wrong with them; nothing is looked up for them."""
    assert warm.ask(argv, {"HOME": "/there is none"}) is None


@pytest.mark.parametrize(
    ("variable", "code", "printed"), [("", 0, session("dev")), ("x" * limits.AGENT_FRAME, UNDECIDED, b"")]
)
def test_a_request_too_large_for_a_frame_is_not_sent(agent, served, variable, code, printed):
    """A variable of 64 KiB counts like every other and fits no request: the full path answers, not an old session."""
    changed = {"NO_PROXY": variable} if variable else {}
    put(agent, session("dev"))
    reading, writing = os.pipe()
    assert served(agent, writing, changed) == code
    assert rest_of(reading) == printed


def test_without_an_agent_the_full_path_answers(tmp_path):
    """There is no socket, so the full path answers."""
    assert warm.ask(EXPORT, {"HOME": str(tmp_path), "AWSVAULT_HOME": str(tmp_path)}) is None


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([b"\0", b"\0\0\4", b"MISS"], b"MISS"),
        ([b"\0\0\0\4MI", b"S", b"S"], b"MISS"),
        ([b"\0\0\0\4MI", b"S"], b""),
        ([b"\0\0"], b""),
        ([b"\0\0\0\4MI", b"SSS"], b""),
        ([b"\0\0\0\7", *(b"a\n" for _ in range(3)), b"\n"], b"a\na\na\n\n"),
        ([b"\0\0\0\11", *(b"a" for _ in range(8)), b"\n"], b""),
    ],
    ids=["length cut", "in three", "too short", "half a length", "too long", "in a few", "in ever more"],
)
def test_an_answer_in_pieces(pieces, whole):
    """However the kernel splits it, a frame is read completely or not used."""
    client_end, agent_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)  # each piece is one recv
    with client_end:
        with agent_end:
            for piece in pieces:
                agent_end.send(piece)
        assert warm._frame(client_end) == whole


def test_a_partly_written_answer_is_an_error(agent, served):
    """A pipe accepted only a part: no second answer follows it, and the exit code reports it."""
    put(agent, session("dev", size=60_000))
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    os.write(writing, b"x" * (65_536 - 8192))
    assert served(agent, writing) == 1
    assert rest_of(reading)[-8192:] == session("dev", size=60_000)[:8192]


def test_a_closed_output_is_left_to_the_full_path(agent, served):
    """The full path reports an output that cannot be written, with its exit code."""
    put(agent, session("dev"))
    reading, writing = os.pipe()
    os.close(reading)
    assert served(agent, writing) == UNDECIDED


def test_the_refresh_runs_after_its_caller_has_its_answer(agent, tmp_path):
    """The answer is complete and the pipe closed at once; a process in its own session refreshes the profile."""
    put(agent, session("dev"))
    agent.clock.turn(AHEAD)
    seen = tmp_path / "seen"

    def then(profile):
        os.write(1, b"to nobody")
        seen.write_text(f"{profile} {os.getsid(0) == os.getpid()}")

    reading, writing = os.pipe()
    assert forked(agent, writing, then=then) == 0
    assert rest_of(reading) == session("dev")
    until(lambda: seen.exists() and seen.read_text())
    assert seen.read_text() == "dev True"


@pytest.mark.parametrize("call", ["fork", "open"])
def test_a_refresh_without_the_lock_is_left_out(agent, tmp_path, call):
    """No process can start, or the caller's output cannot be let go: the answer is printed once, without a refresh."""
    put(agent, session("dev"))
    agent.clock.turn(AHEAD)

    def refuse(*_args, **_more):
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    def go_on(_profile):
        os.write(1, b"a second answer")

    reading, writing = os.pipe()
    assert forked(agent, writing, prepare=lambda: setattr(os, call, refuse), then=go_on) == 0
    assert rest_of(reading) == session("dev")


class _Peer:
    """A connection as macOS describes it: version, user ID, groups; nothing about a process."""

    def getsockopt(self, level, option, size):
        assert (level, option, size) == (0, 1, 76)
        return (0).to_bytes(4, sys.byteorder) + (501).to_bytes(4, sys.byteorder) + bytes(68)


def test_the_user_of_a_connection_on_macos(monkeypatch):
    """The user ID comes from another option there, and the process is unknown."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert warm.uid_of(_Peer()) == 501
    assert peer_pid(_Peer()) is None
