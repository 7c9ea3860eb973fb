"""What every call shares: AWS's Date, and the hint about a wrong clock."""

from __future__ import annotations

import pytest

from tests.unit.aws.provider_context import Jumping
from vault.aws.service_call import http_date, refusal
from vault.system.clock import Deadline


def test_the_answers_date_is_read():
    """An HTTP date is Unix seconds; anything else is none."""
    assert http_date("Sun, 06 Nov 1994 08:49:37 GMT") == 784111777
    for text in (
        "",
        "now",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Foo 1994 08:49:37 GMT",
        "1 2 3 4 5 6 7 8",
    ):
        assert http_date(text) is None


@pytest.mark.parametrize("text", ["", "Mon, 01 Jan 0000 00:00:00 GMT", "Mon, 01 Jan 99999 00:00:00 GMT",
                                  "Mon, 01 Jan 2026 00:00:00 CET", "Mon, 01 Foo 2026 00:00:00 GMT"])  # fmt: skip
def test_a_date_that_is_none_is_not_known(text):
    """What stands in a header of a proxy's ends no command."""
    assert http_date(text) is None


def test_a_clock_that_is_right_is_not_to_be_set():
    """AWS found the request too old, and its Date is ours: it was long under way."""
    now = int(Jumping().time())
    for date, told in ((now, False), (now + 600, True)):
        error = refusal(
            "RequestExpired",
            "",
            status=403,
            operation="X",
            subject="",
            date=date,
            deadline=Deadline.after(9, clock=Jumping()),
            region="us-east-1",
        )
        assert ("set this machine's clock" in error.hint) is told
