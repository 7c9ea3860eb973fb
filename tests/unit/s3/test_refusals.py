"""What S3's refusals mean: the exit code, and a hint that can be followed."""

from __future__ import annotations

import pytest

from vault import errors
from vault.s3 import refusals

URL = "s3://my-bucket/vault.avlt"


def refusal(code, message="", *, status=403, **settings):
    return refusals.refusal(
        code, message, status=status, operation="GetObject", url=URL, region="us-east-1", **settings
    )


@pytest.mark.parametrize(
    ("code", "status", "exit_code", "hint"),
    [
        ("AccessDenied", 403, 7, f"awsvault-py remote add --print-policy {URL}"),
        ("AccessDenied", 403, 7, "AWS_ACCESS_KEY_ID"),
        ("InvalidAccessKeyId", 403, 7, "inactive"),
        ("InvalidAccessKeyId", 403, 7, "--profile PROFILE"),
        ("ExpiredToken", 400, 7, "expired"),
        ("SignatureDoesNotMatch", 403, 7, "secret does not belong"),
        ("NoSuchBucket", 404, 7, "create the bucket"),
        ("RequestTimeTooSkewed", 403, 7, "clock"),
        ("KMS.DisabledException", 400, 7, "KMS key"),
        ("SlowDown", 503, 8, "wait a minute"),
        ("InternalError", 500, 8, "AWS's side"),
        ("TemporaryRedirect", 307, 8, "wait a moment"),
        ("NotImplemented", 501, 6, "If-None-Match"),
    ],
)
def test_exit_code_and_hint(code, status, exit_code, hint):
    found = refusal(code, "Because.", status=status)
    assert found.exit_code == exit_code
    assert hint in found.hint
    assert f"{code}: Because." in found.message
    assert found.message.startswith(URL)


def test_bucket_of_another_region_is_named():
    """AWS says where it is."""
    found = refusal("PermanentRedirect", status=301, bucket_region="eu-west-1")
    assert "--region eu-west-1" in found.hint
    assert isinstance(found, errors.Refused)


def test_region_unknown():
    assert "--region" in refusal("PermanentRedirect", status=301).hint


def test_hostile_words_are_escaped():
    """The server's words reach the terminal as text."""
    found = refusal("Access\x1bDenied", "a\n\x1b[2Jb", bucket_region="x\x1b")
    assert found.message.isprintable()
    assert found.hint.isprintable()
    assert refusal("PermanentRedirect", status=301, bucket_region="x\x1b[2J").hint.isprintable()
