"""Things that go wrong, each for one action and a number of times, and pauses before and after the work."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field
from typing import Any

from tests.patience import PATIENCE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# kind -> (status, code, message) of those that are plain answers
ANSWERS = {
    "throttle": (400, "Throttling", "Rate exceeded"),
    "throttle-429": (429, "TooManyRequestsException", "Too Many Requests"),
    "error-500": (500, "InternalFailure", "The request processing has failed because of an unknown error."),
    "error-503": (
        503,
        "ServiceUnavailable",
        "The request has failed due to a temporary failure of the server.",
    ),
    "control-characters": (
        403,
        "AccessDenied",
        "User: \u009b31m\u202earn\u2066 is\r\nnot \u0085authorized\u2028 <&> to perform\u007f: x",
    ),
}
KINDS = {
    *ANSWERS,
    "refuse",  # an answer of the test's own: status=, code=, message=
    "slow",  # seconds= before the work
    "slow-answer",  # seconds= after the work, before the answer
    "cut-before",  # the connection is closed, nothing was done
    "cut-after",  # the work is done, the answer never sent
    "cut-midway",  # half of the answer, then the end
    "garbage",  # 200 with something that is not XML
    "huge",  # bytes= (default 1 GiB) of streamed answer
    "redirect",  # location=
    "date-off",  # the Date header is seconds= away
    "wrong-account",  # the answer names account= (default 999999999999)
    "ten-year-expiry",
    "past-expiry",
    "duplicate-fields",  # each credential twice, another one first
    "pause-before",
    "pause-after",
    "call-before",  # an in-process function of the test: function=
    "call-after",
}
ANSWERS_INSTEAD = {*ANSWERS, "refuse"}
PAUSE_LIMIT = 120.0  # seconds; a forgotten pause must not hold a test run


@dataclass
class Fault:
    """One armed fault. `times` None: always; the first `skip` matching requests pass untouched."""

    id: int
    action: str  # "*" for all
    kind: str
    times: int | None = 1
    skip: int = 0
    access_key_id: str | None = None
    options: dict[str, Any] = field(default_factory=dict)
    met: int = 0  # how often it happened
    reached: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    gate: threading.Event = field(default_factory=threading.Event)

    def wait_reached(self, timeout: float = PATIENCE) -> bool:
        """True as soon as one more request stands at this pause."""
        return self.reached.acquire(timeout=timeout)

    def release(self) -> None:
        """Lets all requests at this pause go on, also later ones."""
        self.gate.set()

    def stand(self) -> None:
        self.reached.release()
        self.gate.wait(PAUSE_LIMIT)


class Faults:
    """The armed faults. Several may meet one request; each is counted by itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)

    def add(
        self,
        action: str,
        kind: str,
        *,
        times: int | None = 1,
        skip: int = 0,
        access_key_id: str | None = None,
        **options: Any,
    ) -> Fault:
        """Arms a fault; `options` are those named at KINDS."""
        if kind not in KINDS:
            raise ValueError(f"no such fault: {kind}")
        with self._lock:
            fault = Fault(next(self._ids), action, kind, times, skip, access_key_id, options)
            self._faults.append(fault)
            return fault

    def pause(self, action: str, when: str = "before", *, times: int | None = 1, skip: int = 0) -> Fault:
        """Holds requests before or after the work: `wait_reached()`, then `release()`."""
        return self.add(action, f"pause-{when}", times=times, skip=skip)

    def hook(
        self, action: str, when: str, function: Callable[[], None], *, times: int | None = 1, skip: int = 0
    ) -> Fault:
        """Calls `function` in the request's thread, before or after the work."""
        return self.add(action, f"call-{when}", times=times, skip=skip, function=function)

    def clear(self) -> None:
        """Disarms all and lets waiting requests go on."""
        with self._lock:
            for fault in self._faults:
                fault.release()
            self._faults.clear()

    def find(self, fault_id: int) -> Fault | None:
        with self._lock:
            return next((fault for fault in self._faults if fault.id == fault_id), None)

    def met(self, action: str, access_key_id: str) -> dict[str, Fault]:
        """The faults that this request meets, by kind; counts them."""
        found: dict[str, Fault] = {}
        with self._lock:
            for fault in self._faults:
                if fault.action not in ("*", action) or fault.access_key_id not in (None, access_key_id):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                elif (fault.times is None or fault.met < fault.times) and fault.kind not in found:
                    fault.met += 1
                    found[fault.kind] = fault
        return found
