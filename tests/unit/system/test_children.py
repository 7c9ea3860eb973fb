"""Children made by fork: their exit codes, their end, and the signals that are not for them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time

import pytest

from tests.patience import PATIENCE
from vault.system import children


@pytest.fixture
def start():
    """Children that do not outlive the test."""
    started = []

    def begin(work, *, fork=children.fork):
        started.append(fork(work))
        return started[-1]

    yield begin
    for pid in started:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def fail():
    raise ZeroDivisionError


def leave():
    raise SystemExit(7)


@pytest.mark.parametrize(("work", "code"), [(lambda: None, 0), (fail, 1), (leave, 1)])
def test_a_child_ends_with_its_work(start, work, code, capfd):
    """Nothing of this process goes on in it, and an error is a code and no traceback."""
    pid = start(work)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == code
    assert capfd.readouterr() == ("", "")


def test_a_child_that_goes_on_is_not_waited_for_longer_than_asked(start):
    """Then the caller may kill it: its number is still its own."""
    pid = start(lambda: time.sleep(PATIENCE))
    assert not children.ends_within(pid, 0.05)
    children.kill(pid)
    assert children.ends_within(pid, PATIENCE)
    with pytest.raises(ChildProcessError):
        children.ended(pid)


def told(work):
    """A pipe that the child writes to when it has begun ``work``."""
    reader, writer = os.pipe()

    def begin():
        os.write(writer, b"x")
        work()

    return reader, writer, begin


@pytest.mark.parametrize("number", children.FOR_THE_PROGRAM)
def test_a_signal_for_the_program_does_not_end_a_child_of_its_own_kind(start, number):
    """Ctrl-C and its like go to every process of a job. One that was sent while it started does not end it either."""
    reader, writer, work = told(lambda: time.sleep(PATIENCE))
    pid = start(work, fork=children.fork_for_itself)
    os.close(writer)
    os.kill(pid, number)
    assert os.read(reader, 1) == b"x"
    os.kill(pid, number)
    assert not children.ends_within(pid, 0.05)
    os.close(reader)


def test_what_such_a_child_starts_gets_these_signals_again(start):
    """They are not ignored in it, which would last over exec."""
    pid = start(lambda: os.execvp("sh", ["sh", "-c", "kill -INT $$; exit 0"]), fork=children.fork_for_itself)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGINT


def test_the_signals_of_this_process_are_as_before(start):
    """They were blocked for the moment of the fork."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    start(lambda: None, fork=children.fork_for_itself)
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


def test_a_group_is_killed_with_all_that_it_started(start):
    """A refresh may have started a program."""
    reader, writer = os.pipe()

    def work():
        children.lead_group()
        if os.fork() == 0:
            os.write(writer, b"x")
            time.sleep(PATIENCE)
        time.sleep(PATIENCE)

    pid = start(work)
    assert os.read(reader, 1) == b"x"
    os.close(writer)
    children.kill_group(pid)
    assert select.select([reader], [], [], PATIENCE / 2)[0], "a process of the group is alive"
    assert os.read(reader, 1) == b""
    os.close(reader)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_process_that_is_asked_to_end_runs_its_last_steps(start, number):
    """Whatever it has to clear up."""
    reader, writer, work = told(lambda: None)
    done, doing = os.pipe()

    def tidy():
        children.end_when_asked()
        try:
            work()
            time.sleep(PATIENCE)
        finally:
            os.write(doing, b"tidy")

    pid = start(tidy)
    for fd in (writer, doing):
        os.close(fd)
    assert os.read(reader, 1) == b"x"
    os.kill(pid, number)
    assert children.ends_within(pid, PATIENCE)
    assert os.read(done, 9) == b"tidy"
    for fd in (reader, done):
        os.close(fd)


def test_the_kernel_ends_a_child_that_takes_too_long(start):
    """Whatever it does then."""

    def work():
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # as in the program: a test's own handler may be there
        children.end_after(1)
        time.sleep(PATIENCE)

    pid = start(work)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGALRM
