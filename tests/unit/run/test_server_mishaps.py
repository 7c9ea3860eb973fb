"""The endpoint of exec --server and login's page when clients vanish, sessions come too late, or renewals fail."""

from __future__ import annotations

import errno
import os
import socket
import struct

import pytest

from tests.patience import PATIENCE
from tests.unit.agent.at_home import until
from tests.unit.run.test_credential_server import Source, answer_key, ask, key
from vault import errors, limits
from vault.run.browser_handoff import Handoff
from vault.run.credential_server import CredentialEndpoint, new_token
from vault.run.key_keeper import KeyKeeper
from vault.run.session_refresh import SessionRefresh
from vault.secret import Secret
from vault.system.clock import Deadline


@pytest.fixture
def source(desk):
    return Source(desk.ask("dev").chain)


@pytest.fixture
def endpoint(source):
    made = CredentialEndpoint(SessionRefresh(source.again(), source.again, clock=source), token=new_token())
    yield made
    made.close()


def call(port, text=b"GET /cred", *, reset=False):
    """Send ``text`` and hang up, as a program that is killed does (``reset``) or one that is done."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(text)


@pytest.mark.parametrize("reset", [False, True])
def test_clients_that_hang_up_take_no_place(endpoint, reset):
    """More of them than are answered at once, in the middle of their request: whoever comes next is answered."""
    endpoint.start()
    for _ in range(limits.SERVER_CONNECTIONS + 5):
        call(endpoint.port, reset=reset)
    assert key(ask(endpoint)) == "ASIA1"


def test_a_session_without_a_role_names_none(desk):
    """The key's own session: its account, and no RoleArn that SDKs would show."""
    source = Source(desk.ask("shared-services").chain)
    made = CredentialEndpoint(SessionRefresh(source.again(), source.again, clock=source), token=new_token())
    made.start()
    status, body = ask(made)
    made.close()
    assert (status, "RoleArn" in body) == (200, False)


def test_a_session_that_comes_too_late_is_not_handed_out(source):
    """AWS's answer is over by this machine's clock: an error that says so, and no expired credentials."""
    renewing = SessionRefresh(source.again(), source.again, clock=source)
    source.now += 100_000
    source.seconds = -10
    with pytest.raises(errors.Unreachable, match="by this machine's clock"):
        renewing.current()
    for _ in range(5):  # AWS is not asked again by each client that comes
        with pytest.raises(errors.Unreachable, match="by this machine's clock"):
            renewing.current()
    assert source.made == 2
    source.seconds = 3600
    source.now += limits.SERVER_RETRY
    assert answer_key(renewing) == "ASIA3"


def test_renewals_beside_the_requests_outlive_failures(source, endpoint, monkeypatch):
    """Nobody asks while AWS is away and the session ends: it goes on trying, and has a new one when AWS is back."""
    monkeypatch.setattr(limits, "SERVER_LOOK", 0.005)
    monkeypatch.setattr(limits, "SERVER_RETRY", 0)
    tries = []
    again = source.again

    def counted():
        tries.append(source.error)
        return again()

    endpoint._refresh._again = counted
    source.now += 100_000
    source.error = errors.Unreachable("no network")
    endpoint.start()
    until(lambda: len(tries) > 2, seconds=60)
    source.error = None
    until(lambda: source.made == 2, seconds=60)
    assert key(ask(endpoint)) == "ASIA2"


@pytest.mark.parametrize("error", [OSError("no descriptor"), MemoryError(), KeyError("x")])
def test_renewals_outlive_what_nobody_thought_of(source, endpoint, monkeypatch, error):
    """One renewal fails by an error that is none of ours: the next turn comes all the same."""
    turns = []

    def ahead():
        turns.append(len(turns))
        if len(turns) == 1:
            raise error

    monkeypatch.setattr(endpoint._refresh, "pause", lambda: 0.01)
    monkeypatch.setattr(endpoint._refresh, "ahead", ahead)
    endpoint.start()
    until(lambda: len(turns) > 2)


def test_no_descriptor_for_a_renewal(source, monkeypatch):
    """Out of descriptors: an error of ours, so that the session in hand is served to its end and the next turn tries again."""

    def none():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    first = source.again()
    renewing = SessionRefresh(first, KeyKeeper(None, 0).again, clock=source)
    source.now += 2700
    monkeypatch.setattr(socket, "socketpair", none)
    assert answer_key(renewing) == "ASIA1"
    source.now += 900
    with pytest.raises(errors.StorageError, match="too many open files"):
        renewing.current()


def test_a_page_that_nobody_fetches_ends_in_time():
    """Strangers who hang up, or ask for something else, do not use it up; at the end of the time it is over."""
    with Handoff(Secret("https://signin.example/")) as page:
        port = int(page.url.split(":")[2].split("/")[0])
        assert page.serve(deadline=Deadline.after(0)) is False
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as other:
            other.sendall(b"GET / HTTP/1.1\r\n")
            other.shutdown(socket.SHUT_WR)
            assert page.serve(deadline=Deadline.after(0.3)) is False
            assert other.recv(4096).startswith(b"HTTP/1.1 404 ")
