"""Runs tests in forks of one process that has collected them: ``pytest -p tests.workers --workers 4``.

Workers of pytest-xdist collect all tests for themselves, which takes each of them as long as 500 tests. Here a worker
begins with what is collected. It gets one file after the other, so that what a module's tests share is made once. At the
end, a worker that has a long file left gives half of it to one that has nothing to do.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import multiprocessing
import os
import signal
from collections import deque
from multiprocessing import connection
from types import SimpleNamespace

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK = 1.0  # seconds after which a worker that has died is noticed
END = 30  # seconds for a worker to end what it has started
WORTH = 1.0  # seconds of tests that are worth giving away
SHARE = None  # what a worker is sent that should give some away


def pytest_addoption(parser):
    parser.addoption("--workers", type=int, default=0, help="run the tests in this many forks")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session):
    """In place of pytest's own, unless there is nothing to run."""
    if not session.config.option.workers or session.config.option.collectonly or session.testsfailed:
        return None
    Crew(session).run()
    return True


def files(items: list[pytest.Item]) -> Iterator[range]:
    """The places of each file's tests, which stand together."""
    for _, found in itertools.groupby(range(len(items)), lambda place: items[place].path):
        places = list(found)
        yield range(places[0], places[-1] + 1)


def node(name: str) -> SimpleNamespace:
    """What pytest needs to name the worker of a report, as it does for pytest-xdist."""
    return SimpleNamespace(gateway=SimpleNamespace(id=name), _workerinfocache=f"[{name}]")


class Worker:
    """One fork, as the process sees it that forked. ``at``: the place of the test that it runs; ``rest``: those after it;
    ``asked``: to give some of them away.
    """

    def __init__(self, session: pytest.Session, number: int, others: list[connection.Connection]) -> None:
        fork = multiprocessing.get_context("fork")
        self.connection, end = fork.Pipe()
        self.node = node(f"w{number}")
        self.at: int | None = None
        self.rest = range(0)
        self.ended = self.asked = False
        self.process = fork.Process(target=work, args=(session, number, end, [*others, self.connection]))
        self.process.start()
        end.close()


class Crew:
    """The workers, those of them that have nothing to do, and the files that none of them has got yet."""

    def __init__(self, session: pytest.Session) -> None:
        self.session, self.hook = session, session.config.hook
        self.left = deque(files(session.items))
        self.workers: dict[connection.Connection, Worker] = {}
        self.idle: list[Worker] = []
        self.numbers = itertools.count()

    def run(self) -> None:
        try:
            for _ in range(self.session.config.option.workers):
                self.add()
            while self.workers:
                for ready in connection.wait(list(self.workers), LOOK):
                    self.hear(self.workers[ready])
                for worker in list(self.workers.values()):
                    if not worker.process.is_alive() and not worker.connection.poll():
                        self.lost(worker)
                if self.session.shouldfail:
                    raise self.session.Failed(self.session.shouldfail)
                if self.session.shouldstop:
                    raise self.session.Interrupted(self.session.shouldstop)
        finally:
            for worker in self.workers.values():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker.process.pid, signal.SIGINT)
            for worker in self.workers.values():
                worker.process.join(END)
                worker.process.kill()

    def add(self) -> None:
        made = Worker(self.session, next(self.numbers), list(self.workers))
        self.workers[made.connection] = made

    def hear(self, worker: Worker) -> None:
        """One message of a worker."""
        try:
            told = worker.connection.recv()
        except (EOFError, OSError):
            self.lost(worker)
            return
        if isinstance(told, int):
            item = self.session.items[told]
            worker.at, worker.rest = told, range(told + 1, worker.rest.stop)
            self.hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        elif isinstance(told, range):
            worker.asked, worker.rest = False, range(worker.rest.start, worker.rest.stop - len(told))
            if told:
                self.left.append(told)
            self.give()
        elif told is not None:
            report = self.hook.pytest_report_from_serializable(config=self.session.config, data=told)
            report.node = worker.node
            self.hook.pytest_runtest_logreport(report=report)
        elif worker.ended:
            self.done(worker)
        else:
            worker.at, worker.rest, worker.asked = None, range(0), False
            self.idle.append(worker)
            self.give()

    def give(self) -> None:
        """The next files to those that have nothing to do; after the last file, some of what others have yet to do, or the end."""
        while self.idle and self.left:
            worker = self.idle.pop()
            worker.rest = self.left.popleft()
            self.send(worker, worker.rest)
        busy = [worker for worker in self.workers.values() if len(worker.rest) > 1]
        if not busy and not any(worker.asked for worker in self.workers.values()):
            while self.idle:
                worker = self.idle.pop()
                worker.ended = True
                self.send(worker, worker.rest)
        for worker in sorted(busy, key=lambda worker: -len(worker.rest))[: len(self.idle)]:
            if not worker.asked:
                worker.asked = True
                self.send(worker, SHARE)

    def send(self, worker: Worker, order: range | None) -> None:
        with contextlib.suppress(OSError):  # a worker that has died is noticed by its end
            worker.connection.send(order)

    def done(self, worker: Worker) -> None:
        del self.workers[worker.connection]
        worker.process.join()
        if worker.process.exitcode:
            raise RuntimeError(f"{worker.process.name} ended with {worker.process.exitcode}")

    def lost(self, worker: Worker) -> None:
        """A worker has died: its test fails, and another worker runs those that are left."""
        worker.process.join()
        if worker.at is None:
            self.done(worker)
            raise RuntimeError(f"{worker.process.name} ended too early")
        del self.workers[worker.connection]
        item = self.session.items[worker.at]
        told = f"the worker of this test ended with {worker.process.exitcode}"
        report = pytest.TestReport(item.nodeid, item.location, {}, "failed", told, "call")
        report.node = worker.node
        self.hook.pytest_runtest_logreport(report=report)
        if worker.rest:
            self.left.appendleft(worker.rest)
        self.add()
        self.give()


class Between:
    """Stands for the test that a worker gets next: it is in another file, so only what the session has is kept."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session

    def listchain(self) -> list[pytest.Session]:
        return [self.session]


class Teller:
    """Tells the other side what becomes of each test. ``took``: seconds of each of a file's tests; ``shared``: of its longest set-up."""

    def __init__(self, config: pytest.Config, orders: connection.Connection) -> None:
        self.config, self.orders = config, orders
        self.took: list[float] = []
        self.shared = 0.0

    def tell(self, what: object) -> None:
        try:
            self.orders.send(what)
        except OSError:  # nobody is left to hear it
            os._exit(1)

    def pytest_runtest_logreport(self, report):
        if report.when == "setup":
            self.shared = max(self.shared, report.duration)
        elif report.when == "call":
            self.took.append(report.duration)
        self.tell(self.config.hook.pytest_report_to_serializable(config=self.config, report=report))


def work(
    session: pytest.Session, number: int, orders: connection.Connection, others: list[connection.Connection]
) -> None:
    """In the fork: run files until there is none left."""
    for other in others:
        other.close()
    atexit._clear()  # what the process that forked has yet to do is not done here
    prepare(session.config, number)
    teller = Teller(session.config, orders)
    session.config.pluginmanager.register(teller, "teller")
    between = Between(session)
    try:
        while True:
            teller.tell(None)
            places, teller.took, teller.shared = next_file(orders), [], 0.0
            if not places:
                break
            while places:
                place = places[0]
                teller.tell(place)
                following = session.items[place + 1] if place + 1 in places else between
                session.config.hook.pytest_runtest_protocol(item=session.items[place], nextitem=following)
                if session.shouldfail or session.shouldstop:
                    return
                places = places[1:]
                if places and orders.poll():
                    orders.recv()
                    given = half(places, teller)
                    places = places[: len(places) - len(given)]
                    teller.tell(given)
    except (EOFError, KeyboardInterrupt):
        pass
    finally:
        session._setupstate.teardown_exact(None)
        session.config.hook.pytest_sessionfinish(session=session, exitstatus=0)
        atexit._run_exitfuncs()
    teller.tell(None)


def next_file(orders: connection.Connection) -> range:
    """What to do now. A wish for a part of the last file came too late."""
    while (order := orders.recv()) is SHARE:
        pass
    return order


def half(places: range, teller: Teller) -> range:
    """The half of ``places`` that is given away: none if it takes less time than making again what the file's tests share."""
    given = places[(len(places) + 1) // 2 :]
    if not teller.took or len(given) * sum(teller.took) / len(teller.took) < max(WORTH, teller.shared):
        return range(0)
    return given


def prepare(config: pytest.Config, number: int) -> None:
    """Let the fork print nothing, and give it files of its own for what it captures and for temporary folders."""
    config.pluginmanager.unregister(name="terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    capture.stop_global_capturing()
    capture.start_global_capturing()
    capture.suspend_global_capture()
    folders = config._tmp_path_factory
    folders._basetemp = folders.getbasetemp() / f"w{number}"
    folders._basetemp.mkdir(mode=0o700)
