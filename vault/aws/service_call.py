"""What all calls to AWS services share: the answer, the retry, and AWS's refusal as an error. No SDK."""

from __future__ import annotations

from vault import errors, limits
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from vault.system.clock import Deadline

    Given = TypeVar("Given")


class Answer(NamedTuple):
    """AWS's answer: its fields by name, and its Date header as Unix seconds (None if it had none)."""

    fields: dict[str, Any]
    date: int | None


def with_retry(send: Callable[[], Given], *, once: bool, deadline: Deadline) -> Given:
    """``send()``, repeated once after a temporary failure, unless ``once`` is set or no time is left."""
    tries = 1 if once else limits.AWS_TRIES
    while True:
        tries -= 1
        try:
            return send()
        except errors.Unreachable:
            if tries <= 0 or deadline.remaining() <= limits.AWS_RETRY_PAUSE:
                raise
            deadline.clock.sleep(limits.AWS_RETRY_PAUSE)


def with_operation(error: errors.Unreachable, operation: str, subject: str) -> errors.Unreachable:
    """``error`` with the operation and its subject before the message."""
    error.message = f"{operation}{f' for {safe(subject)}' if subject else ''}: {error.message}"
    error.args = (error.message,)
    return error


def refusal(
    code: str,
    message: str,
    *,
    status: int,
    operation: str,
    subject: str,
    date: int | None,
    deadline: Deadline,
    region: str,
) -> errors.Error:
    """AWS's refusal as an error, with AWS's Date; the hint names the region or the clock's error if that is the cause."""
    from vault.aws import service_errors

    error = service_errors.refusal(code, message, status=status, operation=operation, subject=subject)
    if isinstance(error, errors.Refused):
        error.date = date
        if error.code == service_errors.REGION:
            error.hint = service_errors.region_off(region)
        if error.code == service_errors.CLOCK and date is not None:
            error.hint = _clock_hint(round(deadline.clock.time() - date))
    return error


def _clock_hint(off: int) -> str:
    """What to do after AWS refused the request's time; ``off`` is this machine's clock minus AWS's, in seconds."""
    if abs(off) > limits.CLOCK_SKEW_WARN:
        return (
            f"set this machine's clock: it is {abs(off)} s {'ahead of' if off > 0 else 'behind'} AWS's clock"
        )
    return "this machine's clock is right, so the request was delayed on its way; run the command again"


def http_date(text: str) -> int | None:
    """Unix seconds of an HTTP date (RFC 9110 5.6.7, its preferred format); None for anything else."""
    from vault.system import timestamps

    return timestamps.unix(text) if text.endswith(" GMT") else None
