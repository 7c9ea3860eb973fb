"""The sessions that the agent keeps: for whom, how long, and how many."""

from __future__ import annotations

import time

from tests.unit.agent.serving import (
    CACHE,
    MAIN,
    NOW,
    TIMES,
    VAULT,
    Running,
    export,
    put,
    session,
)
from vault import limits
from vault.agent import protocol


def test_each_freshness_has_its_answer(agent):
    """Fresh is served, ahead is served with one refresh, due and over are misses."""
    put(agent.opened(), life=3600)
    agent.clock.turn(3600 - 960 - 451)
    assert export(agent) == session("dev")
    agent.clock.turn(2)
    assert [export(agent) for _ in range(3)] == [b"+" + session("dev"), session("dev"), session("dev")]
    agent.clock.turn(limits.REFRESH_AGAIN)
    assert export(agent) == b"+" + session("dev")
    agent.clock.turn(451 - limits.REFRESH_AGAIN)
    assert export(agent) == b"MISS"
    agent.clock.turn(900)
    assert export(agent) == b"MISS"


def test_a_lookup_does_not_depend_on_the_number_of_sessions(tmp_path):
    """A lookup does not search: with a thousand times the sessions an answer takes this thread at most twice the time."""
    took = {}
    request = protocol.Export(protocol.session_key("dev", b"f"))
    for count in (10, 10_000):
        with Running(tmp_path / f"v{count}", most=20_000) as agent:
            for number in range(count):
                body = bytearray(session(str(number)))
                key = protocol.session_key(f"p{number}", b"f")
                assert agent.sessions.put(key, body, issued=NOW, expires=NOW + 3600, now=NOW)
            put(agent.opened(), "dev")
            took[count] = min(time_of_answers(agent, request) for _ in range(5))
    assert took[10_000] < 2 * took[10]


def time_of_answers(agent, request):
    """The CPU time of many answers, in seconds: a busy machine does not change it."""
    start = time.thread_time()
    for _ in range(500):
        parts, found = agent.answers.export(request)
        assert found is not None
        parts[1].release()
    return time.thread_time() - start


def test_a_session_over_the_limit_drops_the_oldest(agent):
    """One session over the limit drops those that end first, and memory is bounded."""
    client = agent.opened()
    for number in range(101):
        assert put(client, f"p{number}", life=3600 + number)
    assert export(agent, "p0") == b"MISS"
    assert export(agent, "p100") != b"MISS"
    assert len(agent.sessions) <= 100


def test_another_vaults_keys_drop_the_sessions(agent):
    """Sessions of one vault are never served under another."""
    client = agent.opened()
    put(client)
    client.unlock(vault_id=bytes(16), main=MAIN, cache=CACHE, times=TIMES, person=True)
    assert export(agent) == b"MISS"


def test_dropped_sessions_are_gone(agent):
    """clear reaches the agent: one profile, or all."""
    client = agent.opened()
    for name in ("dev", "dev2", "prod"):
        put(client, name)
    assert client.ask("DROP_SESSIONS", profile="dev") == {"ok": True, "dropped": 1}
    assert (export(agent), export(agent, "dev2")) == (b"MISS", session("dev2"))
    assert client.ask("DROP_SESSIONS", profile="") == {"ok": True, "dropped": 2}


def seen(client, gen, mac, *over, vault=VAULT):
    pin = {"vault": vault.hex(), "gen": gen, "digest": f"{gen:064x}", "rekeyed": 0}
    return client.ask("SEEN", **pin, macs=[mac * 64], over=[one * 64 for one in over])["noted"]


def test_a_generation_replaces_only_the_one_that_it_names(agent):
    """Any process may tell of one: however new, it hides no other, until there are many."""
    client = agent.opened()
    assert seen(client, 2, "a")
    assert seen(client, 2**50, "b")
    assert seen(client, 2, "a"), "told again, and kept once"
    assert [row[0] for row in client.ask("HELLO")["seen"]] == [2**50, 2]
    assert seen(client, 3, "c", "a")
    assert not seen(client, 9, "d", vault=b"\xff" * 16), "another vault's"
    assert client.ask("HELLO")["seen"] == [
        [2**50, f"{2**50:064x}", 0, ["b" * 64]],
        [3, f"{3:064x}", 0, ["c" * 64]],
    ]
    for number in range(limits.AGENT_PINS):
        assert seen(client, number, "ef"[number % 2])
    assert len(client.ask("HELLO")["seen"]) == limits.AGENT_PINS


def test_an_expired_session_is_not_kept(agent):
    """Neither one that has ended, nor one from the future, nor one that lives too long."""
    client = agent.opened()
    assert not put(client, issued=NOW - 3600)
    assert not put(client, issued=NOW + 301)
    assert not put(client, life=limits.MAX_TTL + 1)
    assert client.cache_key() is not None
