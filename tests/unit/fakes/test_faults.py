"""What the stand-in can do wrong on demand, and how it holds a request for a test."""

from __future__ import annotations

import threading
import time

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from tests.fakes import example
from tests.fakes.aws import World
from tests.patience import PATIENCE

QUESTION = b"Action=GetCallerIdentity&Version=2011-06-15"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
NO_ANSWER = (BotoCoreError, ClientError, ResponseParserError)


def test_example_world_is_a_new_one_each_time():
    """Two worlds share nothing that can be turned."""
    one, two = World.example(), World.example()
    one.keys[example.KEY_ID].status = "Inactive"
    assert two.keys[example.KEY_ID].status == "Active"


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("throttle", 400, "Throttling"),
        ("throttle-429", 429, "TooManyRequestsException"),
        ("error-500", 500, "InternalFailure"),
        ("error-503", 503, "ServiceUnavailable"),
    ],
)
def test_answers_of_a_service_in_trouble(aws, client, refused, kind, status, code):
    """They come as often as armed, for the action armed, and nothing is done behind them."""
    aws.faults.add("GetSessionToken", kind, times=2)
    sts = client()
    sts.get_caller_identity()
    for _ in range(2):
        with refused(status, code):
            sts.get_session_token()
    assert aws.world.sessions == {}
    sts.get_session_token()
    assert [call.result for call in aws.calls.of("GetSessionToken")] == [code, code, "ok"]


def test_skip_and_access_key(aws, client, refused):
    """A fault may pass over the first requests, and may be for one key alone."""
    other = client(keys=("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"))
    aws.faults.add("*", "throttle", skip=1, times=None, access_key_id=example.KEY_ID)
    client().get_caller_identity()
    other.get_caller_identity()
    for _ in range(3):
        with refused(400, "Throttling"):
            client().get_caller_identity()
    aws.faults.clear()
    client().get_caller_identity()


def test_answer_of_the_tests_own(aws, client, refused):
    """A test may have any status, code and message answered."""
    aws.faults.add("GetCallerIdentity", "refuse", status=403, code="AccessDenied", message="because")
    with refused(403, "AccessDenied", "because"):
        client().get_caller_identity()


def test_clients_retry_their_way_through(aws, client):
    """botocore's own retries meet throttling and a cut, then the answer."""
    aws.faults.add("GetCallerIdentity", "throttle")
    aws.faults.add("GetCallerIdentity", "cut-before", skip=1)
    client(retries={"total_max_attempts": 3, "mode": "standard"}).get_caller_identity()
    assert [call.result for call in aws.calls] == ["Throttling", "cut", "ok"]


@pytest.mark.parametrize(("kind", "sessions"), [("cut-before", 0), ("cut-after", 1), ("cut-midway", 1)])
def test_cut_before_and_after_the_work(aws, client, kind, sessions):
    """A cut connection leaves the work undone or done, as armed."""
    aws.faults.add("GetSessionToken", kind)
    with pytest.raises(NO_ANSWER):
        client().get_session_token()
    assert len(aws.world.sessions) == sessions


def test_slow_answers(aws, client):
    """The wait is before the work, or between work and answer."""
    aws.faults.add("GetSessionToken", "slow", seconds=0.3)
    aws.faults.add("GetSessionToken", "slow-answer", seconds=0.3)
    start = time.monotonic()
    client().get_session_token()
    assert time.monotonic() - start >= 0.6


def test_pause_before_and_after(aws, client):
    """A paused request waits for the test; what it has done by then can be seen."""
    before = aws.faults.pause("GetSessionToken", "before")
    after = aws.faults.pause("GetSessionToken", "after")
    thread = threading.Thread(target=client().get_session_token)
    thread.start()
    assert before.wait_reached()
    assert aws.world.sessions == {}
    assert aws.calls.of("GetSessionToken")[0].result == ""
    before.release()
    assert after.wait_reached()
    assert len(aws.world.sessions) == 1
    assert thread.is_alive()
    after.release()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_hook_runs_in_the_request(aws, client):
    """A function of the test runs once for each request, before the work."""
    seen = []
    aws.faults.hook("GetCallerIdentity", "before", lambda: seen.append(len(seen)), times=None)
    client().get_caller_identity()
    client().get_caller_identity()
    assert seen == [0, 1]


def test_garbage_and_redirect(aws, client):
    """Neither is an answer of the service: the call fails and no work was done."""
    aws.faults.add("GetSessionToken", "garbage")
    with pytest.raises(NO_ANSWER):
        client().get_session_token()
    aws.faults.add("GetSessionToken", "redirect", location="http://127.0.0.1:1/")
    with pytest.raises(NO_ANSWER):
        client().get_session_token()
    assert aws.world.sessions == {}


def test_flood(aws):
    """The huge answer is streamed, announced by its length, and ends when the reader goes."""
    import http.client

    aws.faults.add("GetCallerIdentity", "huge")
    connection = http.client.HTTPConnection(aws.url.removeprefix("http://"), timeout=PATIENCE)
    connection.request("POST", "/", body=QUESTION, headers=FORM)
    answer = connection.getresponse()
    assert int(answer.headers["Content-Length"]) == 1 << 30
    assert len(answer.read(1 << 20)) == 1 << 20
    connection.close()


def test_wrong_values_in_answers(aws, client):
    """Another account, an end ten years away, an end in the past, fields twice."""
    aws.faults.add("GetCallerIdentity", "wrong-account")
    who = client().get_caller_identity()
    assert who["Account"] == who["Arn"].split(":")[4] == "999999999999"
    aws.faults.add("AssumeRole", "wrong-account", account="444444444444")
    role = {"RoleArn": example.role("OpenRole"), "RoleSessionName": "x1"}
    assert ":444444444444:" in client().assume_role(**role)["AssumedRoleUser"]["Arn"]
    for kind, least, most in (("ten-year-expiry", 9 * 365 * 86400, 1e9), ("past-expiry", -100, 0)):
        aws.faults.add("GetSessionToken", kind)
        ends = client().get_session_token()["Credentials"]["Expiration"].timestamp()
        assert least < ends - aws.world.now() < most
    aws.faults.add("GetSessionToken", "duplicate-fields")
    keys = client().get_session_token()["Credentials"]
    assert next(element.text for element in keys["AccessKeyId"]) == "ASIADUPLICATEEXAMPLE"


def test_control_characters_in_a_message(aws, client):
    """A hostile message reaches the client with its C1 and bidirectional controls."""
    aws.faults.add("GetCallerIdentity", "control-characters")
    with pytest.raises(ClientError) as caught:
        client().get_caller_identity()
    assert {"\x9b", "\u202e", "\x85"} <= set(caught.value.response["Error"]["Message"])


def test_date_off(aws, client):
    """The Date header lies as often as armed, then tells the stand-in's time again."""
    aws.faults.add("GetCallerIdentity", "date-off", seconds=3600)
    from email.utils import parsedate_to_datetime

    headers = client().get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    assert 3590 < parsedate_to_datetime(headers["date"]).timestamp() - aws.world.now() < 3610
    headers = client().get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    assert abs(parsedate_to_datetime(headers["date"]).timestamp() - aws.world.now()) < 10


def test_unknown_fault_is_a_mistake_of_the_test(aws):
    """A misspelt fault is refused when it is armed, so that no test passes for want of it."""
    with pytest.raises(ValueError, match="no such fault"):
        aws.faults.add("AssumeRole", "trottle")


def test_a_hundred_at_once_spend_one_code_once(aws, client):
    """Of a hundred requests with one code at the same time exactly one gets a session."""
    sts, code, results = client(max_pool_connections=100), aws.code(), []
    gate = threading.Barrier(100)

    def ask():
        gate.wait()
        try:
            sts.get_session_token(SerialNumber=example.SERIAL, TokenCode=code)
            results.append("ok")
        except ClientError as error:
            results.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=ask) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(results) == ["AccessDenied"] * 99 + ["ok"]
    assert len(aws.world.sessions) == 1
    assert aws.calls.count("GetSessionToken") == 100


def test_connection_is_kept(aws, client):
    """Answers leave the connection open, so a client's second request needs no new one."""
    import http.client

    connection = http.client.HTTPConnection(aws.url.removeprefix("http://"), timeout=PATIENCE)
    for _ in range(3):
        connection.request("POST", "/", body=QUESTION, headers=FORM)
        answer = connection.getresponse()
        assert answer.status == 403
        assert "<Code>MissingAuthenticationToken</Code>" in answer.read().decode()
        assert answer.headers["x-amzn-RequestId"]
        socket = connection.sock
        assert socket is not None
    connection.close()
