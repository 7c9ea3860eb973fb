"""The endpoint of exec --server: which clients are answered, and sessions that are refreshed in time."""

import http.client
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.patience import PATIENCE
from vault import errors, limits
from vault.credentials.issued import Issued
from vault.run.credential_server import PATH, CredentialEndpoint
from vault.run.served_session import Served, document
from vault.run.session_refresh import SessionRefresh
from vault.run.token_file import new_token


class Source:
    """Sessions of an hour by a clock that the test turns; ``error`` makes the next refresh fail."""

    def __init__(self, chain, *, seconds=3600):
        self.chain, self.seconds = chain, seconds
        self.now, self.made, self.error = 1_000_000.0, 0, None
        self.gate = threading.Event()
        self.gate.set()

    def time(self):
        return self.now

    def monotonic(self):
        return self.now

    def again(self):
        self.gate.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        self.made += 1
        found = {"Version": 1, "AccessKeyId": f"ASIA{self.made}", "SecretAccessKey": "s", "SessionToken": "t"}
        found["Expiration"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now + self.seconds))
        got = Issued(json.dumps(found).encode() + b"\n", self.chain)
        return Served(bytearray(document(got)), issued=int(self.now), expires=int(self.now) + self.seconds)


@pytest.fixture
def source(desk):
    return Source(desk.ask("dev").chain)


@pytest.fixture
def refreshing(source):
    return SessionRefresh(source.again(), source.again, clock=source)


@pytest.fixture
def endpoint(refreshing):
    made = CredentialEndpoint(refreshing, token=new_token())
    made.start()
    yield made
    made.close()


def without_threads(monkeypatch, times):
    """The next ``times`` threads cannot be started, as beyond a limit of processes."""
    real, left = threading.Thread.start, [times]

    def start(self):
        if left[0] > 0:
            left[0] -= 1
            raise RuntimeError("can't start new thread")
        real(self)

    monkeypatch.setattr(threading.Thread, "start", start)


def test_a_failed_thread_ends_a_connection_and_not_the_server(endpoint, monkeypatch):
    """One client finds its connection closed and asks again; the next ones are answered as before."""
    without_threads(monkeypatch, 3)
    for _ in range(3):
        with pytest.raises(OSError):  # closed or reset, as the kernel has it
            ask(endpoint)
    assert ask(endpoint)[0] == 200


def test_a_server_that_cannot_start_a_thread_is_an_error(refreshing, monkeypatch):
    """A start that fails is an error of the program, without a traceback."""
    made = CredentialEndpoint(refreshing, token=new_token())
    without_threads(monkeypatch, 1)
    with pytest.raises(errors.StorageError, match="thread"):
        made.start()
    made.close()


def ask(endpoint, *, path=PATH, method="GET", token=None, host=None, headers=()):
    """Status and body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", endpoint._listener.port, timeout=PATIENCE)
    try:
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host or f"127.0.0.1:{endpoint._listener.port}")
        if token != "":
            connection.putheader("Authorization", token or endpoint.token)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders()
        found = connection.getresponse()
        return found.status, json.loads(found.read())
    finally:
        connection.close()


def key(found):
    status, body = found
    assert status == 200, found
    return body["AccessKeyId"]


def test_the_answer_is_what_sdks_read_from_a_container(endpoint):
    """AccessKeyId, SecretAccessKey, Token and Expiration, as ECS names them, and the role."""
    status, body = ask(endpoint)
    assert status == 200
    assert set(body) == {"AccessKeyId", "SecretAccessKey", "Token", "Expiration", "RoleArn"}
    assert body["Token"] == "t"
    assert body["RoleArn"] == "arn:aws:iam::222222222222:role/DeveloperRole"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"token": "wrong"}, 401),
        ({"token": ""}, 401),
        ({"token": "é" * 10}, 401),
        ({"host": "localhost"}, 403),
        ({"host": "rebound.example"}, 403),
        ({"host": "127.0.0.1"}, 403),
        ({"host": "127.0.0.1:1"}, 403),
        ({"headers": [("Host", "127.0.0.1:1")]}, 403),
        ({"headers": [("Authorization", "x")]}, 401),
        ({"path": "/"}, 404),
        ({"path": PATH + "/"}, 404),
        ({"path": PATH + "?x=1"}, 404),
        ({"path": "/../etc/passwd"}, 404),
        ({"path": "//127.0.0.1" + PATH}, 404),
        ({"method": "POST"}, 405),
        ({"method": "HEAD", "token": "wrong"}, 401),
        ({"path": "/", "token": "wrong"}, 401),
        ({"path": "/", "host": "x", "token": "wrong"}, 403),
    ],
)
def test_a_malformed_request_learns_nothing(endpoint, changed, status):
    """A wrong host, a wrong token, another path: refused, in that order, and no part of a credential in the answer."""
    connection = changed.pop("method", "GET")
    if connection == "HEAD":
        with pytest.raises((ValueError, http.client.HTTPException)):
            ask(endpoint, method="HEAD", **changed)
        return
    found, body = ask(endpoint, method=connection, **changed)
    assert found == status
    assert set(body) == {"code", "message"}
    assert "ASIA" not in json.dumps(body)
    assert key(ask(endpoint)) == "ASIA1"


@pytest.mark.parametrize(
    "raw",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /credentials\r\n\r\n",
        b"GET /credentials HTTP/2\r\n\r\n",
        b"GET  /credentials HTTP/1.1\r\n\r\n",
        b"GET /credentials HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /credentials HTTP/1.1\r\n Host: folded\r\n\r\n",
        b"GET /credentials HTTP/1.1\r\nHost : x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
    ],
)
def test_invalid_requests_are_refused(endpoint, raw):
    """Bytes that are not HTTP get a 400 and do no harm."""
    with socket.create_connection(("127.0.0.1", endpoint._listener.port), timeout=PATIENCE) as connection:
        connection.sendall(raw)
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert key(ask(endpoint)) == "ASIA1"


def test_it_listens_on_this_machine_only(endpoint):
    """It listens on 127.0.0.1 only; the token is 256 random bits and differs for each endpoint."""
    assert endpoint._listener.socket.getsockname()[0] == "127.0.0.1"
    assert len(endpoint.token) >= 43
    other = CredentialEndpoint(endpoint._refresh, token=new_token())
    assert other.token != endpoint.token
    other.close()


def test_slow_clients_are_dropped_and_block_no_other(endpoint, monkeypatch):
    """With more slow clients than are answered at once, each is dropped in time, and the next one is answered."""
    monkeypatch.setattr(limits, "SERVER_READ", 1.0)
    slow = [
        socket.create_connection(("127.0.0.1", endpoint._listener.port), timeout=PATIENCE)
        for _ in range(limits.SERVER_CONNECTIONS + 20)
    ]
    for connection in slow:
        connection.sendall(b"GET /cred")
    assert key(ask(endpoint)) == "ASIA1"
    for connection in slow:
        connection.settimeout(60)
        assert connection.recv(10) == b""  # hung up on, without a word
        connection.close()


def test_an_endless_request_head_is_cut_off(endpoint):
    """The connection is closed when the head is over the limit."""
    connection = socket.create_connection(("127.0.0.1", endpoint._listener.port), timeout=PATIENCE)
    with connection, pytest.raises(OSError):
        for _ in range(1000):
            connection.sendall(b"X-Filler: " + b"x" * 4000 + b"\r\n")
            time.sleep(0.001)
    assert key(ask(endpoint)) == "ASIA1"


@pytest.mark.parametrize("count", [2_000, pytest.param(10_000, marks=pytest.mark.long)])
def test_thousands_of_requests_at_fifty_at_once(endpoint, source, count):
    """None fails, and while the clock runs past three sessions' lives each answer is one that is good."""

    def one(number):
        if number % (count // 4) == count // 4 - 1:
            source.now += 2700  # a refresh is due: 900 s are left
        status, body = ask(endpoint)
        return status, body["AccessKeyId"]

    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(one, range(count)))
    assert {status for status, _ in found} == {200}
    assert source.made >= 4
    assert len({name for _, name in found}) >= 4


# ── refresh ─────────────────────────────────────────────────────────────────────────────────────


def test_a_fresh_session_is_not_refreshed(refreshing, source):
    """The same answer for as long as it is fresh: one call for 1,000 requests."""
    assert {answer_key(refreshing) for _ in range(1000)} == {"ASIA1"}
    refreshing.ahead()
    assert source.made == 1


def answer_key(refreshing):
    with refreshing.current().shown() as body:
        return json.loads(bytes(body))["AccessKeyId"]


def test_a_session_is_refreshed_before_a_client_needs_it(refreshing, source):
    """The refresh beside the requests comes 1,410 s before the expiry of an hour's session, once."""
    source.now += 3600 - 1411
    assert 0 < refreshing.pause() <= limits.SERVER_LOOK
    refreshing.ahead()
    assert source.made == 1
    source.now += 2
    refreshing.ahead()
    refreshing.ahead()
    assert source.made == 2
    assert answer_key(refreshing) == "ASIA2"


def test_a_request_after_sleep_refreshes_first(refreshing, source):
    """Nobody refreshed it in time: the request that finds it expired gets a new one, never an expired one."""
    source.now += 100_000
    assert answer_key(refreshing) == "ASIA2"


def test_during_a_refresh_other_requests_get_the_current_session(refreshing, source):
    """A session that is due is served to other clients while it is being refreshed; one call is made."""
    source.now += 3600 - 900
    source.gate.clear()
    first = threading.Thread(target=refreshing.current)
    first.start()
    while not refreshing._refreshing.locked():
        time.sleep(0.001)
    assert {answer_key(refreshing) for _ in range(50)} == {"ASIA1"}
    source.gate.set()
    first.join(PATIENCE)
    assert answer_key(refreshing) == "ASIA2"
    assert source.made == 2


def test_a_failing_refresh_costs_nothing_until_expiry(refreshing, source):
    """It is served to its end, AWS is asked again after a pause only, and recovery is noticed."""
    source.now += 3600 - 900
    source.error = errors.Unreachable("no network")
    assert {answer_key(refreshing) for _ in range(20)} == {"ASIA1"}
    source.error = None
    assert answer_key(refreshing) == "ASIA1"
    source.now += limits.SERVER_RETRY + 1
    assert answer_key(refreshing) == "ASIA2"


def test_without_a_valid_session_the_reason_is_reported(endpoint, source):
    """The answer is 500 with the error's message: SDKs show it, and it has nothing secret."""
    source.now += 10_000
    source.error = errors.Locked("the vault is locked, so no session is refreshed")
    status, body = ask(endpoint)
    assert status == 500
    assert body == {
        "code": "Locked",
        "message": "awsvault-py: the vault is locked, so no session is refreshed",
    }
    source.error = None
    source.now += limits.SERVER_RETRY + 1
    assert key(ask(endpoint)) == "ASIA2"


def test_another_users_connections_leave_room_for_this_users(endpoint, monkeypatch):
    """Somebody else holds as many as there can be, and says nothing: from the ninety-seventh on they are closed."""
    theirs, held = set(), []
    monkeypatch.setattr(limits, "SERVER_READ", PATIENCE)
    monkeypatch.setattr(
        "vault.run.server_address.same_user", lambda *, peer_port, server_port: peer_port not in theirs
    )
    try:
        for _ in range(limits.SERVER_CONNECTIONS + 10):
            made = socket.socket()
            made.bind(("127.0.0.1", 0))
            theirs.add(made.getsockname()[1])
            made.connect(("127.0.0.1", endpoint._listener.port))
            held.append(made)
        assert ask(endpoint)[0] == 200
    finally:
        for made in held:
            made.close()
