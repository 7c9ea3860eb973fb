"""Fixtures of every package: a stand-in for AWS, and a home that talks to it and to nobody else."""

import functools
import gc
import io
import os
import posix
import signal
import sys
import tempfile
from contextlib import contextmanager
from subprocess import CompletedProcess
from unittest import mock

import coverage
import pytest
from hypothesis import HealthCheck, settings

from tests import forked, once
from tests.clock import MovedClock
from tests.fakes.aws import StandIn
from tests.fakes.tpm import EmulatedTpm
from tests.fronts import compiled
from tests.home import COMMAND, Home
from tests.quick import sync_nothing
from vault import warm
from vault.agent.client import Agent

# The machine is shared: no time limit of one example, and the same examples in each run of CI.
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "dev")

for name in [n for n in os.environ if n.startswith(("AWS_", "AWSVAULT_"))]:
    del os.environ[name]  # a developer's own accounts are no part of a test
if not forked.MEASURED:
    forked.DERIVATIONS.remember()
    sync_nothing()
warm.RUNTIMES = "/there/is/none"  # nor is the agent of their login

for number in (
    signal.SIGINT,
    signal.SIGHUP,
    signal.SIGQUIT,
):  # ignored where a shell runs us in the background,
    if signal.getsignal(number) == signal.SIG_IGN:  # and so by each program that a test starts and interrupts
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)


HERE = os.path.dirname(os.path.abspath(__file__))
# Folders of which only `scripts/test long` runs anything: the real tools, and every point of each campaign of accidents.
LONG = ("clients", "campaigns")
# Folders and files whose tests take longest: they start first, so that the last minutes are shared by all workers.
LONGEST = (
    *("campaigns", "clients", "faults", "journeys", "agent"),
    *("test_release", "test_pictures", "test_native_wheel", "test_check", "test_key_keeper"),
)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected stays to the end, so nothing looks through it for what could be freed."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items):
    """Marks what is long or not measured, and puts the longest first; within that the order of files stays."""
    for item in items:
        if os.path.relpath(item.path, HERE).partition(os.sep)[0] in LONG:
            item.add_marker(pytest.mark.long)
        if "untraced" in item.fixturenames:
            item.add_marker(pytest.mark.untraced)
    items.sort(key=_turn)


def _turn(item):
    """When a test's file starts."""
    names = (item.path.parent.name, item.path.stem)
    return min((LONGEST.index(name) for name in names if name in LONGEST), default=len(LONGEST))


def pytest_sessionfinish():
    forked.end()
    once.end()


@pytest.fixture(scope="module")
def unmeasured():
    """Commands that a module's tests start are not measured: a quarter of a second each, which adds up."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [n for n in os.environ if n.startswith("COVERAGE_")]:
            patch.delenv(name)
        yield


@pytest.fixture
def untraced():
    """A loop over thousands of similar cases is not measured: it would take twice as long and cover no new line."""
    measured = coverage.Coverage.current()
    if measured is None:
        yield
        return
    measured.stop()
    with mock.patch.object(
        os, "_exit", posix._exit
    ):  # or each fork would write down all that was measured before
        yield
    measured.start()


@pytest.fixture
def tpm():
    """A TPM of its own. Its folder is short, as a socket's path must be."""
    with tempfile.TemporaryDirectory(prefix="tpm") as folder:
        emulated = EmulatedTpm(folder)
        yield emulated
        emulated.end()


@pytest.fixture
def aws():
    """A strict STS and IAM of its own, with the example accounts."""
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def home(tmp_path, aws):
    """An empty home whose endpoint is the stand-in. An agent that its commands started ends with the test."""
    home = Home(tmp_path / "home", url=aws.url)
    yield home
    agent = Agent.reach(home.file("run/agent.sock"), answer=30)
    if agent is not None:
        agent.ask("SHUTDOWN")
        agent.close()


@pytest.fixture
def moved_clock(aws, tmp_path, monkeypatch):
    """The time of ``aws`` and of the program in this process: what it waits for takes no real seconds."""
    moved = MovedClock(str(tmp_path / "clock"))
    moved.drive_this_process(monkeypatch)
    moved.drive_aws(aws.world)
    return moved


@pytest.fixture
def clock(home, aws, moved_clock):
    """The same for ``home``'s commands, too."""
    moved_clock.drive(home, aws.world)
    return moved_clock


@pytest.fixture(scope="session")
def native_front():
    """The native front, beside the program that the tests run. Its clock can be moved."""
    with open(COMMAND, encoding="utf-8") as script:
        full = script.read()
    folder = once.made("front", lambda new: compiled(new, full, shared=True))
    return os.path.join(folder, os.path.basename(COMMAND))


@pytest.fixture(params=["python", "native"])
def either(request):
    """For tests of what is warm: ``either(home)`` lets the home run one front and then the other."""

    def choose(home):
        if request.param == "native":
            home.use(request.getfixturevalue("native_front"))
        return home

    choose.native = request.param == "native"
    return choose


@pytest.fixture
def here(capfd, monkeypatch):
    """``here(home, *words, stdin=…, **env)``: as ``home.run``, but in this process; stdin None is a closed one."""

    from vault.cli import main

    def run(home, *argv, stdin="", **env):
        given = None if stdin is None else _given(stdin)
        capfd.readouterr()
        with monkeypatch.context() as patch, mock.patch.dict(os.environ, home.with_env(env), clear=True):
            patch.setattr(sys, "stdin", given)
            with _closed_at_the_end(patch):
                code = main.run(list(argv))
        return CompletedProcess(list(argv), code, *capfd.readouterr())

    return run


@contextmanager
def _closed_at_the_end(patch):
    """Close what a command leaves to the end of its process: its connections to agents."""
    made, begin = [], Agent.__init__

    def kept(agent, sock):
        begin(agent, sock)
        made.append(agent)

    patch.setattr(Agent, "__init__", kept)
    try:
        yield
    finally:
        for agent in made:
            agent.close()


def _given(stdin):
    return io.TextIOWrapper(
        io.BytesIO(stdin if isinstance(stdin, bytes) else stdin.encode()), encoding="utf-8"
    )


@pytest.fixture
def started(home):
    """Each ``home.run`` starts the command: for tests of its start, and of whose child it is (else: tests/forked.py)."""
    home.forks = False
    yield
    home.forks = True


@pytest.fixture
def inside(home, here, moved_clock, monkeypatch):
    """``home.run`` in this process, and its waits take no time: for cases of one command by the dozen."""
    monkeypatch.setattr(home, "run", functools.partial(here, home))
