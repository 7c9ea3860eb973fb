"""What the agent answers, to which clients, and for how long."""

from __future__ import annotations

import errno
import os
import time

import pytest

from tests.patience import PATIENCE
from tests.unit.agent.serving import (
    CACHE,
    MAIN,
    NOW,
    SEEN,
    TICK,
    TIMES,
    VAULT,
    Running,
    export,
    put,
    session,
)
from vault import limits, warm
from vault.agent import admission, protocol
from vault.agent.client import Limits


def test_a_session_comes_back_byte_for_byte(agent):
    """The warm export is what was put, ready to print."""
    assert put(agent.opened())
    assert export(agent) == session("dev")


def test_another_profile_or_fingerprint_is_a_miss(agent):
    """A session answers only for what it was made for."""
    put(agent.opened())
    assert export(agent, "prod") == export(agent, fingerprint=b"g") == b"MISS"


def test_nothing_is_issued_before_unlock(agent):
    """An agent that was only started has nothing, accepts nothing, and says why."""
    client = agent.client()
    assert client.cache_key() is None
    assert not put(client)
    assert client.ask("GET_ENTRY", name="dev") == {"ok": False, "why": "locked"}
    assert client.ask("HELLO")["why"] == "locked"
    assert export(agent) == b"MISS"


def test_the_main_key_is_in_no_answer(agent):
    """No request of the table, answered in full, contains K_main; the cache key is answered."""
    client = agent.opened()
    put(client)
    assert client.cache_key() == (CACHE, VAULT)
    seen = b""
    with agent.bare() as sock:
        for op, fields in (("HELLO", {}), ("STATUS", {"first": 0}), ("DROP_SESSIONS", {"profile": "x"})):
            sock.sendall(protocol.object_request(op, **fields))
            seen += sock.recv(70_000)
    assert b"dev" in seen
    assert MAIN.reveal() not in seen
    assert MAIN.reveal().hex().encode() not in seen


def test_a_lock_forgets_everything_and_lasts(agent):
    """After a manual lock nothing is issued, and keys that come in by themselves are refused until the user unlocks."""
    client = agent.opened()
    put(client)
    assert client.ask("LOCK", hold=True)["ok"]
    assert export(agent) == b"MISS"
    assert agent.client().cache_key() is None
    assert bytes(agent.page._view) == bytes(len(agent.page._view))
    by_itself = agent.client().unlock(vault_id=VAULT, main=MAIN, cache=CACHE, times=TIMES, person=False)
    assert by_itself == {"ok": False, "why": "held"}
    assert bytes(agent.page._view) == bytes(len(agent.page._view))
    assert agent.opened().cache_key() is not None


def test_a_time_limit_does_not_last(agent):
    """After a timeout the vault may be opened again without the user."""
    agent.opened()
    agent.clock.turn(TIMES.idle + 1)
    assert agent.client().ask("HELLO")["why"] == "locked"
    assert agent.client().unlock(vault_id=VAULT, main=MAIN, cache=CACHE, times=TIMES, person=False)["ok"]


@pytest.mark.parametrize("use", [export, lambda a: a.client().cache_key()])
def test_use_extends_the_idle_limit_only(agent, use):
    """An agent in use stays open to its hard limit, to the second."""
    put(agent.opened(), issued=NOW, life=30 * 3600)
    for _ in range(3):
        agent.clock.turn(TIMES.idle - 60)
        assert use(agent) not in (b"MISS", None)
    agent.clock.turn(TIMES.hard - 3 * (TIMES.idle - 60) - 1)
    assert agent.client().cache_key() is not None
    agent.clock.turn(1)
    assert agent.client().cache_key() is None
    assert bytes(agent.page._view) == bytes(len(agent.page._view))


def test_a_status_request_does_not_count_as_use(agent):
    """status in a shell prompt does not keep the vault open forever."""
    agent.opened()
    agent.clock.turn(TIMES.idle - 1)
    assert agent.client().sessions()["idle_left"] == 1
    agent.clock.turn(1)
    assert agent.client().sessions()["why"] == "locked"


def test_time_asleep_counts_toward_the_limits(agent):
    """A lid that is closed overnight passes the limit, by a clock that counts suspension."""
    client = agent.client()
    client.unlock(vault_id=VAULT, main=MAIN, cache=CACHE, times=TIMES._replace(sleep=False), person=True)
    agent.clock.sleep_machine(TIMES.idle - 1)
    assert agent.client().cache_key() is not None
    agent.clock.sleep_machine(TIMES.idle)
    assert agent.client().cache_key() is None


def test_sleep_locks_with_lock_on_suspend(agent):
    """Boot time a minute ahead of running time means that the machine slept."""
    client = agent.opened()
    agent.clock.sleep_machine(limits.AGENT_SLEPT - 1)
    assert client.cache_key() is not None
    agent.clock.sleep_machine(limits.AGENT_SLEPT + 1)
    assert agent.client().cache_key() is None


def test_a_limit_is_noticed_without_a_request(tmp_path):
    """The keys are gone at the limit, even without a request."""
    from vault.agent.state import BootClock

    with Running(tmp_path / "v", clock=BootClock()) as agent:
        client = agent.client()
        client.unlock(vault_id=VAULT, main=MAIN, cache=CACHE, times=Limits(1, 1, 1, sleep=True), person=True)
        end = time.monotonic() + PATIENCE
        while bytes(agent.page._view).count(b"M") and time.monotonic() < end:
            time.sleep(0.02)
        assert bytes(agent.page._view) == bytes(len(agent.page._view))


def seen(client, gen, mac, *over, vault=VAULT):
    pin = {"vault": vault.hex(), "gen": gen, "digest": f"{gen:064x}", "rekeyed": 0}
    return client.ask("SEEN", **pin, macs=[mac * 64], over=[one * 64 for one in over])["noted"]


def test_a_client_that_closed_before_its_check(tmp_path, monkeypatch):
    """Whose it was can be told no more (macOS says so): it gets nothing, and the next one is served."""
    gone = [OSError(errno.ENOTCONN, os.strerror(errno.ENOTCONN))]

    def peer(sock):
        if gone:
            raise gone.pop()
        return warm.uid_of(sock)

    monkeypatch.setattr(admission, "uid_of", peer)
    with Running(tmp_path / "v") as agent:
        with agent.bare() as first:
            assert first.recv(1) == b""
        assert agent.client().ask("HELLO")["why"] == "locked"


def test_an_agent_locked_by_a_limit_stays_for_a_while(agent, monkeypatch):
    """It stays for a while after the lock, not after the last request: a client that comes soon is told why, and may unlock it."""
    monkeypatch.setattr(
        limits, "AGENT_LINGER", TICK
    )  # so long it waits in fact; the clock that it reads stands still
    agent.opened()
    agent.clock.turn(TIMES.idle + 1)
    time.sleep(SEEN)
    assert agent.client().ask("HELLO")["why"] == "locked"
    agent.clock.turn(limits.AGENT_FRAME_TIME + 1)
    agent.thread.join(PATIENCE)
    assert not agent.thread.is_alive()


def test_an_agent_that_ended_its_connections_listens_no_more(agent, monkeypatch):
    """``unlock`` waits for the end of its connection, then starts another agent, which gives up if it finds one that listens."""
    found = []
    close = agent.server._close

    def closed(connection):
        close(connection)
        found.append(warm.dial(agent.paths.socket, answer=PATIENCE))

    client = agent.client()
    monkeypatch.setattr(agent.server, "_close", closed)
    assert client.ask("SHUTDOWN")["ok"]
    assert client.receive() is None
    agent.thread.join(PATIENCE)
    assert found == [None]
