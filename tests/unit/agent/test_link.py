"""One connection to the agent and one HELLO per run, whatever a command asks the agent for."""

from __future__ import annotations

import os
import socket
from typing import NamedTuple

import pytest

from tests.home import PASSPHRASE
from tests.unit.conftest import on_disk
from vault import __version__
from vault.agent import client
from vault.agent.link import AgentLink
from vault.credentials import obtain
from vault.credentials.request import Request

BY_VARIABLE = {"AWSVAULT_PASSPHRASE": PASSPHRASE}
BY_PROGRAM = {"AWSVAULT_PASSPHRASE": None, "AWSVAULT_PASSPHRASE_COMMAND": f"echo '{PASSPHRASE}'"}
NOT_NEEDED = {"AWSVAULT_PASSPHRASE": None}


class Cost(NamedTuple):
    """What one run cost the agent."""

    connections: int
    hellos: int


class Counter:
    """Counts the connections and HELLOs that the agent ``beside`` takes."""

    def __init__(self, beside):
        self.connections = self.hellos = 0
        clients, to = beside.server._admission.clients, beside.answers.to

        def counted():
            for one in clients():
                self.connections += 1
                yield one

        def counting(request):
            self.hellos += request.op == "HELLO"
            return to(request)

        beside.server._admission.clients, beside.answers.to = counted, counting

    def of(self, done):
        """The cost since the last call; ``done`` is the run, which must have gone well."""
        assert done.returncode in (0, 1), done.stderr  # 1: doctor found something
        cost = Cost(self.connections, self.hellos)
        self.connections = self.hellos = 0
        return cost


@pytest.fixture
def counter(beside):
    beside.answers._about["version"] = __version__  # else unlock replaces it
    return Counter(beside)


def test_a_cold_export_with_a_locked_agent(home, counter, beside):
    """The warm question has a connection of its own: vault/warm imports nothing that could keep it."""
    assert counter.of(home.run("export", "dev", **BY_VARIABLE)) == Cost(2, 1)
    # A program was waited for, so the agent is asked again whether another process has opened it meanwhile. It gets the
    # keys and the session over the same connection.
    assert counter.of(home.run("export", "prod", **BY_PROGRAM)) == Cost(2, 2)
    assert beside.state.why == ""
    assert [row["profile"] for row in beside.client().sessions()["sessions"]] == ["prod"]


def test_a_cold_export_with_an_open_agent(home, counter, beside):
    """A worker takes the connection over and answers for the vault's content, so the session is put over another."""
    beside.give()
    counter.of(home.run("--version"))
    assert counter.of(home.run("export", "dev", **NOT_NEEDED)) == Cost(3, 1)
    assert [row["profile"] for row in beside.client().sessions()["sessions"]] == ["dev"]


def test_an_exec(home, counter, beside):
    """As an export."""
    assert counter.of(home.run("exec", "dev", "--", "true", **BY_VARIABLE)) == Cost(2, 1)
    beside.give()
    counter.of(home.run("--version"))
    assert counter.of(home.run("exec", "prod", "--", "true", **NOT_NEEDED)) == Cost(3, 1)


@pytest.mark.parametrize(
    "line",
    ["unlock", "lock", "status", "list", "explain dev", "mfa list", "otp shared-services", "doctor"],
)
@pytest.mark.parametrize("is_open", [False, True], ids=["locked", "open"])
def test_other_commands_dial_once(home, here, beside, counter, line, is_open):
    """Whether the agent is locked or open."""
    if is_open:
        beside.give()
        counter.of(home.run("--version"))
    assert counter.of(here(home, *line.split(), **BY_VARIABLE)) == Cost(1, 1)


def test_clear_dials_once(home, here, beside, counter):
    """It asks again what state the agent is in: before it hands the new cache key over, and whether it still answers."""
    beside.give()
    counter.of(home.run("--version"))
    assert counter.of(here(home, "clear", **BY_VARIABLE)) == Cost(1, 3)


def test_a_disk_hit_gives_its_session_over_the_same_connection(desk, home, beside, counter):
    """It asks for the cache key, and puts the session; nobody need say HELLO for that."""
    desk.credentials("dev")
    beside.give()
    assert beside.client().ask("DROP_SESSIONS", profile="dev")["ok"]
    counter.of(home.run("--version"))
    found = on_disk(home.env, "dev")
    assert found is not None
    assert counter.of(home.run("export", "dev", **NOT_NEEDED)) == Cost(3, 0)  # on_disk's own is the third


@pytest.fixture
def dials(monkeypatch):
    """How often a client dials in this process."""
    found = []

    def dial(path, *, answer):
        found.append(path)
        return given(path, answer=answer)

    given = client.dial
    monkeypatch.setattr(client, "dial", dial)
    return found


@pytest.mark.parametrize("left", [False, True], ids=["no socket", "a killed agent's socket"])
def test_without_an_agent_it_is_looked_for_twice(desk, home, dials, left):
    """At the start, and at the end of the run: another process may have started one, which gets the session."""
    home.env.pop("AWSVAULT_AGENT")
    if left:
        os.makedirs(home.file("run"), mode=0o700, exist_ok=True)
        with socket.socket(socket.AF_UNIX) as dead:
            before = os.umask(0o177)
            dead.bind(home.file("run/agent.sock"))
            os.umask(before)
    obtain.credentials(desk.context(), Request("dev"), purpose="")
    assert len(dials) == 2


# ── the link itself ──────────────────────────────────────────────────────────────────────────


@pytest.fixture
def link(desk, beside):
    made = AgentLink(desk.context().paths)
    yield made
    made.close()


def test_an_agent_that_hung_up_is_dialled_and_asked_again(link, beside, counter):
    """It does so to a client that is silent for a while; who answers then may be another."""
    beside.give()
    assert link.hello().is_open
    for connection in list(beside.server._open):
        beside.server._close(connection)
    beside.lock()
    counter.connections = counter.hellos = 0
    assert link.hello().why == "locked"
    assert Cost(counter.connections, counter.hellos) == (1, 1)


def test_what_the_agent_said_is_asked_again_after_a_wait(link, beside):
    """Another process may have opened it, over a connection of its own."""
    assert link.hello().why == "locked"
    beside.give()
    assert link.hello().why == "locked"
    assert link.hello(again=True).is_open


def test_a_fork_has_no_part_in_the_connection(link, beside, counter):
    """It dials for itself, and closing its copy closes nothing of this process."""
    assert link.hello() is not None
    child = os.fork()
    if not child:
        try:
            ok = link.hello().why == "locked" and counter is not None
            link.close()
        finally:
            os._exit(not ok)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    counter.connections = 0
    assert link.ask("HELLO")["ok"]
    assert counter.connections == 0


def test_a_mute_agent_is_waited_for_once(link, beside, monkeypatch, dials):
    """Each command waited for it at each of its questions."""
    monkeypatch.setattr(beside.answers, "to", lambda _request: b"")
    assert link.hello(answer=0.01) is None
    assert link.mute
    assert link.hello(answer=0.01) is None
    assert link.agent(answer=0.01) is None
    assert len(dials) == 1
    assert link.agent(answer=0.01, mute=True) is not None  # `lock` ends it, and has to know who it is


def test_a_connection_that_was_lent_is_the_workers(link, beside, counter):
    """The next question dials again."""
    agent = link.agent()
    assert link.give_away() is agent
    assert link.agent() is not agent
    agent.close()
