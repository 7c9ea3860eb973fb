"""Runs tests in forks of one process that has collected them: ``pytest -p tests.workers --workers 4``.

Workers of pytest-xdist collect all tests for themselves, which takes each of them as long as 500 tests. Here a worker
begins with what is collected. It gets one file after the other, so that what a module's tests share is made once.
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
    """One fork, as the process sees it that forked. ``at``: the place of the test that it runs; ``rest``: those after it."""

    def __init__(self, session: pytest.Session, number: int, others: list[connection.Connection]) -> None:
        fork = multiprocessing.get_context("fork")
        self.connection, end = fork.Pipe()
        self.node = node(f"w{number}")
        self.at: int | None = None
        self.rest = range(0)
        self.ended = False
        self.process = fork.Process(target=work, args=(session, number, end, [*others, self.connection]))
        self.process.start()
        end.close()


class Crew:
    """The workers, and the files that none of them has got yet."""

    def __init__(self, session: pytest.Session) -> None:
        self.session, self.hook = session, session.config.hook
        self.left = deque(files(session.items))
        self.workers: dict[connection.Connection, Worker] = {}
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
        elif told is not None:
            report = self.hook.pytest_report_from_serializable(config=self.session.config, data=told)
            report.node = worker.node
            self.hook.pytest_runtest_logreport(report=report)
        elif worker.ended:
            self.done(worker)
        else:
            self.give(worker)

    def give(self, worker: Worker) -> None:
        """The next file, or the end."""
        worker.at, worker.rest = None, self.left.popleft() if self.left else range(0)
        worker.ended = not worker.rest
        with contextlib.suppress(OSError):  # a worker that has died is noticed by its end
            worker.connection.send(worker.rest)

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


class Between:
    """Stands for the test that a worker gets next: it is in another file, so only what the session has is kept."""

    def __init__(self, session: pytest.Session) -> None:
        self.session = session

    def listchain(self) -> list[pytest.Session]:
        return [self.session]


class Teller:
    """Tells the other side what becomes of each test."""

    def __init__(self, config: pytest.Config, orders: connection.Connection) -> None:
        self.config, self.orders = config, orders

    def tell(self, what: object) -> None:
        try:
            self.orders.send(what)
        except OSError:  # nobody is left to hear it
            os._exit(1)

    def pytest_runtest_logreport(self, report):
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
            places = orders.recv()
            if not places:
                break
            for place in places:
                teller.tell(place)
                following = session.items[place + 1] if place + 1 in places else between
                session.config.hook.pytest_runtest_protocol(item=session.items[place], nextitem=following)
                if session.shouldfail or session.shouldstop:
                    return
    except (EOFError, KeyboardInterrupt):
        pass
    finally:
        session._setupstate.teardown_exact(None)
        session.config.hook.pytest_sessionfinish(session=session, exitstatus=0)
        atexit._run_exitfuncs()
    teller.tell(None)


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
