"""Where a remote is and who signs for it: what is taken from the options, the environment and the profile."""

from __future__ import annotations

import json

import pytest

from tests.fakes.s3 import URL
from tests.home import failed

KMS = "arn:aws:kms:eu-west-1:111111111111:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.mark.parametrize(
    ("words", "env", "region"),
    [
        (("--region", "eu-west-1"), {"AWS_REGION": "eu-west-3"}, "eu-west-1"),
        ((), {"AWS_REGION": "eu-west-3"}, "eu-west-3"),
        (("--profile", "far"), {}, "ap-south-1"),
        ((), {}, "us-east-1"),
    ],
)
def test_region_in_order(laptop, words, env, region):
    """The option, the environment, the profile, the default: seen in the policy for a KMS key."""
    laptop.home.config("[profile far]\nregion = ap-south-1\n")
    key = KMS.replace("eu-west-1", region)
    policy = json.loads(
        laptop.ok("remote", "add", URL, "--print-policy", "--kms-key", key, *words, **env).stdout
    )
    assert f"s3.{region}.amazonaws.com" in json.dumps(policy)


def test_kms_key_of_another_region(laptop):
    failed(
        laptop.run("remote", "add", URL, "--kms-key", KMS, "--region", "us-east-1"),
        2,
        "KMS key is in eu-west-1",
    )


def test_environment_comes_before_the_profile(laptop, s3):
    """So that one run can use other credentials than the profile's, which AWS may refuse."""
    laptop.home.config("[profile broken]\nregion = us-east-1\nrole_arn = none\n")
    laptop.remote("--profile", "broken")
    assert laptop.sync()["came"] == []
    without = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    assert laptop.run("sync", **without).returncode == 6


def test_key_of_the_vault_signs(laptop, s3):
    """By its profile, whose MFA session or key is got as for an export; the bucket refuses what it does not know."""
    laptop.home.config("[profile dev]\nregion = us-east-1\nawsvault_session = off\n")
    laptop.remote("--profile", "dev")
    s3.requests.clear()
    without = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    assert laptop.run("sync", **without).returncode in (6, 7)


def test_half_of_a_key_in_the_environment(laptop, s3):
    failed(
        laptop.run("remote", "add", URL, *laptop.at, AWS_SECRET_ACCESS_KEY=None),
        6,
        "the environment: no valid SecretAccessKey",
    )
    assert s3.requests == []


def test_bundle_of_the_profile_verifies_the_bucket(laptop):
    """As it verifies every other call of the profile."""
    laptop.home.config("[profile dev]\nregion = us-east-1\nca_bundle = /nowhere.pem\n")
    failed(
        laptop.run(
            "remote",
            "add",
            URL,
            "--profile",
            "dev",
            "--endpoint-url",
            "https://127.0.0.1:9",
            "--trust-endpoint",
        ),
        6,
        "ca_bundle: cannot read certificates from /nowhere.pem",
    )
