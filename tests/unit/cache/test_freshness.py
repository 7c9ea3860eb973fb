"""The bands of remaining time, at each of their edges."""

import pytest

from vault.cache.freshness import Freshness, classify

HOUR, HALF_DAY = 3600, 43200


@pytest.mark.parametrize(
    ("life", "left", "expected"),
    [
        (HALF_DAY, HALF_DAY, Freshness.FRESH),
        (HALF_DAY, 1561, Freshness.FRESH),
        (HALF_DAY, 1560, Freshness.REFRESH_AHEAD),  # margin 960 + ahead 600
        (HALF_DAY, 961, Freshness.REFRESH_AHEAD),
        (HALF_DAY, 960, Freshness.REFRESH_DUE),
        (HALF_DAY, 61, Freshness.REFRESH_DUE),
        (HALF_DAY, 60, Freshness.EXPIRED),
        (HALF_DAY, -5, Freshness.EXPIRED),
        (HOUR, 1411, Freshness.FRESH),  # ahead is an eighth of the life: 450
        (HOUR, 1410, Freshness.REFRESH_AHEAD),
        (1919, 480, Freshness.REFRESH_AHEAD),  # below 1,920 s of life the margin is a quarter of it
        (1919, 479, Freshness.REFRESH_DUE),
        (900, 338, Freshness.FRESH),
        (900, 337, Freshness.REFRESH_AHEAD),
        (900, 225, Freshness.REFRESH_DUE),
        (900, 57, Freshness.REFRESH_DUE),
        (900, 56, Freshness.EXPIRED),
    ],
)
def test_each_band_starts_and_ends_at_its_edge(life, left, expected):
    """Each band starts and ends where docs/security.md says."""
    now = 1_700_000_000
    expires = now + left
    assert classify(issued=expires - life, expires=expires, now=now) is expected


@pytest.mark.parametrize(
    ("issued", "expires"),
    [(301, 3900), (0, 0), (10, 5), (0, 36 * 3600 + 301)],
    ids=["from the future", "no life", "ends before it begins", "longer than STS gives"],
)
def test_impossible_times_are_never_served(issued, expires):
    """A clock set back, or times that STS would not give, make a miss."""
    assert classify(issued=issued, expires=expires, now=0) is Freshness.EXPIRED


def test_a_small_clock_adjustment_is_tolerated():
    """An entry up to 300 s from the future is served: the clocks of a machine are adjusted."""
    assert classify(issued=300, expires=43500, now=0) is Freshness.FRESH
