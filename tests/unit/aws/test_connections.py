"""Connections that stay open from one call of a run to the next."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.certificates import self_signed
from tests.fakes.aws import StandIn
from tests.home import SCENARIO
from tests.patience import PATIENCE
from tests.unit.aws.calls import KEY, REGION
from tests.unit.aws.exchange import answering, send
from tests.unit.aws.provider_context import Jumping
from tests.unit.aws.recorder import Recorder
from vault import errors
from vault.aws import connections, sts
from vault.aws.connections import ConnectionPool
from vault.aws.service_endpoint import ServiceEndpoint
from vault.http import tcp_connect, wire
from vault.http.target import parse_target
from vault.system.clock import Deadline


def ask(url, pool):
    return sts.get_caller_identity(
        KEY, endpoint=ServiceEndpoint(url, REGION, (), pool), deadline=Deadline.after(PATIENCE)
    )


def test_second_call_reuses_the_connection():
    """As boto3's client does within a process."""
    pool = ConnectionPool()
    with Recorder() as server:
        for _ in range(3):
            ask(server.url, pool)
        assert [number for number, _, _ in server.asked] == [1, 1, 1]
        pool.close()


def test_closed_connection_is_replaced():
    """A new one is opened, and the call is made once."""
    pool = ConnectionPool()
    with Recorder(close_after=1) as server:
        for _ in range(3):
            ask(server.url, pool)
        assert [number for number, _, _ in server.asked] == [1, 2, 3]
        pool.close()


def test_call_with_a_code_opens_a_new_connection(aws):
    """On a dying connection, nobody knows whether AWS got the request, and a code works once."""
    pool = ConnectionPool()
    endpoint = ServiceEndpoint(aws.url, REGION, (), pool)
    sts.get_caller_identity(KEY, endpoint=endpoint, deadline=Deadline.after(PATIENCE))
    idle = dict(pool._idle)
    assert idle
    serial = "arn:aws:iam::111111111111:mfa/yourself"
    sts.get_session_token(
        KEY,
        duration=3600,
        serial=serial,
        code=aws.code(),
        endpoint=endpoint,
        deadline=Deadline.after(PATIENCE),
    )
    assert list(pool._idle.values()) != list(idle.values())
    pool.close()


def test_certificates_are_read_once_for_all_hops(tmp_path, monkeypatch):
    """Reading the machine's certificates costs more than a signature, so it is done once a run."""
    chain, key = self_signed(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", chain)
    pool = ConnectionPool()
    with StandIn(certificate=(chain, key)) as aws:
        ask(aws.url, pool)
        os.rename(chain, str(Path(chain).with_suffix(".gone")))
        ask(aws.url, pool)
        pool.close()
        ask(aws.url, pool)
        pool.close()
        with pytest.raises(errors.ConfigError):
            ask(aws.url, None)


def test_cold_chain_with_mfa_dials_once(desk, aws, monkeypatch):
    """GetSessionToken with a code, then AssumeRole with its session: one connection to the host of both."""
    desk.home.config(SCENARIO.replace("region = us-west-2", "region = us-east-1"))
    dialed = []
    connected = tcp_connect.connected

    def counted(name, port, **more):
        dialed.append((name, port))
        return connected(name, port, **more)

    monkeypatch.setattr(tcp_connect, "connected", counted)
    desk.ask("dev")
    assert aws.calls.actions() == ["GetSessionToken", "AssumeRole"]
    assert len(dialed) == 1


def test_second_call_reuses_the_connection_with_tls(tmp_path, monkeypatch):
    """What TLS itself sends after the first answer does not end the connection."""
    chain, key = self_signed(tmp_path)
    monkeypatch.setenv("AWS_CA_BUNDLE", chain)
    dialed = []
    connected = tcp_connect.connected
    monkeypatch.setattr(
        tcp_connect, "connected", lambda *where, **more: dialed.append(where) or connected(*where, **more)
    )
    pool = ConnectionPool()
    with StandIn(certificate=(chain, key)) as aws:
        ask(aws.url, pool)
        ask(aws.url, pool)
        pool.close()
    assert len(dialed) == 1


def test_connection_is_only_for_its_ca_bundle():
    """A connection that one bundle verified is not used where another one is set."""
    pool = ConnectionPool()
    to = parse_target("https://sts.amazonaws.com")
    lax, strict = (
        connections.route(to, env={"AWS_CA_BUNDLE": name}, ca_bundle=None) for name in ("/lax", "/strict")
    )
    here, there = socket.socketpair()
    with here, there:
        pool.put(lax, here)
        assert pool.take(strict) is None


def test_tls_does_not_begin_after_the_deadline(monkeypatch):
    """A slow proxy may have used all the time."""
    clock, heard = Jumping(), []

    def slow(*_, **__):
        clock.ahead += 100
        return wire.HttpAnswer(200, "", {}, b"", reusable=True)

    monkeypatch.setattr(wire, "open_tunnel", slow)
    with (
        answering(lambda peer: heard.append(peer.recv(100))) as port,
        pytest.raises(errors.Unreachable, match="through the proxy"),
    ):
        send(
            "https://sts.amazonaws.com",
            env={"HTTPS_PROXY": f"http://127.0.0.1:{port}"},
            deadline=Deadline.after(50, clock=clock),
        )
    assert heard == [b""]
