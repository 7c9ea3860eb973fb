"""One JSON call to Identity Center, against servers that answer as the test says."""

import pytest

from tests.patience import PATIENCE
from tests.unit.aws.recorder import Recorder
from tests.unit.aws.sign_ins import endpoint
from vault import errors
from vault.aws import hosts, sso_call
from vault.system.clock import Deadline


def sent(url, *, path="/x", **more):
    given = {"method": "GET", "untrusted": "it would receive all", "what": "what", **more}
    to = endpoint(url, service=hosts.PORTAL)
    return sso_call.send(to, path, deadline=Deadline.after(PATIENCE), **given)


def test_request():
    """The path follows the endpoint's own; headers, query and body are sent as they are."""
    with Recorder(bodies=[b'{"a": 1}']) as server:
        found = sent(
            server.url + "/prefix/",
            method="POST",
            query="q=1",
            headers={"x-amz-sso_bearer_token": "t"},
            body=b"{}",
        )
    (_, line, headers) = server.asked[0]
    assert line == "POST /prefix/x?q=1 HTTP/1.1"
    assert (headers["x-amz-sso_bearer_token"], headers["content-length"]) == ("t", "2")
    assert found == sso_call.JsonReply(200, {"a": 1}, "")


def test_refusal_is_an_answer():
    """The caller knows what it means; the name is AWS's, without its namespace."""
    with Recorder(statuses=["401 No"], bodies=[b'{"__type": "a.b#UnauthorizedException"}']) as server:
        assert sent(server.url).status == 401


@pytest.mark.parametrize(
    ("status", "hint"),
    [("429 Slow", "AWS limits the rate"), ("500 Broken", "on AWS's side"), ("503 Busy", "on AWS's side")],
)
def test_failing_service(status, hint):
    """Exit 8, with the status as its code; nothing is wrong with the network."""
    with (
        Recorder(statuses=[status], bodies=[b'{"message": null}']) as server,
        pytest.raises(errors.Unreachable, match=f"^what answered {status[:3]}$") as caught,
    ):
        sent(server.url)
    assert (caught.value.code, caught.value.sent) == (status[:3], True)
    assert hint in caught.value.hint


def test_answer_without_a_body():
    """Where the operation gives nothing, nothing is an answer; elsewhere it is not AWS's."""
    with Recorder(bodies=[b""]) as server:
        assert sent(server.url, empty=True) == sso_call.JsonReply(200, {}, "")
        with pytest.raises(errors.Unreachable, match="no JSON from Identity Center"):
            sent(server.url)


def test_name_of_the_error(aws):
    """As the header has it."""
    assert sent(aws.url, path="/assignment/accounts", headers={"x-amz-sso_bearer_token": "else"}) == (
        401,
        {
            "message": "Session token not found or invalid",
            "__type": "com.amazonaws.switchboard.portal#UnauthorizedException",
        },
        "UnauthorizedException",
    )


def test_unreachable():
    """What was asked begins the message; nothing was sent."""
    with pytest.raises(errors.Unreachable, match=r"^what: cannot connect to 127\.0\.0\.1:9") as caught:
        sent("http://127.0.0.1:9")
    assert not caught.value.sent
