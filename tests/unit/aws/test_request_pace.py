"""The pace of requests, on a clock that only sleeping moves."""

import threading

import pytest

from tests.patience import PATIENCE
from vault import errors, limits
from vault.aws.request_pace import RequestPace
from vault.system.clock import Deadline


class Still:
    """A clock whose time passes by sleeping alone."""

    def __init__(self):
        self.now = 1000.0

    def time(self):
        return self.now

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class Asked:
    """Answers each call with the next of ``codes``: an error code, or "" for an answer. Notes the times."""

    def __init__(self, clock, *codes):
        self.clock, self.codes, self.times = clock, list(codes), []

    def __call__(self):
        self.times.append(self.clock.now)
        code = self.codes.pop(0) if self.codes else ""
        if code:
            raise errors.Unreachable("no", code=code)
        return "answer"


@pytest.fixture
def clock():
    return Still()


def test_even_spacing(clock):
    """Never two at once, and no faster than the rate; the first waits for nothing."""
    pace, ask = RequestPace(10), Asked(clock)
    for _ in range(5):
        assert pace.call(ask, deadline=Deadline.after(60, clock=clock)) == "answer"
    assert [round(at - 1000, 6) for at in ask.times] == [0.0, 0.1, 0.2, 0.3, 0.4]


def test_idle_time_is_not_saved_up(clock):
    """After a pause, the requests are as far apart as before."""
    pace, ask = RequestPace(10), Asked(clock)
    pace.call(ask, deadline=Deadline.after(60, clock=clock))
    clock.now += 30
    for _ in range(2):
        pace.call(ask, deadline=Deadline.after(60, clock=clock))
    assert round(ask.times[2] - ask.times[1], 6) == 0.1


def test_throttled_requests(clock):
    """Each pause is twice as long, up to a limit; after the last try the error stays."""
    pace, ask = RequestPace(10), Asked(clock, *["429"] * 3)
    assert pace.call(ask, deadline=Deadline.after(60, clock=clock)) == "answer"
    assert [round(at - 1000, 6) for at in ask.times] == [0.0, 0.5, 1.5, 3.5]
    ask = Asked(clock, *["429"] * 100)
    with pytest.raises(errors.Unreachable):
        pace.call(ask, deadline=Deadline.after(600, clock=clock))
    assert len(ask.times) == limits.SSO_TRIES
    assert ask.times[-1] - ask.times[-2] == limits.SSO_BACKOFF_MOST


def test_pause_is_for_all_threads(clock):
    """Who comes next waits too."""
    pace = RequestPace(10)
    other = Asked(clock)

    def ask():
        if not other.times:
            other.times.append(clock.now)
            raise errors.Unreachable("no", code="429")
        thread = threading.Thread(target=lambda: pace.call(other, deadline=Deadline.after(60, clock=clock)))
        thread.start()
        thread.join(PATIENCE)
        return "answer"

    pace.call(ask, deadline=Deadline.after(60, clock=clock))
    assert other.times[1] >= 1000 + limits.SSO_BACKOFF


def test_other_failures_are_tried_once_more(clock):
    """A network that is gone is not asked six times."""
    ask = Asked(clock, "", "500", "500", "500")
    pace = RequestPace(10)
    pace.call(ask, deadline=Deadline.after(60, clock=clock))
    with pytest.raises(errors.Unreachable):
        pace.call(ask, deadline=Deadline.after(60, clock=clock))
    assert len(ask.times) == 1 + limits.AWS_TRIES


def test_no_time_left(clock):
    """A turn after the deadline is not waited for."""
    pace, ask = RequestPace(0.1), Asked(clock)
    deadline = Deadline.after(5, clock=clock)
    pace.call(ask, deadline=deadline)
    with pytest.raises(errors.Unreachable, match="no time left"):
        pace.call(ask, deadline=deadline)
    assert (len(ask.times), clock.now) == (1, 1000)
