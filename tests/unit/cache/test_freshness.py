"""The bands of time left, at each of their edges."""

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
def test_edges(life, left, expected):
    """Each band begins and ends where docs/security.md says."""
    now = 1_700_000_000
    expires = now + left
    assert classify(issued=expires - life, expires=expires, now=now) is expected


@pytest.mark.parametrize(
    ("issued", "expires"),
    [(301, 3900), (0, 0), (10, 5), (0, 36 * 3600 + 301)],
    ids=["from the future", "no life", "ends before it begins", "longer than STS gives"],
)
def test_what_cannot_be_right_is_never_served(issued, expires):
    """A clock set back, or times that STS would not give, make a miss."""
    assert classify(issued=issued, expires=expires, now=0) is Freshness.EXPIRED


def test_a_small_step_of_the_clock_is_forgiven():
    """An entry up to 300 s from the future is served: clocks of one machine are adjusted."""
    assert classify(issued=300, expires=43500, now=0) is Freshness.FRESH
