"""A connection that a thread opens while its process does other things. The thread knows where it leads, and nothing of a request."""

from __future__ import annotations

import _thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vault.system.clock import Deadline


class OpenedAhead:
    """The connection that ``work()`` returns, in a thread. It ends at the deadline by itself."""

    __slots__ = ("_abandoned", "_deadline", "_done", "_found", "_turn", "_work")

    def __init__(self, work: Callable[[], Any], *, deadline: Deadline) -> None:
        self._work, self._deadline = work, deadline
        self._found: Any = None  # the connection, or the error
        self._abandoned = False
        self._turn, self._done = _thread.allocate_lock(), _thread.allocate_lock()
        self._done.acquire()
        try:
            _thread.start_new_thread(self._open, ())
        except RuntimeError:  # the system allows no further thread
            self._open()

    def _open(self) -> None:
        try:
            found = self._work()
        except Exception as error:  # noqa: BLE001  # raised in the thread that takes the connection
            found = error
        with self._turn:
            if self._abandoned and not isinstance(found, Exception):
                found.close()
            self._found = found
        self._done.release()

    def connection(self) -> Any:
        """The connection, once it is open. Errors: those of ``work``; TimeoutError at the deadline."""
        if not self._done.acquire(timeout=self._deadline.remaining()):
            self.abandon()
            raise TimeoutError
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    def abandon(self) -> None:
        """Nobody takes the connection: it is closed, as soon as it is open."""
        with self._turn:
            self._abandoned = True
            if self._found is not None and not isinstance(self._found, Exception):
                self._found.close()
