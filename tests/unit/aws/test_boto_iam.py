"""IAM through boto3 with our own transport, against the stand-in: what is sent once, what is not believed, what is not read."""

from __future__ import annotations

import time

import pytest

from tests.fakes.example import KEY_ID, SECRET
from tests.patience import PATIENCE
from vault import errors
from vault.aws.boto_iam import IamClient
from vault.aws.credentials import Credentials
from vault.aws.iam import Iam
from vault.aws.service_endpoint import ServiceEndpoint
from vault.secret import Secret
from vault.system.clock import Deadline

KEY = Credentials(KEY_ID, Secret(SECRET))


def iam(aws, *, path="", key=KEY, seconds=PATIENCE):
    client = IamClient(
        key,
        endpoint=ServiceEndpoint(aws.url + path, "us-east-1", service="iam", trusted_hosts=("127.0.0.1",)),
        subject="key me",
    )

    def call(operation, *, once=False, **parameters):
        return client.call(operation, deadline=Deadline.after(seconds), once=once, **parameters)

    return Iam(call, user="yourself")


def actions(aws):
    return [call.action for call in aws.calls]


def test_keys_are_listed_with_their_use(aws):
    """Times are Unix seconds, and each key has its last use."""
    (key,) = iam(aws).keys()
    assert (key.id, key.active, key.asked) == (KEY_ID, True, True)
    assert actions(aws) == ["ListAccessKeys", "GetAccessKeyLastUsed"]


def test_a_new_device_has_a_seed(aws):
    """The seed is base32 text, with the serial number that AWS assigned."""
    made = iam(aws).create_device("desk")
    assert made.serial == "arn:aws:iam::111111111111:mfa/desk"
    assert made.seed.reveal().isalnum()


def test_the_environment_of_other_tools_changes_nothing(aws, monkeypatch):
    """Other keys, a missing profile, a broken file and a number of retries in the environment have no effect."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAI44QH8DHBEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_PROFILE": "nobody",
        "AWS_DEFAULT_PROFILE": "nobody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_CONFIG_FILE": "/dev/full",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/full",
        "AWS_MAX_ATTEMPTS": "9",
    }.items():
        monkeypatch.setenv(name, value)
    assert len(iam(aws).keys(uses=False)) == 1
    aws.faults.add("CreateAccessKey", "cut-after", times=3)
    with pytest.raises(errors.Unreachable) as caught:
        iam(aws).create_key()
    assert caught.value.sent
    assert actions(aws).count("CreateAccessKey") == 1


@pytest.mark.parametrize("kind", ["cut-before", "cut-midway", "error-500", "throttle", "garbage", "redirect"])
def test_creating_a_key_is_sent_once(aws, kind):
    """Whatever fails, no second key is created that nobody would know."""
    aws.faults.add("CreateAccessKey", kind)
    with pytest.raises(errors.Unreachable) as caught:
        iam(aws).create_key()
    assert caught.value.sent
    assert caught.value.message.startswith(("CreateAccessKey", "AWS "))
    assert actions(aws) == ["CreateAccessKey"]


@pytest.mark.parametrize("kind", ["cut-before", "cut-after", "error-503", "throttle-429"])
def test_passing_failure_is_retried_once(aws, kind):
    """Calls that change nothing are sent a second time."""
    aws.faults.add("ListAccessKeys", kind)
    assert len(iam(aws).keys(uses=False)) == 1
    assert actions(aws) == ["ListAccessKeys"] * 2


def test_endless_answer_is_cut_off(aws):
    """A GiB is not read into memory."""
    aws.faults.add("CreateAccessKey", "huge")
    with pytest.raises(errors.Unreachable, match="larger than 262144 bytes"):
        iam(aws).create_key()


def test_deadline_ends_a_slow_call(aws):
    """With half a second, the call ends before AWS would have answered."""
    aws.faults.add("ListAccessKeys", "slow", seconds=5, times=None)
    with pytest.raises(errors.Unreachable, match="key me"):
        iam(aws, seconds=0.5).keys()
    assert not aws.calls.of("ListAccessKeys")[0].status


def test_refusal_names_code_and_key(aws):
    """It has AWS's words, the key, and AWS's Date."""
    wrong = Credentials(KEY_ID, Secret("x" * 40))
    with pytest.raises(errors.Refused, match="for key me: SignatureDoesNotMatch") as caught:
        iam(aws, key=wrong).keys()
    assert abs(caught.value.date - time.time()) < 60


def test_endpoint_with_a_path(aws):
    """The signed path is the requested path."""
    with pytest.raises(errors.Error) as caught:
        iam(aws, path="/behind/a/gate").keys()
    assert getattr(caught.value, "code", "") != "SignatureDoesNotMatch"


def test_invalid_name_is_a_usage_error(aws):
    """It is not sent."""
    with pytest.raises(errors.Usage, match="IAM does not accept"):
        iam(aws).create_device("")
    assert actions(aws) == []
