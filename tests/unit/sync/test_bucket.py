"""The bucket that tests use in place of S3: it keeps its conditions."""

from __future__ import annotations

import pytest

from tests.fakes.bucket import InProcessBucket, lost
from vault.errors import Unreachable
from vault.sync.bucket import Absent, ConditionFailed, Fetched, NotChanged


@pytest.fixture
def bucket():
    return InProcessBucket()


def test_nothing_is_there_at_first(bucket):
    assert isinstance(bucket.get(None), Absent)


def test_what_was_put_is_there_under_its_tag(bucket):
    etag = bucket.put(b"one", None)
    assert bucket.get(None) == Fetched(b"one", etag)


def test_the_tag_that_is_known_is_not_sent_again(bucket):
    assert isinstance(bucket.get(bucket.put(b"one", None)), NotChanged)


def test_an_object_is_created_once(bucket):
    bucket.put(b"one", None)
    with pytest.raises(ConditionFailed):
        bucket.put(b"two", None)
    assert bucket.data == b"one"


def test_an_object_that_another_replaced_is_not_replaced(bucket):
    first = bucket.put(b"one", None)
    bucket.put(b"two", first)
    with pytest.raises(ConditionFailed):
        bucket.put(b"three", first)
    assert bucket.data == b"two"


def test_a_lost_answer_comes_after_the_write(bucket):
    bucket.after = lost
    with pytest.raises(Unreachable):
        bucket.put(b"one", None)
    assert bucket.data == b"one"
