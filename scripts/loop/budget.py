"""A pytest plugin that stops the run after a time and says so. The tests that ran decide whether it passed.

Used by scripts/check: `-p scripts.loop.budget --budget SECONDS`.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import pytest


class Budget:
    """The time that the tests of one run may take. A test that has begun ends."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._ends = seconds, time.monotonic() + seconds
        self._session: pytest.Session | None = None
        self._over = False

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self._session = session

    def pytest_runtest_logfinish(self) -> None:
        if not self._over and time.monotonic() > self._ends and self._session is not None:
            self._over = True
            over = f"the {self._seconds:g} seconds for tests are over"
            self._session.shouldstop = over
            workers = self._session.config.pluginmanager.get_plugin(
                "dsession"
            )  # of xdist, which looks at its own
            if workers is not None:
                workers.shouldstop = over

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._over:
            session.exitstatus = 1 if session.testsfailed else 0


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--budget", type=float, default=0, help="stop after this many seconds; 0: never")


def pytest_configure(config: pytest.Config) -> None:
    seconds = config.getoption("--budget")
    if seconds and not hasattr(
        config, "workerinput"
    ):  # a worker of xdist is stopped by the process that started it
        config.pluginmanager.register(Budget(seconds))
