"""Clients that hang, flood, lie or die, and requests that a fork answers: each client disturbs only itself."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import socket
import time

import pytest

from tests.patience import PATIENCE
from tests.unit.agent.at_home import gone, until
from tests.unit.agent.serving import MAIN, TIMES, VAULT, Running, export, export_request, put, session
from vault import limits
from vault.agent import protocol
from vault.agent.client import Agent
from vault.secret import Secret


def test_a_hanging_client_blocks_no_other(agent):
    """The agent waits five seconds for half a frame, and serves all others meanwhile."""
    put(agent.opened())
    with agent.bare() as hanging:
        hanging.sendall(b"\0\0")
        assert export(agent) == session("dev")
        agent.clock.turn(limits.AGENT_FRAME_TIME)
        assert export(agent) == session("dev")
        assert hanging.recv(1) == b""


def test_a_client_that_does_not_read_blocks_no_other(agent):
    """An answer that is not read blocks no other client."""
    big = session("dev", size=60_000)
    put(agent.opened(), body=big)
    with agent.bare() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        deaf.sendall(export_request("dev", b"f") * 30)
        time.sleep(0.05)
        assert export(agent) == big


def test_connections_over_the_limit_wait_their_turn(agent):
    """The 65th connection is not refused; it is served when another one ends."""
    put(agent.opened())
    crowd = [agent.bare() for _ in range(limits.AGENT_CONNECTIONS + 5)]
    late = agent.bare()
    late.sendall(export_request("dev", b"f"))
    until(
        lambda: len(agent.server._open) == limits.AGENT_CONNECTIONS and not agent.server._admission.listening
    )
    assert select.select([late], [], [], 0)[0] == []
    for sock in crowd:
        sock.close()
    assert late.recv(4) == len(session("dev")).to_bytes(4, "big")


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_do_no_harm(agent, seed):
    """After a thousand connections of noise, some in the form of frames, the agent still answers."""
    put(agent.opened())
    noise = random.Random(seed)
    for _ in range(50):
        with agent.bare() as sock:
            body = noise.randbytes(noise.randrange(1, 200))
            if noise.random() < 0.7:
                body = len(body).to_bytes(4, "big") + noise.choice([b"E", b"{", b"K", b""]) + body[1:]
            try:
                sock.sendall(body)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(1000):
                    pass
            except ConnectionError:
                pass
    assert export(agent) == session("dev")


def test_keys_of_the_wrong_length_are_refused(agent):
    """The second frame must hold exactly the keys that were announced."""
    for size in (1, 32, 63, 65, 4000):
        with agent.bare() as sock:
            sock.sendall(
                protocol.object_request(
                    "UNLOCK", vault=VAULT.hex(), keys=["main", "cache"], person=True, **TIMES._asdict()
                )
                + protocol.frame(b"k" * size)
            )
            with contextlib.suppress(ConnectionError):
                assert sock.recv(100) == b""
    assert agent.client().cache_key() is None
    assert bytes(agent.page._view) == bytes(len(agent.page._view))


def test_two_unlocks_at_once_do_not_mix_their_keys(agent):
    """The second connection is closed while the keys of the first come in, and the keys of the first are used."""
    head = protocol.object_request(
        "UNLOCK", vault=VAULT.hex(), keys=["main", "cache"], person=True, **TIMES._asdict()
    )
    with agent.bare() as first, agent.bare() as second:
        first.sendall(head + (64).to_bytes(4, "big") + b"k" * 40)
        until(lambda: bytes(agent.page._view).count(b"k") == 40)
        second.sendall(head + (64).to_bytes(4, "big"))
        assert second.recv(1) == b""
        first.sendall(b"k" * 24)
        assert b'"ok":true' in first.recv(1000)
    assert agent.client().cache_key().key == Secret(b"k" * 32)


def test_incomplete_keys_are_forgotten(agent):
    """A client that dies while it sends keys leaves none of them behind."""
    with agent.bare() as sock:
        sock.sendall(
            protocol.object_request(
                "UNLOCK", vault=VAULT.hex(), keys=["main", "cache"], person=True, **TIMES._asdict()
            )
            + (64).to_bytes(4, "big")
            + b"k" * 40
        )
        until(lambda: bytes(agent.page._view).count(b"k") == 40)
    assert agent.client().ask("HELLO")["why"] == "locked"
    assert bytes(agent.page._view) == bytes(len(agent.page._view))


def test_forked_requests_are_answered_in_turn_over_one_connection(tmp_path, monkeypatch):
    """A cold export sends several requests to one fork, which sees the keys and leaves nothing behind in the agent."""
    monkeypatch.setattr(limits, "AGENT_WORKER_IDLE", PATIENCE)

    def answerer(page):
        key = bytes(page.view("main"))

        def desk(request, say):
            if request.op == "TOTP":
                say(protocol.answer(waiting=3))
            return protocol.answer(op=request.op, pid=os.getpid(), key=key.hex())

        return desk

    with Running(tmp_path / "v", answerer=answerer) as agent:
        client = agent.opened()
        first = client.ask("HAS_ENTRY", name="dev")
        waits = []
        second = client.wait_for("TOTP", serial="s", most=1, skew=0, after=0, waiting=waits.append)
        assert (first["pid"], first["key"]) == (second["pid"], MAIN.reveal().hex())
        assert first["pid"] != os.getpid()
        assert waits == [3.0]
        client.close()


def test_many_forked_requests_queue(tmp_path):
    """Thirty cold exports at once get thirty answers, however few forks run at a time."""

    def answerer(page):
        del page
        return lambda request, say: (time.sleep(0.05), protocol.answer(name=request.fields["name"]))[1]

    with Running(tmp_path / "v", answerer=answerer) as agent:
        agent.opened().close()
        crowd = [agent.bare() for _ in range(30)]
        for number, sock in enumerate(crowd):
            sock.sendall(protocol.object_request("HAS_ENTRY", name=str(number)))
        names = {}
        while len(names) < 30:
            for sock in select.select([s for s in crowd if s.fileno() >= 0], [], [], 10)[0]:
                names[crowd.index(sock)] = json.loads(sock.recv(1000)[4:])["name"]
                sock.close()
        assert names == {n: str(n) for n in range(30)}


def test_an_idle_client_loses_its_fork(tmp_path):
    """Eight clients that ask nothing more do not keep the ninth from its answer."""

    def answerer(page):
        del page
        return lambda request, say: protocol.answer(name=request.fields["name"])

    with Running(tmp_path / "v", answerer=answerer) as agent:
        agent.opened().close()
        crowd = [agent.bare() for _ in range(limits.AGENT_WORKERS + 1)]
        for sock in crowd:
            sock.sendall(protocol.object_request("HAS_ENTRY", name="dev"))
        assert all(sock.recv(1000) for sock in crowd)
        assert crowd[0].recv(1000) == b""


def lock_manually(agent):
    agent.client().ask("LOCK", hold=True)


def lock_by_time_limit(agent):
    agent.clock.turn(TIMES.hard)
    assert agent.client().ask("HELLO")["why"] == "locked"


@pytest.mark.parametrize("lock", [lock_manually, lock_by_time_limit])
def test_lock_ends_the_forks_too(tmp_path, lock):
    """A fork that waits half a minute for the next code has a copy of the main key, and ends at once."""

    def answerer(page):
        kept = bytes(page.view("main"))

        def desk(request, say):
            say(protocol.answer(waiting=30, pid=os.getpid()))
            time.sleep(2 * PATIENCE)
            return protocol.answer(key=kept.hex())

        return desk

    with Running(tmp_path / "v", answerer=answerer) as agent:
        client = agent.opened()
        client.send("TOTP", serial="s", most=35_000, skew=0, after=0)
        pid = client.receive()["pid"]
        start = time.monotonic()
        lock(agent)
        assert client.receive() is None
        gone(pid)
        assert time.monotonic() - start < PATIENCE  # it did not end by itself
        again = agent.opened()
        again.send("TOTP", serial="s", most=35_000, skew=0, after=0)
        assert again.receive()["waiting"] == 30


def test_a_fork_that_fails_ends_only_its_connection(tmp_path):
    """The client continues without the agent, and the agent serves others."""

    def answerer(page):
        raise RuntimeError(page)

    with Running(tmp_path / "v", answerer=answerer) as agent:
        client = agent.opened()
        put(client)
        assert client.ask("GET_ENTRY", name="dev") is None
        assert export(agent) == session("dev")


def test_a_client_without_an_agent_gets_none(tmp_path):
    """A missing socket, a stale socket and a regular file all mean that there is no agent."""
    path = str(tmp_path / "s")
    assert Agent.reach(path) is None
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(path)
    stale.close()
    os.chmod(path, 0o600)
    assert Agent.reach(path) is None
    os.unlink(path)
    (tmp_path / "s").write_text("")
    assert Agent.reach(path) is None


def test_a_truncated_answer_ends_the_connection(tmp_path):
    """After the first failure the client answers None at once and does not read the rest as something else."""
    client_end, agent_end = socket.socketpair(socket.AF_UNIX)
    client = Agent(client_end)
    agent_end.sendall(b"\0\0\0\x21K" + b"k" * 10)
    agent_end.close()
    assert client.cache_key() is None
    assert client.ask("HELLO") is None
    assert (
        client.unlock(vault_id=VAULT, main=None, cache=Secret(b"c" * 32), times=TIMES, person=False) is None
    )
