"""The ledger of used codes: no process sends a code twice, even after a restart (security.md 6).

A step is written and fsynced under a lock before its code leaves this module. A process that has to wait for a step
takes it first and waits without the lock, so that the next process knows at once which steps are left. If the ledger is
missing, no step counts as used; if it is damaged, the current step counts as used.
"""

from __future__ import annotations

import base64
import re

from vault import errors, limits
from vault.crypto.sha256 import compare_digest, hmac_sha256
from vault.mfa import codes
from vault.records import NamedTuple
from vault.system import locks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.mfa.codes import Seed
    from vault.secret import Secret
    from vault.system.clock import Clock, Deadline
    from vault.system.files import Folder

_HEAD = "awsvault-mfa-1"
_MOST_BYTES = 4096
_RECORD = re.compile(
    rf"{_HEAD}\nsteps((?: [0-9]{{1,12}}){{0,{limits.LEDGER_STEPS}}})\nsent((?: [0-9a-f]{{32}}@[0-9]{{1,12}}){{0,8}})\n"
    r"(?:skew (-?[0-9]{1,3})@([0-9]{1,12})\n)?",
    re.ASCII,
)


class Code(NamedTuple):
    """An unused code, its time step, and the Unix time by this machine's clock at which the step ends for AWS."""

    text: str
    step: int | None
    ends: float


class NoCodeInTime(errors.Unreachable):
    """Other requests have taken all codes within the time limit (8). ``wait``: seconds until the next free one."""

    hint = "other requests use this device; run the command again in a minute"

    def __init__(self, message: str, *, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class UsedCode(errors.Refused):
    """A code from the user or a program that was sent before (7). AWS would refuse it, and count the attempt."""

    hint = "wait for the device's next code"


class _Record(NamedTuple):
    steps: tuple[int, ...] = ()
    sent: tuple[tuple[str, int], ...] = ()
    skew: tuple[int, int] = (0, 0)  # AWS's clock minus this machine's in seconds, and when that was learned

    def skew_at(self, now: float) -> int:
        """The skew while it is reliable: the clock may have been set since."""
        return self.skew[0] if abs(now - self.skew[1]) < limits.SKEW_REMEMBERED else 0


class Ledger:
    """The used steps of one device. ``key`` is the vault's key for ledgers; without it, the file's name reveals nothing."""

    def __init__(self, folder: Folder, *, serial: str, key: Secret) -> None:
        """``folder`` is the state folder."""
        self._folder = folder
        self._key = key.reveal()
        named = hmac_sha256(self._key, serial.encode())
        self._name = "mfa-" + base64.b32encode(named).decode("ascii")[:40].lower()

    def take(
        self,
        seed: Seed,
        *,
        clock: Clock,
        deadline: Deadline,
        most: float = limits.CODE_WAIT,
        skew: float | None = None,
        after: int | None = None,
        waiting: Callable[[float], None] | None = None,
    ) -> Code:
        """A code for one request, returned when it may be sent.

        ``most``: how many seconds to wait for a step; 0 for no wait. ``skew``: AWS's clock minus this machine's in
        seconds, as an answer has just shown it; 0 if they agree. ``after``: a step that AWS refused. Only later steps
        are then used, unless the step was refused because this machine's clock is fast, which makes it free again.
        Without ``skew`` and ``after``, the last known skew is used. ``waiting`` gets the seconds left about once a
        second. Errors: NoCodeInTime, and those of the file and its lock.
        """
        with locks.lock(self._folder, f"{self._name}.lock", deadline=deadline):
            own = clock.time()
            record = self._read(int((own + (skew or 0.0)) // seed.period))
            if skew is not None or after is not None:
                skew = skew or 0.0
                record = record._replace(skew=(round(skew), int(own)))
            else:
                skew = float(record.skew_at(own))
            now = own + skew
            if after is not None and after > now // seed.period + limits.STEPS_TAKEN_EARLY:
                record = record._replace(steps=tuple(step for step in record.steps if step != after))
                after = None
            ahead = limits.STEPS_TAKEN_EARLY if skew or after is not None else limits.LEDGER_AHEAD
            step = _next_step(record.steps, now=now, period=seed.period, after=after, ahead=ahead)
            start = max(0.0, step * seed.period - now)
            bound = min(most, deadline.remaining()) if start > 0 else most
            if start > bound + (limits.CODE_MARGIN if most <= 0 else 0):
                raise NoCodeInTime(
                    f"the next free MFA code comes in {start:.0f} s, which is too late", wait=start
                )
            self._write(record._replace(steps=(*record.steps, step)))
        _wait_until(step * seed.period, clock=clock, skew=skew, deadline=deadline, waiting=waiting)
        return Code(codes.code(seed, step), step, (step + 1) * seed.period - skew)

    def note(self, text: str, *, clock: Clock, deadline: Deadline) -> Code:
        """Enter ``text``, a code from the user or a program. UsedCode if it was sent within the last minutes."""
        with locks.lock(self._folder, f"{self._name}.lock", deadline=deadline):
            now = int(clock.time())
            record = self._read(now // 30)
            mark = hmac_sha256(self._key, b"code|" + text.encode()).hex()[:32]
            recent = [(m, at) for m, at in record.sent if abs(now - at) < limits.CODE_REMEMBERED]
            if any(m == mark for m, _ in recent):
                raise UsedCode("this MFA code was used already; AWS accepts a code only once")
            self._write(record._replace(sent=(*recent, (mark, now))[-8:]))
        return Code(text, None, now + 30.0)

    def mark(self, step: int, seed: Seed, *, clock: Clock, deadline: Deadline) -> None:
        """Count ``step`` as used: its code was sent before this ledger could exist (``first_code``)."""
        with locks.lock(self._folder, f"{self._name}.lock", deadline=deadline):
            record = self._read(int(clock.time() // seed.period))
            self._write(record._replace(steps=(*record.steps, step)))

    def _read(self, current: int) -> _Record:
        try:
            raw = self._folder.read(self._name, limit=_MOST_BYTES)
        except FileNotFoundError:
            return _Record()
        except errors.UnsafeFile:
            raise
        except errors.Error:
            return _Record((current,))
        head, _, mac = raw.rpartition(b"\n")
        body = head + b"\n"
        match = _RECORD.fullmatch(body.decode("ascii", "replace"))
        if match is None or not compare_digest(mac, self._mac(body)):
            return _Record((current,))
        sent = tuple((m, int(at)) for m, _, at in (word.partition("@") for word in match[2].split()))
        skew = (int(match[3]), int(match[4])) if match[3] else (0, 0)
        return _Record(tuple(int(word) for word in match[1].split()), sent, skew)

    def _write(self, record: _Record) -> None:
        steps = sorted(set(record.steps))[-limits.LEDGER_STEPS :]
        lines = [
            _HEAD,
            " ".join(["steps", *map(str, steps)]),
            " ".join(["sent", *(f"{m}@{at}" for m, at in record.sent)]),
        ]
        if record.skew[0]:
            lines.append(f"skew {record.skew[0]}@{record.skew[1]}")
        body = ("\n".join(lines) + "\n").encode("ascii")
        self._folder.write_atomic(self._name, body + self._mac(body), durable=True)

    def _mac(self, body: bytes) -> bytes:
        return hmac_sha256(self._key, b"ledger|" + body).hex().encode("ascii")


def first_code(
    seed: Seed,
    *,
    clock: Clock,
    deadline: Deadline,
    skew: float = 0.0,
    after: int | None = None,
    waiting: Callable[[float], None] | None = None,
) -> Code:
    """A code of a seed that no process has used, because it is in no vault yet. The caller marks it later. NoCodeInTime."""
    step = _next_step((), now=clock.time() + skew, period=seed.period, after=after)
    _wait_until(step * seed.period, clock=clock, skew=skew, deadline=deadline, waiting=waiting)
    return Code(codes.code(seed, step), step, (step + 1) * seed.period - skew)


def _next_step(
    used: tuple[int, ...], *, now: float, period: int, after: int | None, ahead: int = limits.LEDGER_AHEAD
) -> int:
    """The first unused step at ``now`` that AWS still accepts. ``ahead``: how many steps early AWS accepts one."""
    current = int(now // period)
    earliest = current if (current + 1) * period - now >= limits.CODE_MARGIN else current + 1
    # AWS refuses a step that is not later than the last one it accepted. Steps far ahead were taken while the clock was
    # wrong, and AWS would not have accepted them: only these steps themselves are used up.
    near = [step for step in used if step <= current + ahead]
    step = max([earliest, *(taken + 1 for taken in near), *([] if after is None else [after + 1])])
    if len(used) >= limits.LEDGER_STEPS:
        step = max(step, min(used) + 1)  # older ones are not remembered
    while step in used:
        step += 1
    return step


def _wait_until(
    moment: float, *, clock: Clock, skew: float, deadline: Deadline, waiting: Callable[[float], None] | None
) -> None:
    while (left := moment - clock.time() - skew) > 0:
        if deadline.expired:
            raise NoCodeInTime(
                f"the next free MFA code comes in {left:.0f} s, but there is no time left", wait=left
            )
        if waiting is not None:
            waiting(left)
        clock.sleep(min(left, 1.0))
