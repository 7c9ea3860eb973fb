"""S3 through boto3 with our own transport: conditions, what is sent once, what is not believed, what is not read."""

from __future__ import annotations

import base64
import hashlib
import logging
import socket

import pytest

from tests.unit.aws.recorder import Recorder
from tests.unit.s3.client import KEY, PLACE, client, place
from vault import errors, limits
from vault.s3 import address
from vault.s3.boto_s3 import S3Client
from vault.s3.refusals import NoConditionalWrites
from vault.secret import Secret
from vault.sync.bucket import Absent, ConditionFailed, Fetched, NotChanged
from vault.system.clock import Deadline

TAG = '200 OK\r\nETag: "t"'
XML = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>Because.</Message></Error>"


def test_object_is_created_read_and_replaced(moto):
    """As a sync does it; the tag of a read is that of the write."""
    at = place(moto)
    assert isinstance(at.get(None), Absent)
    first = at.put(b"one", None)
    assert at.get(None) == Fetched(b"one", first)
    assert isinstance(at.get(first), NotChanged)
    second = at.put(b"two", first)
    assert at.get(first) == Fetched(b"two", second)


def test_conditions_are_kept(moto):
    """No object is replaced that the writer has not seen, and none is created again that was removed."""
    at = place(moto)
    first = at.put(b"one", None)
    second = at.put(b"two", first)
    for match in (None, first, '"other"'):
        with pytest.raises(ConditionFailed):
            at.put(b"three", match)
    assert at.get(None) == Fetched(b"two", second)
    at.delete()
    at.delete()
    with pytest.raises(ConditionFailed):
        at.put(b"three", second)


def test_large_object(moto):
    """A vault of 10,000 entries has 2 MiB."""
    data = bytes(range(256)) * 8192
    at = place(moto)
    tag = at.put(data, None)
    assert at.get(None) == Fetched(data, tag)


def test_bucket_that_does_not_exist(moto):
    with pytest.raises(errors.Refused, match="NoSuchBucket"):
        client(moto).object(address.parse("s3://other-bucket/vault.avlt")).get(None)


def test_environment_of_other_tools_changes_nothing(moto, monkeypatch, tmp_path):
    """Other keys, profiles, endpoints, broken files and models in the home folder have no effect."""
    (tmp_path / ".aws" / "models" / "s3" / "2030-01-01").mkdir(parents=True)
    (tmp_path / ".aws" / "models" / "s3" / "2030-01-01" / "service-2.json").write_text("{")
    for name, value in {
        "HOME": str(tmp_path),
        "AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "AWS_CONFIG_FILE": "/dev/full",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/full",
        "AWS_MAX_ATTEMPTS": "9",
        "AWS_REQUEST_CHECKSUM_CALCULATION": "WHEN_SUPPORTED",
    }.items():
        monkeypatch.setenv(name, value)
    at = place(moto)
    tag = at.put(b"one", None)
    assert at.get(None) == Fetched(b"one", tag)


def test_request_is_signed_with_its_content():
    """The signature covers the condition, the content and its checksum; the token of a session is sent with it."""
    with Recorder(statuses=[TAG], bodies=[b""]) as server:
        place(server.url, key=KEY._replace(token=Secret("the-token"))).put(b"one", '"old"')
    ((_, line, headers),) = server.asked
    digest = hashlib.sha256(b"one")
    assert line == f"PUT /{PLACE.bucket}/{PLACE.key} HTTP/1.1"
    assert headers["if-match"] == '"old"'
    assert headers["x-amz-content-sha256"] == digest.hexdigest()
    assert headers["x-amz-checksum-sha256"] == base64.b64encode(digest.digest()).decode()
    assert headers["x-amz-security-token"] == "the-token"
    for name in ("host", "if-match", "x-amz-checksum-sha256", "x-amz-content-sha256", "x-amz-security-token"):
        assert name in headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")


def test_kms_key_is_named_in_a_write():
    with Recorder(statuses=[TAG], bodies=[b""]) as server:
        place(server.url, kms_key="arn:aws:kms:us-east-1:111111111111:key/1").put(b"one", None)
    headers = server.asked[0][2]
    assert headers["x-amz-server-side-encryption"] == "aws:kms"
    assert (
        headers["x-amz-server-side-encryption-aws-kms-key-id"] == "arn:aws:kms:us-east-1:111111111111:key/1"
    )


@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Slow Down"])
def test_write_is_sent_once_and_a_read_twice(status):
    """Whether a write arrived shows when the object is read again."""
    with Recorder(statuses=[status] * 9, bodies=[XML % b"InternalError"]) as server:
        with pytest.raises(errors.Unreachable) as caught:
            place(server.url).put(b"one", None)
        assert caught.value.sent
        assert len(server.asked) == 1
        with pytest.raises(errors.Unreachable):
            place(server.url).get(None)
        assert len(server.asked) == 1 + limits.AWS_TRIES


@pytest.mark.parametrize("status", ["412 Precondition Failed", "409 Conflict"])
def test_condition_that_failed(status):
    with (
        Recorder(statuses=[status], bodies=[XML % b"PreconditionFailed"]) as server,
        pytest.raises(ConditionFailed),
    ):
        place(server.url).put(b"one", '"old"')


def test_server_without_conditional_writes():
    answer = {"statuses": ["501 Not Implemented"], "bodies": [XML % b"NotImplemented"]}
    with Recorder(**answer) as server, pytest.raises(NoConditionalWrites, match="does not implement"):
        place(server.url).put(b"one", None)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        ("404 Not Found", b"<html>no such page</html>", "a web page"),
        ("404 Not Found", b"", "malformed XML"),
        ("403 Forbidden", b"<!DOCTYPE x [<!ENTITY e 'e'>]><Error><Code>&e;</Code></Error>", "document type"),
        ("200 OK", b"content", "no entity tag"),
        ('200 OK\r\nETag: "a b"', b"content", "no entity tag"),
        ("200 OK\r\nETag: " + "x" * 300, b"content", "no entity tag"),
        (f"{TAG}\r\nLast-Modified: yesterday", b"content", "no answer of S3"),
        (f"{TAG}\r\nx-amz-missing-meta: some", b"content", "no answer of S3"),
        (f"{TAG}\r\nTransfer-Encoding: chunked", b"7\r\ncontent\r\n0\r\n\r\n", "no answer of S3"),
        ("304 Not Modified", b"", "not asked"),
    ],
)
def test_answer_that_is_not_believed(status, body, said):
    """The page of a proxy does not mean that the object is absent."""
    with (
        Recorder(statuses=[status] * 9, bodies=[body]) as server,
        pytest.raises(errors.Unreachable, match=said),
    ):
        place(server.url).get(None)


def test_checksum_that_the_server_kept_is_not_asked_for():
    """After a race it may be that of another write. Then no machine could read the file, which proves itself."""
    other = f"{TAG}\r\nx-amz-checksum-sha256: {base64.b64encode(bytes(32)).decode()}"
    with Recorder(statuses=[other], bodies=[b"content"]) as server:
        assert place(server.url).get(None) == Fetched(b"content", '"t"')
    assert "x-amz-checksum-mode" not in server.asked[0][2]


def test_redirect_is_not_followed():
    """Neither by the transport nor by boto3, which would look for the bucket's region itself."""
    moved = "301 Moved Permanently\r\nLocation: http://127.0.0.1:9/\r\nx-amz-bucket-region: eu-west-1"
    with Recorder(statuses=[moved] * 9, bodies=[XML % b"PermanentRedirect"]) as server:
        with pytest.raises(errors.Refused, match="PermanentRedirect") as caught:
            place(server.url).get(None)
        assert len(server.asked) == 1
    assert "--region eu-west-1" in caught.value.hint


def test_object_over_the_limit_is_not_read(monkeypatch):
    monkeypatch.setattr(limits, "MAX_VAULT_FILE", 1000)
    answer = {"statuses": [TAG] * 9, "bodies": [b"x" * 1001]}
    with Recorder(**answer) as server, pytest.raises(errors.Unreachable, match="larger than 1000 bytes"):
        place(server.url).get(None)


def test_no_time_left():
    """Nothing is sent."""
    with Recorder() as server:
        with pytest.raises(errors.Unreachable, match="no time left"):
            place(server.url, seconds=0).get(None)
        assert server.asked == []


def test_host_that_nobody_trusts_gets_nothing():
    with Recorder() as server:
        with pytest.raises(errors.Untrusted, match="not AWS's own for S3") as caught:
            S3Client(KEY, endpoint=address.endpoint("us-east-1", url=server.url), deadline=Deadline.after(9))
        assert server.asked == []
    assert "trusted_hosts" in caught.value.hint


def test_nothing_is_sent_to_a_monitor(monkeypatch):
    """botocore can report each call, with the token of the session, to a host that the environment names, in plaintext."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as monitor,
        Recorder(statuses=[TAG], bodies=[b""]) as server,
    ):
        monitor.bind(("127.0.0.1", 0))
        monitor.setblocking(False)
        monkeypatch.setenv("AWS_CSM_ENABLED", "true")
        monkeypatch.setenv("AWS_CSM_HOST", "127.0.0.1")
        monkeypatch.setenv("AWS_CSM_PORT", str(monitor.getsockname()[1]))
        place(server.url, key=KEY._replace(token=Secret("the-token"))).put(b"one", None)
        with pytest.raises(BlockingIOError):
            monitor.recv(65_536)


def test_nothing_secret_is_logged(moto, caplog):
    """botocore logs each header of a request, if a log is kept."""
    caplog.set_level(logging.DEBUG)
    place(moto, key=KEY._replace(token=Secret("the-token"))).put(b"one", None)
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "the-token" not in said
    assert "Signature=" not in said
