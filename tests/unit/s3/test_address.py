"""Where the object is, and what is no such place: nothing that S3, a policy, a URL or a terminal reads as another name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault import errors, limits
from vault.aws.hosts import S3, is_aws_host
from vault.s3 import address
from vault.s3.address import Address

KMS = "arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("text", "bucket", "key"),
    [
        ("s3://my-bucket/vault.avlt", "my-bucket", "vault.avlt"),
        ("s3://a.b-c.d/e/f=g+h@i,j_k", "a.b-c.d", "e/f=g+h@i,j_k"),
        ("s3://abc/..a", "abc", "..a"),
    ],
)
def test_place_is_read_and_written_alike(text, bucket, key):
    assert address.parse(text) == Address(bucket, key)
    assert address.parse(text).url == text


@pytest.mark.parametrize(
    "text",
    [
        "", "s3:", "s3://", "s3://my-bucket", "s3://my-bucket/", "https://my-bucket/key", "S3://my-bucket/key",
        "s3://ab/key", f"s3://{'a' * 64}/key", "s3://My-Bucket/key", "s3://-my/key", "s3://my-/key", "s3://a..b/key",
        "s3://a.-b/key", "s3://a-.b/key", "s3://192.168.5.4/key", "s3://my_bucket/key", "s3://my bucket/key",
        "s3://my-bucket//key", "s3://my-bucket/a//b", "s3://my-bucket/a/", "s3://my-bucket/../other/key",
        "s3://my-bucket/a/./b", "s3://my-bucket/a*", "s3://my-bucket/${aws:username}", "s3://my-bucket/a?b",
        "s3://my-bucket/a#b", "s3://my-bucket/a%2fb", "s3://my-bucket/a b", "s3://my-bucket/a\nb", "s3://my-bucket/a\x1b[2J",
        "s3://my-bucket/\u202ekey", "s3://my-bucket/schlüssel", "s3://my-bucket/" + "a" * (limits.S3_KEY + 1),
        "s3://user:password@my-bucket/key", "s3://my-bucket--op-s3/key", "s3://my--usw2-az1--x-s3/key", "s3://my.mrap/key",
    ],
)  # fmt: skip
def test_what_is_no_place(text):
    """Each is an error of the command line, in characters that a terminal shows."""
    with pytest.raises(errors.Usage) as caught:
        address.parse(text)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 300


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_place_reaches_beyond_its_key(bucket, key):
    """Whatever is read as a place has no character that means something to a policy, a URL or a shell."""
    try:
        found = address.parse(f"s3://{bucket}/{key}")
    except errors.Usage:
        return
    assert not set("*?$#%&;'\"\\ \t\n<>|`~()[]{}:") & set(found.bucket + found.key)
    assert ".." not in found.key.split("/")


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "s3.eu-central-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
        ("us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"),
    ],
)
def test_bucket_of_aws_is_at_awss_own_host(region, host):
    """It needs no consent."""
    found = address.endpoint(region)
    assert found.url == f"https://{host}"
    assert found.foreign_host() is None


@pytest.mark.parametrize(
    "region", ["", "EU-WEST-1", "eu-west-1.example.com", "example.com/", "a" * 65, "eu\n", "-", "auto"]
)
def test_region_of_aws_is_a_regions_name(region):
    """A name that would lead to another host is refused."""
    with pytest.raises(errors.Usage, match="not the name of a region"):
        address.endpoint(region)


def test_region_elsewhere_is_the_servers_own():
    """Other servers have regions such as auto."""
    assert address.endpoint("auto", url="https://s3.example.com").foreign_host() == "s3.example.com"


@pytest.mark.parametrize(
    "url", ["http://s3.example.com", "http://192.0.2.1:9000", "ftp://s3.example.com", "s3.example.com"]
)
def test_endpoint_is_https_unless_it_is_this_machine(url):
    with pytest.raises(errors.ConfigError):
        address.endpoint("us-east-1", url=url)
    assert address.endpoint("us-east-1", url="http://127.0.0.1:9000").url == "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("s3.eu-west-1.amazonaws.com", True),
        ("s3.dualstack.eu-west-1.amazonaws.com", True),
        ("bucket.vpce-0123456789abcdef0-ab12cd34.s3.eu-west-1.vpce.amazonaws.com", True),
        ("my-bucket.s3.eu-west-1.amazonaws.com", False),
        ("s3.eu-west-1.amazonaws.com.example.com", False),
        ("bucket.s3.eu-west-1.vpce.amazonaws.com", False),
        ("evil.vpce-0123456789abcdef0-ab12cd34.s3.eu-west-1.vpce.amazonaws.com", False),
    ],
)
def test_host_with_a_customers_name_is_not_awss_own(host, own):
    """Another customer's bucket has a name under AWS's domain, too."""
    assert is_aws_host(f"https://{host}", service=S3, partition="aws") is own


def test_kms_key_is_an_arn_in_the_buckets_region():
    assert address.check_kms_key(KMS, region="eu-west-1") == KMS


@pytest.mark.parametrize(
    "arn",
    [
        "alias/vault",
        "1234abcd-12ab-34cd-56ef-1234567890ab",
        KMS + "\n",
        KMS + "*",
        KMS.replace("key/", "alias/"),
    ],
)
def test_kms_key_of_another_form(arn):
    """A policy could not name it."""
    with pytest.raises(errors.Usage, match="not the ARN of a KMS key"):
        address.check_kms_key(arn, region="eu-west-1")


def test_kms_key_of_another_region():
    with pytest.raises(errors.Usage, match="the KMS key is in eu-west-1, but the bucket is in us-east-1"):
        address.check_kms_key(KMS, region="us-east-1")
