"""What was asked of the stand-in and how it answered, for tests to count. Holds no secret but one-time codes."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field, replace
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = {
    *("WebIdentityToken", "Session", "SigninToken"),
    *("clientSecret", "deviceCode", "code", "codeVerifier", "refreshToken"),
}
NEVER_ANSWERED = "cut"


@dataclass(slots=True)
class Call:
    """One request. `result` is "ok", an error code, "cut", or "" while it is being worked on."""

    number: int
    service: str
    action: str
    access_key_id: str
    parameters: dict[str, str]
    region: str
    time: float  # the stand-in's clock, Unix seconds
    code_step: int | None = None  # the step of the one-time code that came with it
    caller: str = ""  # ARN, where the signature was good
    result: str = ""
    status: int = 0
    user_agent: str = ""
    gives: str = ""  # the access key ID of the session in the answer

    @property
    def code(self) -> str | None:
        return self.parameters.get("TokenCode")


@dataclass
class Calls:
    """All calls in the order of their arrival; safe to read at any time."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _calls: list[Call] = field(default_factory=list)
    _count: int = 0

    def begin(self, **fields: Any) -> Call:
        fields["parameters"] = {
            name: "…" if name in HIDDEN else value for name, value in fields.get("parameters", {}).items()
        }
        with self._lock:
            self._count += 1
            call = Call(number=self._count, **fields)
            self._calls.append(call)
            return call

    def all(self) -> list[Call]:
        with self._lock:
            return [replace(call) for call in self._calls]

    def of(self, action: str, *, result: str | None = None) -> list[Call]:
        """The calls of one action, all or those with this result ("ok" for the successful)."""
        return [c for c in self.all() if c.action == action and result in (None, c.result)]

    def count(self, action: str, *, result: str | None = None) -> int:
        return len(self.of(action, result=result))

    def actions(self) -> list[str]:
        return [call.action for call in self.all()]

    def codes(self) -> list[str]:
        """Every one-time code that was sent, in order."""
        return [call.code for call in self.all() if call.code is not None]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    def as_json(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in self.all()]

    def __iter__(self) -> Iterator[Call]:
        return iter(self.all())

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, index: int) -> Call:
        return self.all()[index]
