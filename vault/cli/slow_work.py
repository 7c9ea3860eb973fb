"""What a command does, in one line on stderr for each step, at a terminal and only once it has taken a second."""

from __future__ import annotations

import threading

from vault.cli.terminal import is_live, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

LATE = 1.0  # seconds


class SlowWork:
    """A context manager. ``tell`` is for the steps of a sync: it gets what is being done now, or "" while there is nothing to say,
    such as during a prompt.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self._live = is_live(env)
        self._now, self._late = "", False
        self._alone = threading.Lock()  # the timer has a thread of its own: a request may block this one
        self._timer = threading.Timer(LATE, self._is_late)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        if self._live:
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self.tell("")

    def tell(self, what: str) -> None:
        """Say ``what`` now if the command is late already, or when it is."""
        with self._alone:
            if what != self._now and what and self._late:
                say(what)
            self._now = what

    def _is_late(self) -> None:
        with self._alone:
            self._late = True
            if self._now:
                say(self._now)
