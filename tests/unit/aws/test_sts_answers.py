"""Well-formed answers that cannot be from STS: none of them is believed."""

from __future__ import annotations

import pytest
from botocore.utils import parse_timestamp

from tests.unit.aws.calls import KEY, at
from tests.unit.aws.recorder import BODY, Recorder
from vault import errors
from vault.aws import sts


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            BODY.replace(b"GetCallerIdentityResponse", b"GetSessionTokenResponse"),
            "not as AWS does: an answer to another operation",
        ),
        (
            BODY.replace(b"<Account>111111111111<", b"<Account>11111111111<"),
            "11111111111 is not an account ID",
        ),
        (BODY.replace(b"<Account>111111111111</Account>", b""), "no valid Account"),
        (BODY.replace(b"<UserId>AIDAEXAMPLE<", b"<UserId>two words<"), "no valid UserId"),
    ],
)
def test_identity_has_an_account(body, said):
    """An answer to another call, or without a whole account ID, is refused."""
    with Recorder(bodies=[body]) as server, pytest.raises(errors.Unreachable, match=said) as raised:
        sts.get_caller_identity(KEY, **at(server))
    assert raised.value.sent


@pytest.mark.parametrize(
    "end", ["soon", "2026-19-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-01T00:00:00"]
)
def test_session_has_an_expiry(end):
    """An invalid time, such as month 19, is not an expiry."""
    held = f"<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>{end}</Expiration>"
    body = f"<GetSessionTokenResponse><GetSessionTokenResult><Credentials>{held}</Credentials></GetSessionTokenResult></GetSessionTokenResponse>"
    with Recorder(bodies=[body.encode()]) as server, pytest.raises(errors.Unreachable, match="no expiry"):
        sts.get_session_token(KEY, duration=900, **at(server))


@pytest.mark.parametrize("end", ["2026-05-01T12:00:00Z", "2026-05-01T12:00:00.123Z", "2026-05-01T14:00:00+02:00",
                                 "2026-05-01 12:00:00 UTC", "1777636800", "1777636800.5"])  # fmt: skip
def test_expiry_is_read_as_botocore_reads_it(end):
    """Emulators of AWS write it in other forms."""
    assert sts.answer_time(end) == int(parse_timestamp(end).timestamp()) == 1777636800


@pytest.mark.parametrize(("serial", "code"), [("arn:aws:iam::111111111111:mfa/me", None), (None, "123456")])
def test_half_of_mfa_is_never_sent(serial, code):
    """A serial number without its code, or the reverse, would waste a try."""
    with Recorder() as server:
        with pytest.raises(errors.Internal):
            sts.get_session_token(KEY, duration=900, serial=serial, code=code, **at(server))
        assert server.asked == []
