"""The file of a session policy: what AWS refuses is reported before a call, in words that fit."""

from __future__ import annotations

import json
import os

import pytest

from vault import errors
from vault.profiles.session_policy import checked

DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}


def read(path):
    return checked(str(path), (), file_at="--policy", arns_at="--policy-arn")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ({**DENY, "NotAction": "iam:*"}, "statement 1 has both Action and NotAction"),
        ({**DENY, "NotResource": "*"}, "statement 1 has both Resource and NotResource"),
        ({**DENY, "Action": []}, "Action of statement 1 is neither"),
        ({**DENY, "Action": 7}, "Action of statement 1 is neither"),
        ({**DENY, "Resource": [["*"]]}, "Resource of statement 1 is neither"),
        ({**DENY, "Sid": ["x"]}, "Sid of statement 1"),
        ({**DENY, "Effect": ["Deny"]}, "Effect"),
        ({**DENY, "Condition": {"NumericLessThan": {"s3:max-keys": float("nan")}}}, "NaN is not valid JSON"),
        (
            {**DENY, "Condition": {"NumericLessThan": {"s3:max-keys": float("-inf")}}},
            "-Infinity is not valid JSON",
        ),
    ],
)
def test_a_statement_that_aws_refuses(tmp_path, statement, said):
    """The message names the statement."""
    path = tmp_path / "my policy.json"
    path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    with pytest.raises(errors.Usage) as caught:
        read(path)
    assert said in caught.value.message
    assert caught.value.message.startswith(f"--policy {str(path)!r}: ")


@pytest.mark.parametrize("version", [["2012-10-17"], {}, 2012, None, "2012-10-18", ""])
def test_a_version_that_does_not_exist(tmp_path, version):
    """Of any type."""
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Version": version, "Statement": [DENY]}))
    with pytest.raises(errors.Usage, match="its Version is not 2012-10-17 or 2008-10-17"):
        read(path)


@pytest.mark.parametrize("number", ["7" * 5000, "1." + "7" * 5000, "1e999", "-1e999"])
def test_a_number_that_is_too_long_is_called_so(tmp_path, number):
    """And not a wrong encoding."""
    path = tmp_path / "policy.json"
    path.write_text(f'{{"Statement": {json.dumps(DENY)}, "Id": {number}}}')
    with pytest.raises(errors.Usage, match="a number in it is too l"):
        read(path)


def test_a_byte_order_mark_is_removed(tmp_path):
    """As in AWS's files: editors on Windows write one."""
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Statement": DENY}), encoding="utf-8-sig")
    assert json.loads(read(path).document) == {"Statement": DENY}


def test_bytes_that_are_not_utf_8(tmp_path):
    """Of another encoding."""
    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"Statement": DENY}), encoding="utf-16")
    with pytest.raises(errors.Usage, match="it is not UTF-8 text"):
        read(path)


def test_a_pipe_is_named_in_the_hint():
    """--policy <(command) gives the path of one."""
    near, far = os.pipe()
    try:
        with pytest.raises(errors.UnsafeFile) as caught:
            read(f"/dev/fd/{near}")
    finally:
        os.close(near)
        os.close(far)
    assert caught.value.message == f"--policy: /dev/fd/{near} is not a regular file"
    assert "pipe" in caught.value.hint
    assert "save" in caught.value.hint
