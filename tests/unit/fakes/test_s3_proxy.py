"""The proxy before an S3 server: what each accident does to a write, and what is counted."""

from __future__ import annotations

import pytest

from tests.fakes.s3 import URL, S3StandIn
from tests.fakes.s3_proxy import S3Proxy
from tests.unit.s3.client import place
from vault import errors
from vault.sync.bucket import Fetched, NotChanged

KEY = URL.split("/", 3)[3]


@pytest.fixture
def s3():
    with S3StandIn() as stand_in:
        yield stand_in


def proxy(s3, fault):
    return S3Proxy(s3.url, pick=lambda: fault)


def test_what_passes_is_what_was_sent(s3):
    """The signature is for the server, which sees the same host; conditions and tags arrive."""
    with proxy(s3, None) as by:
        at = place(by.url)
        tag = at.put(b"one" * 1_000_000, None)
        assert isinstance(at.get(tag), NotChanged)
        assert at.get(None) == Fetched(b"one" * 1_000_000, tag)
        assert by.asked() == ["PUT", "GET", "GET"]
        assert by.asked() == []
        assert not by.happened


@pytest.mark.parametrize(
    ("fault", "answers", "arrives"),
    [
        ("slow", True, True),
        ("refused", False, False),
        ("cut", False, False),
        ("late", False, True),
        ("midway", True, True),  # the answer to a write has no body to cut
        ("lost", False, True),
    ],
)
def test_write_that_meets_an_accident(s3, fault, answers, arrives):
    """Whether the writer hears of it, and whether the server got it."""
    with proxy(s3, fault) as by:
        at = place(by.url)
        if answers:
            at.put(b"one", None)
        else:
            with pytest.raises(errors.Unreachable):
                at.put(b"one", None)
        by.rest()
        assert by.happened == {fault: 1}
    assert (KEY in s3.objects) == arrives


def test_answer_that_ends_in_the_middle(s3):
    """A read fails; it is tried twice."""
    s3.serve(b"content" * 100)
    with proxy(s3, "midway") as by, pytest.raises(errors.Unreachable):
        place(by.url).get(None)
    assert len(s3.requests) == 2
