"""The agent's answers: what it tells of itself, and what it refuses."""

from __future__ import annotations

import os

import pytest

from tests.unit.agent.serving import (
    NOW,
    TIMES,
    VAULT,
    Running,
    put,
    session,
)


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


def test_a_shell_prompt_gets_the_expiry_of_one_profile(agent):
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


def seen(client, gen, mac, *over, vault=VAULT):
    pin = {"vault": vault.hex(), "gen": gen, "digest": f"{gen:064x}", "rekeyed": 0}
    return client.ask("SEEN", **pin, macs=[mac * 64], over=[one * 64 for one in over])["noted"]


def test_a_generation_from_an_older_client_is_not_kept(agent):
    """It gives no MAC; it is answered as it expects, and told of nothing that it could take for true."""
    client = agent.opened()
    assert client.ask("PIN", vault=VAULT.hex(), gen=2**50, digest="a") == {"ok": True, "noted": False}
    assert client.ask("HELLO")["pin"] is None
    assert client.ask("HELLO")["seen"] == []


@pytest.mark.parametrize("body", [b"x", b"{}", b"\n", b"{1}"])
def test_a_session_that_is_not_one_line_is_refused(agent, body):
    """What would not be one JSON line on stdout never gets in."""
    assert not put(agent.opened(), body=body)
