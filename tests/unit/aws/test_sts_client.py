"""A call to STS: what is sent, how often, and what counts as an answer."""

from __future__ import annotations

import pytest

from tests.unit.aws.calls import KEY, at
from vault import errors
from vault.aws import transport
from vault.aws.sts_client import StsClient

DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
ANSWER = (
    "<{0}Response><{0}Result><Account>111111111111</Account></{0}Result>"
    "<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{0}Response>"
)
REFUSAL = "<ErrorResponse><Error><Code>{}</Code><Message>no</Message></Error></ErrorResponse>"
WHO = "GetCallerIdentity"


@pytest.fixture
def sent(monkeypatch):
    """The requests so far. ``answers``, on it: the replies and errors to come, the last one for good."""

    class Sent(list):
        answers = [transport.Reply(200, {"date": DATE}, ANSWER.format(WHO).encode())]  # noqa: RUF012

    found = Sent()

    def send(to, **request):
        found.append(request)
        answer = found.answers[0] if len(found.answers) == 1 else found.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(transport, "send", send)
    return found


def client(aws, credentials=KEY, **more):
    return StsClient(credentials=credentials, **at(aws), **more)


def reply(status, text, date=DATE):
    return transport.Reply(status, {"date": date}, text.encode())


def test_an_answer_has_its_fields_and_its_date(aws, sent):
    """The date is kept for those that compare it with the machine's clock."""
    calling = client(aws)
    assert calling.call(WHO) == ({"Account": "111111111111"}, 1_700_000_000)
    assert calling.date == 1_700_000_000


def test_a_request_is_signed_and_says_who_sends_it(aws, sent):
    """With these credentials and no others; parameters are in the body."""
    client(aws).call(WHO, DurationSeconds=900)
    (request,) = sent
    assert request["method"] == "POST"
    assert request["headers"]["user-agent"] == "awsvault-py"
    assert f"Credential={KEY.access_key_id}/" in request["headers"]["authorization"]
    assert b"DurationSeconds=900" in request["body"]


def test_without_credentials_nothing_is_signed(aws, sent):
    """For AssumeRoleWithWebIdentity."""
    client(aws, credentials=None).call(WHO)
    assert "authorization" not in sent[0]["headers"]
    assert sent[0]["headers"]["host"] == aws.url.removeprefix("http://")


@pytest.mark.parametrize(("once", "times"), [(False, 2), (True, 1)])
def test_a_call_that_may_be_repeated_is_sent_twice_at_most(aws, sent, once, times):
    """``once``: not even over a connection that the other end may have closed."""
    sent.answers = [errors.Unreachable("no route"), errors.Unreachable("no route")]
    with pytest.raises(errors.Unreachable, match=f"^{WHO} for dev: no route$"):
        client(aws, subject="dev").call(WHO, once=once)
    assert [request["reuse"] for request in sent] == [not once] * times


def test_a_second_try_that_is_answered_is_an_answer(aws, sent):
    """A temporary failure is not seen."""
    sent.answers = [errors.Unreachable("no route"), *type(sent).answers]
    assert client(aws).call(WHO).fields == {"Account": "111111111111"}
    assert len(sent) == 2


def test_a_refusal_has_awss_code_and_date_and_is_sent_once(aws, sent):
    """It is no temporary failure."""
    sent.answers = [reply(403, REFUSAL.format("AccessDenied"))]
    calling = client(aws)
    with pytest.raises(errors.Refused) as caught:
        calling.call(WHO)
    assert (caught.value.code, caught.value.date, calling.date) == (
        "AccessDenied",
        1_700_000_000,
        1_700_000_000,
    )
    assert len(sent) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<html>Sign in to the Wi-Fi</html>",
        ANSWER.format("AssumeRole"),
        f"<{WHO}Response>text</{WHO}Response",
    ],
)
def test_an_answer_that_cannot_be_awss_is_unreachable(aws, sent, text):
    """A page of somebody in between, or the answer to another call."""
    sent.answers = [reply(200, text)]
    with pytest.raises(errors.Unreachable, match=f"^{WHO}: "):
        client(aws).call(WHO)


def test_an_answer_without_a_date(aws, sent):
    """Nothing is known of AWS's clock then."""
    sent.answers = [reply(200, ANSWER.format(WHO), date="yesterday")]
    assert client(aws).call(WHO).date is None
