"""The printed policy allows what a sync does, on one object, and nothing else."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase

import pytest

from vault.s3 import least_policy
from vault.s3.address import parse

PLACE = parse("s3://my-bucket/a/vault.avlt")
KMS = "arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def allows(action, resource, **settings):
    """Whether a statement allows it; conditions apart."""
    policy = json.loads(least_policy.text(PLACE, region="eu-west-1", **settings))
    return any(
        action in each["Action"] and any(fnmatchcase(resource, pattern) for pattern in each["Resource"])
        for each in policy["Statement"]
    )


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:GetObject", "arn:aws:s3:::my-bucket/a/vault.avlt", True),
        ("s3:PutObject", "arn:aws:s3:::my-bucket/a/vault.avlt", True),
        ("s3:DeleteObject", "arn:aws:s3:::my-bucket/a/vault.avlt", False),
        ("s3:PutObject", "arn:aws:s3:::my-bucket/a/vault.avlt.probe-0f-1", True),
        ("s3:DeleteObject", "arn:aws:s3:::my-bucket/a/vault.avlt.probe-0f-1", True),
        ("s3:GetObject", "arn:aws:s3:::my-bucket/a/other", False),
        ("s3:GetObject", "arn:aws:s3:::other/a/vault.avlt", False),
        ("s3:ListBucket", "arn:aws:s3:::my-bucket", True),
        ("kms:Decrypt", KMS, False),
    ],
)
def test_what_is_allowed(action, resource, allowed):
    assert allows(action, resource) is allowed


def test_kms_key_is_allowed_where_one_is_named():
    """For S3's use of this key alone."""
    assert allows("kms:Decrypt", KMS, kms_key=KMS)
    assert allows("kms:GenerateDataKey", KMS, kms_key=KMS)
    statement = json.loads(least_policy.text(PLACE, region="eu-west-1", kms_key=KMS))["Statement"][-1]
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}


def test_listing_is_bound_to_the_prefix():
    statement = json.loads(least_policy.text(PLACE, region="eu-west-1"))["Statement"][2]
    assert statement["Condition"]["StringLike"]["s3:prefix"] == ["a/vault.avlt", "a/vault.avlt.probe-*"]


def test_other_partition_has_its_own_arns():
    assert "arn:aws-cn:s3:::my-bucket" in least_policy.text(PLACE, region="cn-north-1")
