"""What the agent gives, to whom, and for how long."""

from __future__ import annotations

import errno
import os
import socket
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
    export_request,
    session,
)
from vault import limits, warm
from vault.agent import admission, protocol
from vault.agent.client import Limits


def put(client, profile="dev", fingerprint=b"f", *, issued=NOW, life=3600, body=None):
    return client.put_session(
        profile, fingerprint, body or session(profile), issued=issued, expires=issued + life
    )


def export(agent, profile="dev", fingerprint=b"f"):
    with agent.bare() as sock:
        sock.sendall(export_request(profile, fingerprint))
        head = sock.recv(4, socket.MSG_WAITALL)
        return sock.recv(protocol.length(head), socket.MSG_WAITALL)


def test_a_session_comes_back_byte_for_byte(agent):
    """The warm export is what was put, ready to print."""
    assert put(agent.opened())
    assert export(agent) == session("dev")


def test_another_profile_or_fingerprint_misses(agent):
    """A session answers for what it was made for and for nothing else."""
    put(agent.opened())
    assert export(agent, "prod") == export(agent, fingerprint=b"g") == b"MISS"


def test_nothing_is_given_before_unlock(agent):
    """An agent that was only started has nothing, takes nothing, and says why."""
    client = agent.client()
    assert client.cache_key() is None
    assert not put(client)
    assert client.ask("GET_ENTRY", name="dev") == {"ok": False, "why": "locked"}
    assert client.ask("HELLO")["why"] == "locked"
    assert export(agent) == b"MISS"


def test_the_cache_key_is_given_and_the_main_key_never(agent):
    """No request of the table, answered in full, holds K_main."""
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


def test_lock_forgets_all_and_holds(agent):
    """After a lock by hand nothing is given, and keys that come in by themselves are refused until a person unlocks."""
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


def test_a_time_limit_does_not_hold(agent):
    """After a timeout the vault may be opened again without a person."""
    agent.opened()
    agent.clock.turn(TIMES.idle + 1)
    assert agent.client().ask("HELLO")["why"] == "locked"
    assert agent.client().unlock(vault_id=VAULT, main=MAIN, cache=CACHE, times=TIMES, person=False)["ok"]


@pytest.mark.parametrize("use", [export, lambda a: a.client().cache_key()])
def test_use_moves_the_idle_limit_and_not_the_hard_one(agent, use):
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


def test_asking_what_is_open_is_no_use(agent):
    """status in a prompt does not keep the vault open for ever."""
    agent.opened()
    agent.clock.turn(TIMES.idle - 1)
    assert agent.client().sessions()["idle_left"] == 1
    agent.clock.turn(1)
    assert agent.client().sessions()["why"] == "locked"


def test_time_asleep_counts(agent):
    """A lid closed over night is a limit passed, on a clock that counts suspension."""
    client = agent.client()
    client.unlock(vault_id=VAULT, main=MAIN, cache=CACHE, times=TIMES._replace(sleep=False), person=True)
    agent.clock.sleep_machine(TIMES.idle - 1)
    assert agent.client().cache_key() is not None
    agent.clock.sleep_machine(TIMES.idle)
    assert agent.client().cache_key() is None


def test_sleep_locks_where_asked_for(agent):
    """lock_on_suspend: boot time a minute ahead of running time means that the machine slept."""
    client = agent.opened()
    agent.clock.sleep_machine(limits.AGENT_SLEPT - 1)
    assert client.cache_key() is not None
    agent.clock.sleep_machine(limits.AGENT_SLEPT + 1)
    assert agent.client().cache_key() is None


def test_a_limit_is_noticed_without_a_request(tmp_path):
    """Keys are gone at the limit, though nobody asks."""
    from vault.agent.state import BootClock

    with Running(tmp_path / "v", clock=BootClock()) as agent:
        client = agent.client()
        client.unlock(vault_id=VAULT, main=MAIN, cache=CACHE, times=Limits(1, 1, 1, sleep=True), person=True)
        end = time.monotonic() + PATIENCE
        while bytes(agent.page._view).count(b"M") and time.monotonic() < end:
            time.sleep(0.02)
        assert bytes(agent.page._view) == bytes(len(agent.page._view))


def test_bands(agent):
    """Fresh is served, ahead is served with one renewal, due and over are misses."""
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


def test_status_names_sessions_and_when_each_is_due(agent):
    """status --json is made of this."""
    client = agent.opened()
    put(client, "b", life=3600)
    put(client, "a", life=900)
    put(client, "a", b"g", life=1200)
    put(client, "a", b"h", life=600)
    found = client.sessions()
    assert [(s["profile"], s["expires"] - NOW, s["due"] - NOW) for s in found["sessions"]] == [
        ("a", 1200, 900),
        ("b", 3600, 2640),
    ]
    assert (found["idle_left"], found["hard_left"], found["why"]) == (TIMES.idle, TIMES.hard, "")


def test_a_prompt_is_told_when_one_profile_s_session_ends(agent):
    """In one small answer, however many others there are; 0 where there is none, and nothing while locked."""
    client = agent.opened()
    put(client, "dev", life=900)
    put(client, "dev", b"g", life=1200)
    put(client, "dev2", life=3600)
    ends = [client.ask("ENDS", profile=name)["ends"] for name in ("dev", "dev2", "prod")]
    assert ends == [NOW + 1200, NOW + 3600, 0]
    agent.clock.turn(1200)
    client = agent.client()
    assert client.ask("ENDS", profile="dev")["ends"] == 0
    client.ask("LOCK", hold=True)
    assert client.ask("ENDS", profile="dev2") == {"ok": False, "why": "held"}


def test_status_of_very_many_sessions(tmp_path):
    """However many there are, each answer fits its frame."""
    with Running(tmp_path / "v", most=1000) as agent:
        client = agent.opened()
        for number in range(1000):
            put(client, f"profile-with-a-long-name-{number:04}")
        assert len(client.sessions()["sessions"]) == 1000


@pytest.mark.parametrize("letter", ["p", "\u00e9", "\udcff"])
def test_status_of_long_names(agent, letter):
    """Also of names as long as they may be, each letter of which is six in JSON."""
    client = agent.opened()
    names = {f"{number:03}" + (509 // len(os.fsencode(letter))) * letter for number in range(100)}
    for name in names:
        assert put(client, name, body=session("x"))
    found = client.sessions()
    assert {row["profile"] for row in found["sessions"]} == names
    assert found["total"] == len(found["sessions"])


def test_ten_thousand_sessions_are_found_as_fast_as_ten(tmp_path):
    """A lookup does not search: with a thousand times the sessions an answer takes at most twice the time."""
    took = {}
    for count in (10, 10_000):
        with Running(tmp_path / f"v{count}", most=20_000) as agent:
            put(agent.opened(), "dev")
            for number in range(count):
                body = bytearray(session(str(number)))
                key = protocol.session_key(f"p{number}", b"f")
                assert agent.sessions.put(key, body, issued=NOW, expires=NOW + 3600, now=NOW)
            times = []
            for _ in range(200):
                start = time.perf_counter()
                assert export(agent) == session("dev")
                times.append(time.perf_counter() - start)
            took[count] = sorted(times)[100]
    assert took[10_000] < 2 * took[10] + 0.001


def test_room_is_made(agent):
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


def test_a_generation_takes_no_other_s_place_but_one_that_it_names(agent):
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


def test_what_an_older_client_tells_of_is_not_kept(agent):
    """It gives no MAC; it is answered as it expects, and told of nothing that it could take for true."""
    client = agent.opened()
    assert client.ask("PIN", vault=VAULT.hex(), gen=2**50, digest="a") == {"ok": True, "noted": False}
    assert client.ask("HELLO")["pin"] is None
    assert client.ask("HELLO")["seen"] == []


@pytest.mark.parametrize("body", [b"x", b"{}", b"\n", b"{1}"])
def test_a_session_that_is_no_line_is_refused(agent, body):
    """What would not be one JSON line on stdout never gets in."""
    assert not put(agent.opened(), body=body)


def test_a_session_that_is_over_is_not_kept(agent):
    """Neither one that has ended, nor one from the future, nor one that lives too long."""
    client = agent.opened()
    assert not put(client, issued=NOW - 3600)
    assert not put(client, issued=NOW + 301)
    assert not put(client, life=limits.MAX_TTL + 1)
    assert client.cache_key() is not None


def test_a_client_that_went_away_before_it_was_looked_at(tmp_path, monkeypatch):
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


def test_one_that_a_limit_locked_stays_a_while(agent, monkeypatch):
    """It lingers from the lock on, not from the last request: who comes just after is told why, and may unlock it."""
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
