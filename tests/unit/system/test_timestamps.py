"""Times from outside beside botocore's reading of the same text."""

from __future__ import annotations

import itertools
import math
import time
import warnings

import botocore.credentials
import pytest

from vault.system import timestamps

DATES = [
    "2026-11-30", "2026/11/30", "2026.11.30", "20261130", "2026-1-5", "2028-02-29", "2100-02-28", "2999-12-31", "1970-01-01",
    "2026-13-01", "2026-02-29", "2026-00-10", "2026-11-31", "30 Nov 2026", "5 Jan 2026", "30-Nov-2026", "Mon, 30 Nov 2026",
    "Monday, 30 November 2026", "Mon 30 Nov 2026", "Nov 30 2026", "Nov 30, 2026", "November 30, 2026", "Mon Nov 30 2026",
    "NOV 30 2026", "may 5 2026", "Sept 5 2026",
]  # fmt: skip
TIMES = [
    "12", "12:00", "12:34:56", "12:34:56.5", "12:34:56.123456", "12:34:56.123456789", "12:34:56,123", "1:02:03", "00:00:00",
    "23:59:59", "123456", "24:00:00", "12:60:00", "12:00:60",
]  # fmt: skip
ZONES = [
    "Z", "z", " Z", "UTC", " UTC", "GMT", " GMT", "+00:00", "-00:00", " +00:00", "+0530", "+05:30", " -0800", "-08", "+01", "+23:59",
    "+24:00", "utc", " UT", " EST", "", " +0000 UTC", "+5:30:15",
]  # fmt: skip
# What botocore takes and we refuse: each could be read in another way, depends on the day, or is no time that a program writes.
GUESSES = [
    "2026-11-30T12:00:00GMT+3",  # three hours west for it, three hours east for JavaScript
    "01/02/2026 12:00:00 UTC",  # the second of January, or the first of February
    "01-02-2026T12:00:00Z",
    "Monday, 30-Nov-26 12:00:00 GMT",  # of which century
    "26-11-30T12:00:00Z",
    "12:00:00Z",  # of today
    "2026-11-30T11:00:00 PM UTC",
    "2026-11-30T12:00:00+05:60",
    "2026-11-30T12:00:00. UTC",
    "2026-11-30T12:00:00Z\0",
    "2026-11-30T12:00:00Z;",
    "２026-11-30T12:00:00Z",
]


def theirs(text):
    """Whole seconds, or None where botocore ends with an error: for a time without a zone, when it compares it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a zone that it does not know
            found = botocore.credentials.parse(text)
        return math.floor(found.timestamp()) if found.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def forms():
    some = itertools.product(DATES, TIMES[:3], ZONES[:6])
    others = itertools.product(DATES[::9], TIMES, ZONES)
    for date, clock, zone in itertools.chain(some, others):
        for between in ("T", "  ") if date[:4].isdigit() else (" ",):
            yield f"{date}{between}{clock}{zone}"
    for day, zone in itertools.product(("Mon Nov 30", "Nov 30", "Tue Nov  3", "Mon, Nov 30"), ZONES):
        yield f"{day} 12:34:56{zone} 2026" if zone[:1] in " Zz" else f"{day} 12:34:56 {zone} 2026"
    for around in ((" ", ""), ("", " "), ("\t", "\n"), ("x", ""), ("", "x"), ("", " 2026")):
        yield "2026-11-30T12:34:56Z".join(around)
    yield from ("2026-11-30t12:34:56Z", "", "Z", "soon", "2026", "1796040000", "2026-W49-1T12:00:00Z")


def test_each_form_as_botocore():
    """Every combination of a date, a time and a zone: the same moment, or refused by both."""
    agreed = 0
    for text in forms():
        expected = theirs(text)
        assert timestamps.unix(text) == expected, text
        agreed += expected is not None
    assert agreed > 1000


@pytest.mark.parametrize("text", GUESSES)
def test_what_botocore_guesses_at_is_refused(text):
    """It would have a moment, and we do not say which."""
    assert theirs(text) is not None
    assert timestamps.unix(text) is None


@pytest.mark.parametrize(
    "when", [0, 951_782_400, 1_709_251_199, 4_107_542_400, 1_893_456_000, 253_402_300_799]
)
def test_the_calendar(when):
    """Leap days and centuries, in the form that we write ourselves."""
    assert timestamps.unix(time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))) == when
