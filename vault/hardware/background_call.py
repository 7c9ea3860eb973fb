"""A call that may never return, in a thread of its own: a device can hang, and its user can walk away."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_LAST_WORD = 0.5  # seconds in which a device may take note that nobody waits any longer


class BackgroundCall(Generic[T]):
    """Runs ``function``, which gets an event that asks it to stop."""

    def __init__(self, function: Callable[[threading.Event], T]) -> None:
        self._function = function
        self._stop = threading.Event()
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._results.append(self._function(self._stop))
        except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
            self._error = error

    def wait(self, seconds: float) -> bool:
        """Whether the call ended within ``seconds``."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def result(self) -> T:
        """What the call returned, or the error that it raised. Only after its end."""
        if self._error is not None:
            raise self._error
        return self._results[0]

    def abandon(self) -> None:
        """Ask the call to stop, and do not wait for that."""
        self._stop.set()

    def stop(self) -> None:
        """Ask the call to stop, and wait for that for a moment."""
        self._stop.set()
        self._thread.join(_LAST_WORD)
