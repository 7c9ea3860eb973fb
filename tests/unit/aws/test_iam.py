"""IAM's calls about one user: pages, fields and keys that are gone."""

from __future__ import annotations

import datetime as dt

import pytest

from vault import errors, limits
from vault.aws.iam import Iam
from vault.aws.service_call import Answer

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def iam(**answers):
    """IAM's calls, answered in turn by operation; the last answer is repeated, an error is raised."""
    asked = []

    def call(operation, *, once=False, **parameters):
        del once
        asked.append((operation, parameters))
        given = answers[operation]
        found = given.pop(0) if isinstance(given, list) and len(given) > 1 else given
        found = found[0] if isinstance(found, list) else found
        if isinstance(found, Exception):
            raise found
        return Answer(found, None)

    return Iam(call, user="me"), asked


def listed(*names, **more):
    keys = [{"AccessKeyId": name, "Status": "Active", "CreateDate": NOW} for name in names]
    return {"AccessKeyMetadata": keys, "IsTruncated": bool(more), **more}


def test_all_pages_are_read():
    """The next page is requested with the marker of the last one."""
    calls, asked = iam(ListAccessKeys=[listed("A", Marker="m1"), listed("B")])
    assert [key.id for key in calls.keys(uses=False)] == ["A", "B"]
    assert [parameters for _, parameters in asked] == [{"UserName": "me"}, {"UserName": "me", "Marker": "m1"}]


def test_endless_list_is_refused():
    """With half a list, a key would seem to be missing."""
    calls, asked = iam(ListAccessKeys=listed("A", Marker="m"))
    with pytest.raises(errors.Unreachable, match=f"more than {limits.MAX_IAM_PAGES} pages"):
        calls.keys(uses=False)
    assert len(asked) == limits.MAX_IAM_PAGES


@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchEntity"])
def test_unknown_last_use(code):
    """Without that permission, or for a key that is gone, the list is still useful."""
    calls, _ = iam(ListAccessKeys=listed("A"), GetAccessKeyLastUsed=errors.Refused("no", code=code))
    (key,) = calls.keys()
    assert (key.asked, key.used) == (False, None)


def test_other_refusal_of_the_last_use_is_raised():
    """If AWS no longer knows the key that asks, there is no list."""
    error = errors.Refused("no", code="InvalidClientTokenId")
    calls, _ = iam(ListAccessKeys=listed("A"), GetAccessKeyLastUsed=error)
    with pytest.raises(errors.Refused) as raised:
        calls.keys()
    assert raised.value is error


@pytest.mark.parametrize(
    ("answers", "act", "said"),
    [
        ({"ListAccessKeys": listed("two words")}, Iam.keys, "AccessKeyId"),
        ({"ListAccessKeys": {"AccessKeyMetadata": ["x"]}}, Iam.keys, "CreateDate"),
        ({"ListAccessKeys": listed("A"), "GetAccessKeyLastUsed": {}}, Iam.keys, "AccessKeyLastUsed"),
        ({"ListAccessKeys": {"AccessKeyMetadata": [{"CreateDate": NOW.replace(tzinfo=None)}]}}, Iam.keys, "CreateDate"),
        ({"CreateAccessKey": {}}, Iam.create_key, "CreateDate"),
        ({"CreateVirtualMFADevice": {}}, lambda calls: calls.create_device("x"), "Base32StringSeed"),
        ({"CreateVirtualMFADevice": {"VirtualMFADevice": {"Base32StringSeed": b""}}}, lambda calls: calls.create_device("x"), "Base32StringSeed"),
        ({"ListMFADevices": {"MFADevices": [{}]}}, Iam.devices, "SerialNumber"),
    ],
)  # fmt: skip
def test_missing_field_is_named(answers, act, said):
    """The error names the field and where to look; AWS may have done the call."""
    calls, _ = iam(**answers)
    with pytest.raises(errors.Unreachable, match=f"IAM's answer has no valid {said}") as raised:
        act(calls)
    assert (raised.value.code, raised.value.sent) == ("WrongAnswer", True)


def test_deleting_a_missing_key_is_no_error():
    """A resumed rotation deletes twice; any other refusal is raised."""
    calls, asked = iam(
        DeleteAccessKey=[
            errors.Refused("gone", code="NoSuchEntity"),
            errors.Refused("no", code="AccessDenied"),
        ]
    )
    calls.delete_key("A")
    with pytest.raises(errors.Refused, match="no"):
        calls.delete_key("A")
    assert len(asked) == 2
