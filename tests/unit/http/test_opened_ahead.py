"""A connection that is opened while its call is prepared: for that call, and for nothing else."""

from __future__ import annotations

import _thread
import os
import socket
import threading
from types import SimpleNamespace

import pytest

from tests.certificates import self_signed
from tests.clients.tunnel import Tunnel
from tests.fakes.aws import StandIn
from tests.patience import PATIENCE
from tests.unit.aws import dials
from tests.unit.aws.calls import KEY, REGION
from tests.unit.aws.recorder import Recorder
from tests.unit.http.test_tls import Server
from tests.vaults import soon
from vault import errors
from vault.aws import connections, sts, transport
from vault.aws.connections import ConnectionPool
from vault.aws.service_endpoint import ServiceEndpoint
from vault.http import opened_ahead, tcp_connect
from vault.http.target import parse_target
from vault.system.clock import Deadline


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def aws(certificate, monkeypatch):
    """A stand-in with TLS, whose certificate is trusted."""
    monkeypatch.setenv("AWS_CA_BUNDLE", certificate[0])
    with StandIn(certificate=certificate) as made:
        yield made


@pytest.fixture
def dialed(monkeypatch):
    return dials.recorded(monkeypatch)


@pytest.fixture
def pool():
    made = ConnectionPool()
    yield made
    made.close()


def open_ahead(pool, url, *, deadline=None):
    pool.open_ahead(parse_target(url), ca_bundle=None, deadline=deadline or soon())


def ask(url, pool):
    return sts.get_caller_identity(KEY, endpoint=ServiceEndpoint(url, REGION, (), pool), deadline=soon())


def once(url, pool, **more):
    """One exchange without another try."""
    return transport.send(
        parse_target(url), method="GET", headers={}, deadline=soon(), pool=pool, **more
    ).status


def test_a_call_takes_the_connection_that_was_opened_for_it(aws, dialed, pool):
    """It was opened in another thread, and serves the second call too."""
    open_ahead(pool, aws.url)
    ask(aws.url, pool)
    ask(aws.url, pool)
    assert len(dialed) == 1
    assert dialed[0] != threading.get_ident()


def test_nothing_is_sent_before_the_call(aws, pool):
    """The server has a connection, and no request."""
    open_ahead(pool, aws.url)
    taken = pool.take(route(aws.url))
    assert len(aws.calls) == 0
    taken.close()


def route(url):
    return connections.route(parse_target(url), env=os.environ, ca_bundle=None)


def test_a_connection_that_is_there_is_not_opened_again(aws, dialed, pool):
    """Neither beside one that is being opened, nor beside an idle one."""
    open_ahead(pool, aws.url)
    open_ahead(pool, aws.url)
    ask(aws.url, pool)
    open_ahead(pool, aws.url)
    ask(aws.url, pool)
    assert len(dialed) == 1


def test_a_call_with_a_code_takes_no_connection_that_was_opened_ahead(aws, dialed, pool):
    """``reuse=False``: it has always a new one."""
    open_ahead(pool, aws.url)
    ahead = pool._ahead[route(aws.url)]
    once(aws.url, pool, reuse=False)
    assert ahead._done.acquire(timeout=PATIENCE)  # or its thread would open it during the next test
    assert dialed.count(threading.get_ident()) == 1


def test_what_came_before_the_call_is_not_its_answer(certificate, monkeypatch, pool):
    """A server that has waited for long says so and closes. The call opens another connection."""
    monkeypatch.setenv("AWS_CA_BUNDLE", certificate[0])
    answers, said = [b"408 Request Timeout"], threading.Event()

    def talk(connection):
        if not answers:
            connection.recv(65536)
        answer = answers.pop() if answers else b"200 OK"
        connection.sendall(b"HTTP/1.1 " + answer + b"\r\nContent-Length: 0\r\n\r\n")
        said.set()

    with Server(certificate, talk) as server:
        url = f"https://127.0.0.1:{server.listener.getsockname()[1]}"
        open_ahead(pool, url)
        assert said.wait(PATIENCE)
        assert once(url, pool) == 200


def test_without_tls_nothing_is_opened_ahead(dialed, pool):
    """A thread takes longer than such a connection."""
    with Recorder() as server:
        open_ahead(pool, server.url)
        assert dialed == []
        ask(server.url, pool)
        pool.close()  # the server waits for its connections
    assert dialed == [threading.get_ident()]


def test_a_connection_that_nobody_takes_is_closed(certificate, monkeypatch):
    """Whether it was open by then or not. The server never saw a request."""
    monkeypatch.setenv("AWS_CA_BUNDLE", certificate[0])
    for waits in (True, False):
        with StandIn(certificate=certificate) as aws:
            closed = threading.Event()
            watch(aws, closed)
            pool = ConnectionPool()
            open_ahead(pool, aws.url)
            if waits:
                ahead = pool._ahead[route(aws.url)]
                assert ahead._done.acquire(timeout=PATIENCE)
            pool.close()
            assert closed.wait(PATIENCE)
            assert len(aws.calls) == 0


def watch(aws, closed):
    """Say when the server's next connection has ended."""
    shutdown = aws._server.shutdown_request

    def end(request):
        shutdown(request)
        closed.set()

    aws._server.shutdown_request = end


def test_a_refused_certificate_is_the_error_of_the_call(
    certificate, aws, dialed, monkeypatch, tmp_path, pool
):
    """As if the call had opened the connection itself: nothing was sent, and the next try opens another."""
    monkeypatch.setenv("AWS_CA_BUNDLE", self_signed(tmp_path)[0])
    open_ahead(pool, aws.url)
    with pytest.raises(errors.Unreachable, match="is not trusted") as raised:
        once(aws.url, pool)
    assert not raised.value.sent
    with pytest.raises(errors.Unreachable, match="is not trusted"):
        once(aws.url, pool)
    assert [one == threading.get_ident() for one in dialed] == [False, True]
    assert len(aws.calls) == 0


def test_a_temporary_failure_ahead_is_tried_again(aws, dialed, pool, monkeypatch):
    """STS is called twice, as after any failure to connect."""
    connected = tcp_connect.connected

    def fail(*where, **more):
        monkeypatch.setattr(tcp_connect, "connected", connected)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(tcp_connect, "connected", fail)
    open_ahead(pool, aws.url)
    assert ask(aws.url, pool).account == "111111111111"
    assert dialed == [threading.get_ident()]


def test_a_silent_server_is_given_up_at_the_deadline(certificate, monkeypatch, pool):
    """The call does not wait for the thread any longer than for the connection."""
    monkeypatch.setenv("AWS_CA_BUNDLE", certificate[0])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        open_ahead(pool, url, deadline=Deadline.after(0.2))
        with pytest.raises(errors.Unreachable, match="timed out") as raised:
            pool.take(route(url))
        assert not raised.value.sent


def test_a_thread_that_hangs_is_not_waited_for(aws, pool, monkeypatch):
    """As a lookup of a name may, which nothing can end. What it opens in the end is closed."""
    go, closed = threading.Event(), threading.Event()
    connect = connections.connect

    def hang(*what, **more):
        assert go.wait(PATIENCE)
        made = connect(*what, **{**more, "deadline": soon()})
        return SimpleNamespace(close=lambda: (made.close(), closed.set()))

    monkeypatch.setattr(connections, "connect", hang)
    open_ahead(pool, aws.url, deadline=Deadline.after(0.05))
    with pytest.raises(errors.Unreachable, match="timed out"):
        pool.take(route(aws.url))
    go.set()
    assert closed.wait(PATIENCE)


def test_without_a_thread_the_connection_is_opened_at_once(aws, dialed, pool, monkeypatch):
    """A limit on processes counts threads as well."""

    def refused(*_):
        raise RuntimeError("can't start new thread")

    own = SimpleNamespace(allocate_lock=_thread.allocate_lock, start_new_thread=refused)
    monkeypatch.setattr(opened_ahead, "_thread", own)
    open_ahead(pool, aws.url)
    ask(aws.url, pool)
    assert dialed == [threading.get_ident()]


def test_a_bundle_that_cannot_be_read_is_reported_before_anything_is_opened(aws, dialed, pool, monkeypatch):
    """With the setting's name, as without a thread."""
    monkeypatch.setenv("AWS_CA_BUNDLE", "/nowhere.pem")
    with pytest.raises(errors.ConfigError, match="AWS_CA_BUNDLE"):
        open_ahead(pool, aws.url)
    assert dialed == []


def test_a_proxy_is_used_ahead_too(aws, pool, monkeypatch):
    """The proxy sees one CONNECT, and the host's name in it."""
    with Tunnel(aws.url) as tunnel:
        monkeypatch.setenv("HTTPS_PROXY", tunnel.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        open_ahead(pool, "https://localhost.example")
        with pytest.raises(errors.Unreachable, match="ostname mismatch"):
            once("https://localhost.example", pool)
        assert tunnel.hosts == ["localhost.example:443"]


def test_what_is_done_meanwhile_is_done_once():
    """At the first answer of a run; the next calls find it done."""
    done = []
    pool = ConnectionPool(meanwhile=lambda: done.append(len(server.asked)))
    with Recorder() as server:
        ask(server.url, pool)
        ask(server.url, pool)
        pool.close()
    assert len(done) == 1
