"""What every call shares: AWS's Date, and the hint about a wrong clock."""

from __future__ import annotations

import pytest

from tests.unit.aws.provider_context import Jumping
from vault.aws.service_call import http_date, refusal
from vault.system.clock import Deadline


def test_http_dates():
    """An HTTP date is Unix seconds; anything else is None."""
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
def test_invalid_http_dates(text):
    """A proxy's strange header ends no command."""
    assert http_date(text) is None


def test_hint_about_the_clock():
    """If AWS found the request too old but the clocks agree, the request was delayed on its way."""
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
