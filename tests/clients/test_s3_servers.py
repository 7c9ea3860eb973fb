"""The bucket and its probe at real servers: one that keeps conditions, one that ignores them, one that races."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest

from tests.clients import s3_servers
from tests.patience import PATIENCE
from vault import errors
from vault.s3 import address, probe
from vault.s3.boto_s3 import S3Client
from vault.secret import Secret
from vault.sync.bucket import Absent, ConditionFailed, Fetched, NotChanged
from vault.system.clock import Deadline

PLACE = address.parse(f"s3://{s3_servers.BUCKET}/laptop/vault.avlt")


def client(url, key=s3_servers.EXAMPLE):
    return S3Client(key, endpoint=s3_servers.endpoint(url), deadline=Deadline.after(PATIENCE))


def probed(url, key=s3_servers.EXAMPLE):
    return probe.probe(client(url, key).object, PLACE, deadline=Deadline.after(PATIENCE))


@pytest.fixture(scope="module")
def versitygw(tmp_path_factory):
    with s3_servers.versitygw(str(tmp_path_factory.mktemp("versitygw"))) as found:
        yield found


def test_object_at_a_real_server(versitygw):
    """Created, read, replaced and removed under its conditions."""
    url, _ = versitygw
    at = client(url).object(PLACE)
    assert isinstance(at.get(None), Absent)
    first = at.put(b"one", None)
    assert isinstance(at.get(first), NotChanged)
    second = at.put(b"two" * 1_000_000, first)
    assert at.get(first) == Fetched(b"two" * 1_000_000, second)
    for match in (None, first):
        with pytest.raises(ConditionFailed):
            at.put(b"three", match)
    at.delete()
    with pytest.raises(ConditionFailed):
        at.put(b"three", second)
    assert isinstance(at.get(None), Absent)


def test_server_that_keeps_conditions_is_good(versitygw):
    """Each time, and nothing of the probe stays in the bucket."""
    url, _ = versitygw
    assert {probed(url) for _ in range(10)} == {probe.ProbeVerdict("good")}
    assert s3_servers.objects(url, s3_servers.EXAMPLE) == []


def test_two_processes_on_one_folder_are_good(versitygw):
    """The writers of a race reach both."""
    url, another = versitygw
    clients = itertools.cycle([client(url), client(another())])

    def open_object(place, **settings):
        return next(clients).object(place, **settings)

    for _ in range(5):
        assert probe.probe(open_object, PLACE, deadline=Deadline.after(PATIENCE)) == probe.ProbeVerdict(
            "good"
        )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": Secret("x" * 40)}, "SignatureDoesNotMatch"),
        ({"access_key_id": "AKIAI44QH8DHBEXAMPLE"}, "XAdminUserNotFound"),  # a code of its own
    ],
)
def test_key_that_a_real_server_refuses(versitygw, change, code):
    """The hint names other ways to sync."""
    url, _ = versitygw
    with pytest.raises(errors.Refused) as caught:
        client(url, s3_servers.EXAMPLE._replace(**change)).object(PLACE).get(None)
    assert caught.value.code == code
    assert "AWS_ACCESS_KEY_ID" in caught.value.hint


def test_server_that_ignores_conditions_is_always_refused(tmp_path):
    with s3_servers.s3rver(str(tmp_path)) as (url, key):
        found = Counter(probed(url, key).outcome for _ in range(50))
        assert found == {"ignores": 50}
        assert s3_servers.objects(url, key) == []


@pytest.mark.timeout(3600)
def test_server_that_races_is_refused_almost_always(tmp_path):
    """At least 99 of 100 probes see two writers win, or the content of another one."""
    with s3_servers.s3s_fs(str(tmp_path)) as url:
        found = Counter(probed(url).outcome for _ in range(200))
    assert found["races"] >= 198, found
