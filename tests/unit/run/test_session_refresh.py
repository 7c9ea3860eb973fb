"""Refreshes beside the requests: they outlive failures."""

from __future__ import annotations

import errno
import os
import socket

import pytest

from tests.unit.agent.at_home import until
from tests.unit.run.test_credential_server import Source, answer_key, ask, key
from vault import errors, limits
from vault.run.credential_server import CredentialEndpoint
from vault.run.key_keeper import KeyKeeper
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


def test_refreshes_beside_the_requests_survive_failures(source, endpoint, monkeypatch):
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
def test_refreshes_survive_an_unexpected_error(source, endpoint, monkeypatch, error):
    """One refresh fails by an error that is not the program's: the next attempt comes all the same."""
    turns = []

    def ahead():
        turns.append(len(turns))
        if len(turns) == 1:
            raise error

    monkeypatch.setattr(endpoint._refresh, "pause", lambda: 0.01)
    monkeypatch.setattr(endpoint._refresh, "ahead", ahead)
    endpoint.start()
    until(lambda: len(turns) > 2)


def test_a_refresh_without_a_descriptor(source, monkeypatch):
    """Out of descriptors: an error of the program, so that the cached session is served to its expiry and the next attempt follows."""

    def none():
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    first = source.again()
    refreshing = SessionRefresh(first, KeyKeeper(None, 0).again, clock=source)
    source.now += 2700
    monkeypatch.setattr(socket, "socketpair", none)
    assert answer_key(refreshing) == "ASIA1"
    source.now += 900
    with pytest.raises(errors.StorageError, match="too many open files"):
        refreshing.current()
