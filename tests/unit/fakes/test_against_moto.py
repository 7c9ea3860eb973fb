"""Where moto does the same as the stand-in, both answer with the same XML: elements, namespace, codes."""

from __future__ import annotations

import contextlib
import threading
import urllib.request
from xml.etree import ElementTree as ET

import pytest

from tests.fakes import example
from tests.patience import PATIENCE
from tests.unit.fakes.conftest import Clients


@pytest.fixture(scope="module")
def moto_url():
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(PATIENCE)
    server.server_close()


@pytest.fixture
def both(aws, moto_url, botocore_session):
    """Clients of both services, and moto emptied with the example's user in it."""
    urllib.request.urlopen(
        urllib.request.Request(moto_url + "/moto-api/reset", method="POST"), timeout=PATIENCE
    ).read()
    moto = Recorded(Clients(botocore_session, moto_url))
    moto("iam").create_user(UserName="yourself")
    return Recorded(Clients(botocore_session, aws.url)), moto


class Recorded:
    """Clients that keep the last raw answer."""

    def __init__(self, clients):
        self._clients, self.raw, self.status = clients, b"", 0

    def __call__(self, service):
        client = self._clients(service)
        client.meta.events.register("before-parse", self._keep)
        return client

    def _keep(self, response_dict, **_):
        self.raw, self.status = response_dict["body"], response_dict["status_code"]


def tree(raw):
    """Nested (name, children) with namespaces, without values and without moto's own second, lower-case `message`."""

    def walk(element):
        return element.tag, sorted(walk(child) for child in element if not child.tag.endswith("}message"))

    return walk(ET.fromstring(raw))


def compare(both, service, call, *, beyond=()):
    """Runs `call` at both; the stand-in's elements must be moto's, but for those named in `beyond`."""
    stand_in, moto = both
    for side in (stand_in, moto):
        client = side(service)
        with contextlib.suppress(client.exceptions.ClientError):
            call(client)
    assert stand_in.status == moto.status
    assert without(tree(stand_in.raw), beyond) == without(tree(moto.raw), beyond)


def without(node, names):
    name, children = node
    return name, [without(child, names) for child in children if child[0].rpartition("}")[2] not in names]


ROLE = {"RoleArn": example.role("OpenRole"), "RoleSessionName": "somebody"}


@pytest.mark.parametrize(
    ("name", "call", "beyond"),
    [
        ("GetCallerIdentity", lambda c: c.get_caller_identity(), ()),
        ("GetSessionToken", lambda c: c.get_session_token(), ()),
        # moto always answers PackedPolicySize, AWS only where a policy or tags were sent
        ("AssumeRole", lambda c: c.assume_role(**ROLE), ("PackedPolicySize",)),
        ("AssumeRole refused", lambda c: c.assume_role(**{**ROLE, "RoleSessionName": "x" * 65}), ()),
        ("GetAccessKeyInfo", lambda c: c.get_access_key_info(AccessKeyId=example.KEY_ID), ()),
    ],
)
def test_sts_answers(both, name, call, beyond):
    """Each answer of STS has moto's elements under the same names and namespace."""
    compare(both, "sts", call, beyond=beyond)


@pytest.mark.parametrize(
    ("name", "call", "beyond"),
    [
        ("CreateAccessKey", lambda c: c.create_access_key(UserName="yourself"), ()),
        ("ListAccessKeys", lambda c: c.list_access_keys(UserName="yourself"), ("member", "IsTruncated")),
        ("NoSuchEntity", lambda c: c.list_access_keys(UserName="nobody"), ()),
        ("GetUser", lambda c: c.get_user(UserName="yourself"), ("Tags",)),
        ("CreateVirtualMFADevice", lambda c: c.create_virtual_mfa_device(VirtualMFADeviceName="v"), ()),
        ("ListMFADevices", lambda c: c.list_mfa_devices(UserName="yourself"), ("member",)),
    ],
)
def test_iam_answers(both, name, call, beyond):
    """Each answer of IAM has moto's elements under the same names and namespace."""
    compare(both, "iam", call, beyond=beyond)


def test_life_of_a_key_at_both(both):
    """The same story of one key has the same answers, one by one."""
    stand_in, moto = both
    stories = []
    for side in (stand_in, moto):
        iam, story = side("iam"), []
        made = [k["AccessKeyId"] for k in iam.list_access_keys(UserName="yourself")["AccessKeyMetadata"]]
        while len(made) < 2:
            made.append(iam.create_access_key(UserName="yourself")["AccessKey"]["AccessKeyId"])
        for step in (
            lambda iam=iam: iam.create_access_key(UserName="yourself"),
            lambda iam=iam, key=made[1]: iam.update_access_key(
                UserName="yourself", AccessKeyId=key, Status="Inactive"
            ),
            lambda iam=iam: iam.list_access_keys(UserName="yourself"),
            lambda iam=iam, key=made[1]: iam.delete_access_key(UserName="yourself", AccessKeyId=key),
            lambda iam=iam, key=made[1]: iam.delete_access_key(UserName="yourself", AccessKeyId=key),
        ):
            try:
                step()
                code = "ok"
            except iam.exceptions.ClientError as error:
                code = error.response["Error"]["Code"]
            story.append((code, side.status, without(tree(side.raw), ("IsTruncated",))))
        stories.append(story)
    for step in range(5):
        assert stories[0][step] == stories[1][step]
    assert [code for code, _, _ in stories[0]] == ["LimitExceeded", "ok", "ok", "ok", "NoSuchEntity"]
