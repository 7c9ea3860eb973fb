"""One question at a time, and one answer for all that waited for it."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.patience import PATIENCE
from vault import limits
from vault.context import Context
from vault.credentials import shared_answer as module
from vault.credentials.shared_answer import GivenAnswer, shared_answer
from vault.system.clock import Deadline, SystemClock
from vault.system.paths import from_env

YES, NO = GivenAnswer(yes=True), GivenAnswer(yes=False, why="you denied it")


class Waiting(SystemClock):
    """The machine's clock, which knows how many threads have waited for something."""

    def __init__(self):
        self.threads = set()

    def sleep(self, seconds):
        self.threads.add(threading.get_ident())
        super().sleep(seconds)


@pytest.fixture
def clock():
    return Waiting()


def context(home, clock, seconds=PATIENCE):
    paths = from_env(home.env)
    return Context(env=home.env, paths=paths, clock=clock, deadline=Deadline.after(seconds, clock=clock))


def never(_):
    raise AssertionError("asked again")


def answers(home):
    with open(home.file(f"state/{module.ANSWERS}"), encoding="ascii") as file:
        return json.load(file)


@pytest.mark.parametrize("given", [YES, NO])
def test_twenty_that_wait_share_one_answer(home, clock, given):
    """A yes as well as a no, with its reason."""
    asked = []

    def ask(_deadline):
        asked.append(1)
        end = time.monotonic() + PATIENCE
        while len(clock.threads) < 19 and time.monotonic() < end:
            time.sleep(0.01)
        return given

    with ThreadPoolExecutor(20) as pool:
        found = list(pool.map(lambda _: shared_answer(context(home, clock), "prod", ask=ask), range(20)))
    assert found == [given] * 20
    assert asked == [1]


def test_another_question_waits_for_its_turn(home, clock):
    """One at a time, whatever it is about; the answer to the first is none to the second."""
    open_now = []

    def ask(_deadline):
        open_now.append(1)
        assert open_now == [1]
        time.sleep(0.05)
        open_now.pop()
        return YES

    def one(about):
        return shared_answer(context(home, clock), about, ask=ask)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, "abcd")) == [YES] * 4
    assert len(answers(home)) == 4


def test_a_later_process_asks_again(home, clock):
    """An answer is for those that waited for it."""
    assert shared_answer(context(home, clock), "prod", ask=lambda _: YES) == YES
    assert shared_answer(context(home, clock), "prod", ask=lambda _: NO) == NO


@pytest.mark.parametrize("moved", [(-1000, 0), (0, -1000), (1000, 0), (0, 1000)])
def test_an_answer_of_another_time_does_not_count(home, clock, moved):
    """Both clocks must agree: one starts again at each boot, the other may be set."""
    shared_answer(context(home, clock), "prod", ask=lambda _: YES)
    ((name, told, running, yes, why),) = answers(home)
    row = [name, told + 1 + moved[0], running + 1 + moved[1], yes, why]
    with open(home.file(f"state/{module.ANSWERS}"), "w", encoding="ascii") as file:
        json.dump([row], file)
    began, now = (told, running), (told + 2, running + 2)
    with module.Folder.open(from_env(home.env).state) as state:
        assert module._given_since(state, name, began, now=now) is None
        with open(home.file(f"state/{module.ANSWERS}"), "w", encoding="ascii") as file:
            json.dump([[name, told + 1, running + 1, yes, why]], file)
        assert module._given_since(state, name, began, now=now) == YES


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", "[1]", '[["x"]]', "[" * 100_000, "\0", '[["a", 1, 2, "yes", 3]]']
)
def test_a_damaged_file_is_no_answer(home, clock, text):
    """The question is asked, and its answer takes the place of the file."""
    shared_answer(context(home, clock), "prod", ask=lambda _: NO)
    with open(home.file(f"state/{module.ANSWERS}"), "w", encoding="ascii") as file:
        file.write(text)
    assert shared_answer(context(home, clock), "prod", ask=lambda _: YES) == YES


def test_the_file_has_the_newest_answers_only(home, clock):
    """A bound, whatever is asked."""
    for number in range(limits.CONFIRM_SHARED + 3):
        shared_answer(context(home, clock), str(number), ask=lambda _: YES)
    assert len(answers(home)) == limits.CONFIRM_SHARED


def test_who_waits_too_long_gets_no_answer(home, clock):
    """The other question is still open at the end of this run's time."""
    seen = []

    def ask(_deadline):
        seen.append(shared_answer(context(home, clock, 0.1), "other", ask=never))
        return YES

    shared_answer(context(home, clock), "prod", ask=ask)
    assert seen == [GivenAnswer(yes=False, why=module.BUSY)]


def test_the_user_gets_a_bounded_time(home, clock):
    """And no more than this run has."""
    left = []
    for seconds in (PATIENCE, 15):
        shared_answer(
            context(home, clock, seconds), "prod", ask=lambda end: (left.append(end.remaining()), YES)[1]
        )
    assert limits.CONFIRM_ANSWER - 1 < left[0] <= limits.CONFIRM_ANSWER
    assert left[1] <= 15


def test_no_question_for_a_moment(home, clock):
    """After a long wait too little of this run's time is left for an answer."""
    found = shared_answer(context(home, clock, limits.CONFIRM_LEAST), "prod", ask=never)
    assert found == GivenAnswer(yes=False, why=module.BUSY)
