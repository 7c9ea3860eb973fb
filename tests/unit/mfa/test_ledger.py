"""The ledger of used codes: no code twice, whichever process asks, whatever dies, however the clock jumps."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fakes.example import SEED, SERIAL
from tests.patience import PATIENCE
from vault import errors, limits
from vault.mfa import codes
from vault.mfa.ledger import Ledger, NoCodeInTime, UsedCode, _next_step
from vault.secret import Secret
from vault.system.clock import Deadline, SystemClock
from vault.system.files import Folder

DEVICE = codes.parse_seed(Secret(SEED))
KEY = Secret(bytes(range(32)))
START = 1_700_000_020.0  # ten seconds into a step


class HandClock:
    """A clock that a test turns; waiting turns it too."""

    def __init__(self, at=START):
        self.at = at
        self.waited = []

    def time(self):
        return self.at

    monotonic = time

    def sleep(self, seconds):
        self.waited.append(seconds)
        self.at += seconds


@pytest.fixture
def folder(tmp_path):
    with Folder.open(str(tmp_path / "state"), create=True) as opened:
        yield opened


def take(folder, clock, *, serial=SERIAL, seconds=60.0, **more):
    ledger = Ledger(folder, serial=serial, key=KEY)
    return ledger.take(DEVICE, clock=clock, deadline=Deadline.after(seconds, clock=clock), **more)


def file_of(folder):
    (name,) = [n for n in folder.names() if n.startswith("mfa-") and not n.endswith(".lock")]
    return name


def test_the_first_code_needs_no_wait(folder):
    """No ledger means no step was used."""
    clock = HandClock()
    got = take(folder, clock)
    assert (got.text, got.step, clock.waited) == (codes.code(DEVICE, int(START // 30)), int(START // 30), [])


def test_the_next_code_waits_for_its_step(folder):
    """The second request gets another step, and is told each second how long it waits."""
    clock, told = HandClock(), []
    first, second = take(folder, clock), take(folder, clock, waiting=told.append)
    assert second.step == first.step + 1
    assert clock.at == second.step * 30
    assert told == sorted(told, reverse=True)
    assert len(told) == 20


def test_a_third_request_is_told_at_once(folder):
    """Who cannot have a code within the bound learns it without waiting, and how long it would take."""
    clock = HandClock()
    take(folder, clock)
    ledger = Ledger(folder, serial=SERIAL, key=KEY)
    ledger._write(ledger._read(0)._replace(steps=(int(START // 30), int(START // 30) + 1)))
    with pytest.raises(NoCodeInTime) as caught:
        take(folder, clock)
    assert (clock.waited, caught.value.wait) == ([], 50.0)


def test_a_code_at_the_end_of_its_step_is_not_sent(folder):
    """With under two seconds left it could arrive in the next step."""
    clock = HandClock(START + 18.5)
    assert take(folder, clock).step == int(START // 30) + 1


def test_now_or_not_at_all(folder):
    """With most=0 a code comes at once or NoCodeInTime does; the end of a step is waited for."""
    clock = HandClock(START + 18.5)
    first = take(folder, clock, most=0)
    assert first.step == int(START // 30) + 1
    with pytest.raises(NoCodeInTime):
        take(folder, clock, most=0)


def test_a_refused_step_is_not_given_again(folder):
    """After AWS refused a code only a later one is tried."""
    clock = HandClock()
    first = take(folder, clock)
    assert take(folder, clock, after=first.step + 1, most=60).step == first.step + 2


def test_a_clock_that_is_off_is_corrected(folder):
    """``skew`` is AWS's clock minus this machine's."""
    assert take(folder, HandClock(), skew=90.0).step == int(START // 30) + 3


def test_devices_do_not_wait_for_each_other(folder):
    """Each serial has a ledger of its own, whose name does not tell it."""
    clock = HandClock()
    assert take(folder, clock).step == take(folder, clock, serial="GAHT12345678").step
    assert not any("GAHT" in name for name in folder.names())


@pytest.mark.parametrize(
    "damage",
    [lambda raw: b"", lambda raw: raw[:-1], lambda raw: raw[:20] + b"9" + raw[21:], lambda raw: b"x" * 9000],
)
def test_a_damaged_ledger_counts_the_current_step_as_used(folder, damage):
    """No damage lets a code out twice; the next step fixes the file."""
    clock = HandClock()
    first = take(folder, clock)
    name = file_of(folder)
    folder.write_atomic(name, damage(folder.read(name, limit=10_000)), durable=False)
    assert take(folder, clock).step == first.step + 1
    assert take(folder, clock).step == first.step + 2


def test_every_flipped_bit_is_noticed(folder):
    """A changed ledger never gives the step that it held."""
    clock = HandClock()
    first = take(folder, clock)
    name = file_of(folder)
    good = folder.read(name, limit=10_000)
    ledger = Ledger(folder, serial=SERIAL, key=KEY)
    for position in range(len(good) * 8):
        bad = bytearray(good)
        bad[position // 8] ^= 1 << position % 8
        folder.write_atomic(name, bytes(bad), durable=False)
        assert first.step in ledger._read(first.step).steps


def test_a_link_in_its_place_is_refused(folder, tmp_path):
    """The ledger is never read through a link."""
    take(folder, HandClock())
    name = file_of(folder)
    folder.unlink(name)
    os.symlink(str(tmp_path / "elsewhere"), folder.path_of(name))
    with pytest.raises(errors.UnsafeFile):
        take(folder, HandClock())


def test_a_clock_set_back_stops_nobody(folder):
    """Steps taken under a clock that was an hour ahead bind only themselves."""
    ahead = take(folder, HandClock(START + 3600))
    clock = HandClock()
    assert take(folder, clock).step == int(START // 30)
    assert clock.waited == []
    clock.at = START + 3600
    assert take(folder, clock).step > ahead.step


def test_a_typed_code_is_sent_once(folder):
    """The same code from a user or a program is refused for three minutes, a new one is not."""
    clock = HandClock()
    ledger = Ledger(folder, serial=SERIAL, key=KEY)
    deadline = Deadline.after(60, clock=clock)
    ledger.note("123456", clock=clock, deadline=deadline)
    ledger.note("654321", clock=clock, deadline=deadline)
    with pytest.raises(UsedCode) as caught:
        ledger.note("123456", clock=clock, deadline=deadline)
    assert "123456" not in caught.value.message
    clock.at += limits.CODE_REMEMBERED
    ledger.note("123456", clock=clock, deadline=Deadline.after(60, clock=clock))
    assert b"123456" not in folder.read(file_of(folder), limit=10_000)


def test_a_typed_code_after_damage_counts_the_current_step_as_used(folder):
    """``note`` replaces a damaged ledger with one that can be read: the step is used up, and the code is remembered."""
    clock = HandClock()
    current = take(folder, clock).step
    folder.write_atomic(file_of(folder), b"damaged", durable=False)
    ledger = Ledger(folder, serial=SERIAL, key=KEY)
    ledger.note("123456", clock=clock, deadline=Deadline.after(60, clock=clock))
    assert ledger._read(0).steps == (current,)
    with pytest.raises(UsedCode):
        ledger.note("123456", clock=clock, deadline=Deadline.after(60, clock=clock))
    assert take(folder, clock).step == current + 1


def test_the_ledger_forgets_the_oldest_and_never_gives_what_it_forgot(folder):
    """A full ledger holds no more than its bound, and nothing before its first step is given."""
    clock = HandClock()
    for _ in range(limits.LEDGER_STEPS + 5):
        last = take(folder, clock, most=60)
    assert len(Ledger(folder, serial=SERIAL, key=KEY)._read(0).steps) == limits.LEDGER_STEPS
    assert take(folder, HandClock(), seconds=1e9, most=1e9).step > last.step - limits.LEDGER_STEPS


@given(
    used=st.sets(st.integers(0, 40), max_size=30),
    now=st.floats(0, 1200),
    after=st.none() | st.integers(0, 41),
)
@settings(max_examples=300)
def test_a_step_is_never_one_that_was_used(used, now, after):
    """Over all ledgers and moments: not used, not before now, later than what AWS has seen of the near past."""
    step = _next_step(tuple(used), now=now, period=30, after=after)
    assert step not in used
    assert step >= now // 30
    assert after is None or step > after
    assert not any(step < other <= now // 30 for other in used)


def _taker(path, queue, rounds):
    clock = HandClock()
    with Folder.open(path) as folder:
        for _ in range(rounds):
            queue.put(take(folder, clock, seconds=1e6, most=1e6).step)


def test_processes_never_share_a_code(folder):
    """Eight processes, ten codes each, one of them killed again and again: eighty-odd steps, all different."""
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    workers = [context.Process(target=_taker, args=(folder.path, queue, 10)) for _ in range(8)]
    for worker in workers:
        worker.start()
    doomed = context.Process(target=_taker, args=(folder.path, context.SimpleQueue(), 40))
    doomed.start()
    os.kill(doomed.pid, signal.SIGKILL)
    steps = [queue.get() for _ in range(80)]
    for worker in [*workers, doomed]:
        worker.join(PATIENCE)
    assert len(set(steps)) == 80


def test_it_works_by_the_machines_clock(folder):
    """With the real clock a code comes at once."""
    clock = SystemClock()
    got = take(folder, clock, most=limits.CODE_MARGIN)
    assert got.ends > clock.time()


def test_a_clock_that_is_set_back_while_a_code_is_waited_for(folder):
    """The wait ends with the run's own time, not a minute later, and says how long the code would take."""

    class SetBack(HandClock):
        def time(self):
            return self.at - (60 if len(self.waited) >= 3 else 0)

    take(folder, HandClock())
    clock = SetBack()
    with pytest.raises(NoCodeInTime, match="in 55 s") as caught:
        take(folder, clock, seconds=25.0)
    assert clock.at == START + 25
    assert caught.value.wait == 20 - 25 + 60
