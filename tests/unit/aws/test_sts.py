"""STS's calls against the stand-in: what they send, what they refuse to believe, and how refusals differ."""

from __future__ import annotations

import pytest

from tests.fakes.example import DEVELOPER, KEY_ID, SECRET, SERIAL, role
from tests.patience import PATIENCE
from vault import errors
from vault.aws import service_errors, sts
from vault.aws.credentials import Credentials
from vault.aws.service_endpoint import ServiceEndpoint
from vault.secret import Secret
from vault.system.clock import Deadline

KEY = Credentials(KEY_ID, Secret(SECRET))


def where(aws, seconds=PATIENCE):
    return {"endpoint": ServiceEndpoint(aws.url, "us-east-1"), "deadline": Deadline.after(seconds)}


def session(aws, **more):
    return sts.get_session_token(KEY, duration=3600, **more, **where(aws))


def assume(aws, credentials=KEY, arn=DEVELOPER, **more):
    return sts.assume_role(credentials, role_arn=arn, session_name="me", **more, **where(aws))


def test_identity_of_a_key(aws):
    """GetCallerIdentity gives account, ARN and user name."""
    found = sts.get_caller_identity(KEY, **where(aws))
    assert (found.account, found.user) == ("111111111111", "yourself")


def test_mfa_session_for_a_role_that_requires_mfa(aws):
    """GetSessionToken with a code, then AssumeRole without one: the account is the role's."""
    first = session(aws, serial=SERIAL, code=aws.world.code(SERIAL))
    assert 3590 < first.expiration - first.issued <= 3600
    got = assume(aws, first.credentials, duration=1800)
    assert got.account_id == "222222222222"
    assert sts.get_caller_identity(got.credentials, **where(aws)).arn.endswith(
        ":assumed-role/DeveloperRole/me"
    )


def test_the_environment_of_other_tools_changes_nothing(aws, monkeypatch):
    """Other keys, a missing profile or a FIPS switch in the environment have no effect on explicit credentials."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_SESSION_TOKEN": "x",
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_CONFIG_FILE": "/dev/full",
        "AWS_MAX_ATTEMPTS": "9",
    }.items():
        monkeypatch.setenv(name, value)
    assert sts.get_caller_identity(KEY, **where(aws)).user == "yourself"


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda aws: session(aws, serial=SERIAL, code="000000"), service_errors.MFA_CODE),
        (lambda aws: session(aws, serial=SERIAL + "x", code="000000"), service_errors.MFA_SERIAL),
        (assume, "AccessDenied"),
        (lambda aws: assume(aws, KEY._replace(secret=Secret("wrong"))), "SignatureDoesNotMatch"),
        (lambda aws: assume(aws, KEY._replace(access_key_id="AKIAI44QH8DHCEXAMPLE")), "InvalidClientTokenId"),
        (lambda aws: assume(aws, arn=role("OpenRole"), duration=7200), "ValidationError"),
    ],
)
def test_each_refusal_has_its_own_code(aws, act, code):
    """Callers can tell a wrong code from a wrong device, a wrong secret, a deleted key and a missing permission."""
    with pytest.raises(errors.Refused) as caught:
        act(aws)
    assert caught.value.code == code
    assert caught.value.date is not None


def test_expired_session(aws):
    """ExpiredToken, in both of AWS's spellings."""
    first = session(aws)
    aws.world.expire()
    with pytest.raises(errors.Refused) as caught:
        assume(aws, first.credentials)
    assert caught.value.code == "ExpiredToken"


def test_inactive_region(aws):
    """RegionDisabledException keeps its code, and the hint says who can change it."""
    aws.world.disabled_regions.add(("111111111111", "us-east-1"))
    with pytest.raises(errors.Refused) as caught:
        session(aws)
    assert (caught.value.code, "administrator" in caught.value.hint) == (service_errors.REGION, True)


def test_wrong_clock(aws):
    """The hint says how far and in which direction this machine's clock is off."""
    aws.world.clock.advance(7200)
    with pytest.raises(errors.Refused) as caught:
        session(aws)
    assert caught.value.code == service_errors.CLOCK
    assert "behind" in caught.value.hint
    assert any(f"{n} s" in caught.value.hint for n in range(7190, 7211))


@pytest.mark.parametrize(
    "kind", ["throttle", "throttle-429", "error-500", "error-503", "cut-before", "cut-after", "garbage"]
)
def test_passing_failure_is_retried_once(aws, kind):
    """A call that changes nothing is sent twice."""
    aws.faults.add("GetCallerIdentity", kind)
    assert sts.get_caller_identity(KEY, **where(aws)).user == "yourself"
    assert len(aws.calls.of("GetCallerIdentity")) == 2


@pytest.mark.parametrize("kind", ["throttle", "error-500", "cut-after"])
def test_a_code_is_sent_once(aws, kind):
    """A call with a code is never repeated: AWS would refuse the second, and count it."""
    aws.faults.add("GetSessionToken", kind)
    with pytest.raises(errors.Unreachable):
        session(aws, serial=SERIAL, code=aws.world.code(SERIAL))
    assert len(aws.calls.of("GetSessionToken")) == 1


@pytest.mark.parametrize("kind", ["wrong-account", "ten-year-expiry", "past-expiry", "redirect", "garbage"])
def test_impossible_answers_are_refused(aws, kind):
    """Another account, an expiry beyond the request, a redirect: an error, never credentials."""
    options = {"location": "http://127.0.0.1:9/"} if kind == "redirect" else {}
    aws.faults.add("AssumeRole", kind, times=None, **options)
    with pytest.raises((errors.Unreachable, errors.Refused)):
        assume(aws, arn=role("OpenRole"))


def test_endless_answer_is_cut_off(aws):
    """A gigabyte is not read: the call fails after the first quarter of a megabyte."""
    aws.faults.add("AssumeRole", "huge", times=None)
    with pytest.raises(errors.Unreachable):
        assume(aws, arn=role("OpenRole"))


def test_control_characters_never_reach_a_message(aws):
    """The words of AWS, or of a proxy, are escaped."""
    aws.faults.add("AssumeRole", "control-characters")
    with pytest.raises(errors.Refused) as caught:
        assume(aws, arn=role("OpenRole"))
    assert caught.value.message.isprintable()


def test_the_deadline_ends_a_slow_call(aws):
    """No call outlasts the run's deadline."""
    aws.faults.add("GetCallerIdentity", "slow", seconds=20, times=None)
    deadline = Deadline.after(1.0)
    with pytest.raises(errors.Unreachable):
        sts.get_caller_identity(KEY, endpoint=ServiceEndpoint(aws.url, "us-east-1"), deadline=deadline)
    assert -15 < deadline.end - deadline.clock.monotonic() < 0.5


def test_refused_connection_sent_nothing():
    """The error says that AWS has not seen the request."""
    with pytest.raises(errors.Unreachable) as caught:
        sts.get_caller_identity(
            KEY,
            endpoint=ServiceEndpoint("http://127.0.0.1:9", "us-east-1"),
            deadline=Deadline.after(PATIENCE),
        )
    assert not caught.value.sent


def test_untrusted_certificate(tmp_path):
    """TLS is verified; AWS_CA_BUNDLE adds CA certificates, as in AWS's tools."""
    from tests.certificates import self_signed
    from tests.fakes.aws import StandIn

    chain, key = self_signed(tmp_path)
    with StandIn(certificate=(chain, key)) as aws:
        with pytest.raises(errors.Unreachable, match="not trusted"):
            sts.get_caller_identity(KEY, **where(aws))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AWS_CA_BUNDLE", chain)
            assert sts.get_caller_identity(KEY, **where(aws)).user == "yourself"


def test_answer_in_pieces_from_a_closing_server():
    """All of it is read, even if the server announces that it will close."""
    import socket
    import threading
    import time

    body = (
        b"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111111111111:user/me</Arn>"
        b"<UserId>AIDA</UserId><Account>111111111111</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
    )

    def serve(listener):
        for _ in range(3):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                connection.sendall(head.encode())
                for piece in (body[:10], body[10:]):
                    time.sleep(0.05)
                    connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        port = listener.getsockname()[1]
        for _ in range(3):
            found = sts.get_caller_identity(
                KEY,
                endpoint=ServiceEndpoint(f"http://127.0.0.1:{port}", "us-east-1"),
                deadline=Deadline.after(PATIENCE),
            )
            assert found.user == "me"
