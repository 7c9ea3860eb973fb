"""The stand-in's access keys live as IAM's do: two a user, slow to spread, gone when deleted."""

from __future__ import annotations

import pytest

from tests.fakes import example


@pytest.fixture
def iam(client):
    return client("iam")


def test_life_of_a_key(aws, client, iam, refused):
    """Made, used, listed, switched off and on, deleted."""
    key = iam.create_access_key()["AccessKey"]
    assert key["UserName"] == "yourself"
    pair = (key["AccessKeyId"], key["SecretAccessKey"])
    assert client(keys=pair).get_caller_identity()["Arn"].endswith(":user/yourself")
    listed = iam.list_access_keys()["AccessKeyMetadata"]
    assert [(k["AccessKeyId"], k["Status"]) for k in listed] == [
        (example.KEY_ID, "Active"),
        (pair[0], "Active"),
    ]
    assert "SecretAccessKey" not in listed[0]
    iam.update_access_key(AccessKeyId=pair[0], Status="Inactive")
    with refused(403, "InvalidClientTokenId"):
        client(keys=pair).get_caller_identity()
    iam.update_access_key(AccessKeyId=pair[0], Status="Active", UserName="yourself")
    client("iam", keys=pair).delete_access_key(AccessKeyId=example.KEY_ID)
    with refused(403, "InvalidClientTokenId"):
        client().get_caller_identity()


def test_two_keys_a_user(iam, refused):
    """An inactive key counts."""
    made = iam.create_access_key()["AccessKey"]["AccessKeyId"]
    iam.update_access_key(AccessKeyId=made, Status="Inactive")
    with refused(409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"):
        iam.create_access_key()


def test_missing_things(iam, refused):
    """Keys and users that are not there, or are another's, are NoSuchEntity."""
    for call in (
        iam.delete_access_key,
        lambda **k: iam.update_access_key(Status="Active", **k),
        iam.get_access_key_last_used,
    ):
        with refused(404, "NoSuchEntity", "cannot be found"):
            call(AccessKeyId="AKIANOBODYNOBEXAMPLE")
    with refused(404, "NoSuchEntity", "The user with name nobody cannot be found."):
        iam.list_access_keys(UserName="nobody")
    with refused(404, "NoSuchEntity"):  # a key of another user is not this user's
        iam.delete_access_key(AccessKeyId="AKIAI44QH8DHBEXAMPLE", UserName="yourself")


def test_status_must_be_one_of_three(iam, refused):
    """A key's status is spelt as the model spells it."""
    with refused(400, "ValidationError", "Member must satisfy enum value set: [Active, Expired, Inactive]"):
        iam.update_access_key(AccessKeyId=example.KEY_ID, Status="active")


def test_last_used(client, iam):
    """Null for a key that was never used, then service, region and time of the last call."""
    colleague = iam.get_access_key_last_used(AccessKeyId="AKIAI44QH8DHBEXAMPLE")
    assert colleague["UserName"] == "colleague"
    assert colleague["AccessKeyLastUsed"] == {"ServiceName": "N/A", "Region": "N/A"}
    client(region="eu-west-1").get_caller_identity()
    # the question itself is signed with the same key, so it is asked by another
    other = client("iam", keys=("AKIAI44QH8DHBEXAMPLE", "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"))
    used = other.get_access_key_last_used(AccessKeyId=example.KEY_ID)["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("sts", "eu-west-1")
    assert "LastUsedDate" in used


def test_temporary_credentials_must_name_the_user(client, mfa_session, refused):
    """A session must say whose keys and devices it means; only GetUser knows by itself."""
    iam = client("iam", keys=mfa_session)
    for call in (iam.list_access_keys, iam.create_access_key, iam.list_mfa_devices):
        with refused(400, "ValidationError", "Must specify userName when calling with non-User credentials"):
            call()
    assert len(iam.list_access_keys(UserName="yourself")["AccessKeyMetadata"]) == 1
    assert iam.get_user()["User"]["UserName"] == "yourself"


def test_session_without_mfa_is_closed_out_of_iam(client, refused):
    """IAM takes no session that was made without MFA."""
    plain = client().get_session_token()["Credentials"]
    with refused(403, "InvalidClientTokenId", "The security token included in the request is invalid"):
        client("iam", keys=plain).list_access_keys(UserName="yourself")


def test_policy_that_asks_for_mfa(aws, client, mfa_session, refused):
    """With that policy the bare key may still enrol a device, and the MFA session may do all."""
    aws.world.user("yourself").require_mfa_for_iam = True
    words = (
        "User: arn:aws:iam::111111111111:user/yourself is not authorized to perform: iam:CreateAccessKey on "
        "resource: user yourself with an explicit deny in an identity-based policy"
    )
    with refused(403, "AccessDenied", words):
        client("iam").create_access_key()
    client("iam").create_virtual_mfa_device(VirtualMFADeviceName="second")
    client("iam", keys=mfa_session).create_access_key(UserName="yourself")


def test_policy_that_denies(aws, client, refused):
    """An action that the policy does not allow is refused in IAM's words, others go on."""
    aws.world.user("yourself").denied = {"iam:CreateAccessKey"}
    words = (
        "User: arn:aws:iam::111111111111:user/yourself is not authorized to perform: iam:CreateAccessKey on resource: "
        "user yourself because no identity-based policy allows the iam:CreateAccessKey action"
    )
    with refused(403, "AccessDenied", words):
        client("iam").create_access_key()
    client("iam").list_access_keys()


def test_new_key_spreads_slowly(aws, client, iam, refused):
    """Unknown for a while, then known by some answers and not by others, then by all."""
    aws.world.new_key_delay, aws.world.new_key_flapping = 10, 5
    key = iam.create_access_key()["AccessKey"]
    sts = client(keys=(key["AccessKeyId"], key["SecretAccessKey"]))
    with refused(403, "InvalidClientTokenId"):
        sts.get_caller_identity()
    aws.world.clock.advance(10.1)
    seen = []
    for _ in aws.world.flapping:
        try:
            sts.get_caller_identity()
            seen.append(True)
        except sts.exceptions.ClientError:
            seen.append(False)
    assert tuple(seen) == aws.world.flapping
    aws.world.clock.advance(5)
    for _ in range(5):
        sts.get_caller_identity()


def test_pages(iam):
    """A list comes in pages of the size asked for."""
    iam.create_access_key()
    pages = list(iam.get_paginator("list_access_keys").paginate(PaginationConfig={"PageSize": 1}))
    assert [len(page["AccessKeyMetadata"]) for page in pages] == [1, 1]
