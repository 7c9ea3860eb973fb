"""Clients of the endpoint that vanish."""

from __future__ import annotations

import socket
import struct

import pytest

from tests.patience import PATIENCE
from tests.unit.run.test_credential_server import Source, ask, key
from vault import limits
from vault.run.credential_server import CredentialEndpoint
from vault.run.session_refresh import SessionRefresh
from vault.run.token_file import new_token


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
    """More of them than are answered at once, in the middle of their request: the next client is answered."""
    endpoint.start()
    for _ in range(limits.SERVER_CONNECTIONS + 5):
        call(endpoint._listener.port, reset=reset)
    assert key(ask(endpoint)) == "ASIA1"
