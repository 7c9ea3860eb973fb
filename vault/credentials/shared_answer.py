"""One question at a time for all processes of the user, and one answer for all that wait for the same question.

A process that waited finds the answer in a file, which counts only for those that began to wait before it was given. Prints
nothing.
"""

from __future__ import annotations

import json
from hashlib import sha256

from vault import errors, limits
from vault.records import NamedTuple
from vault.system import locks
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vault.context import Context
    from vault.system.clock import Deadline

LOCK = "confirm.lock"
ANSWERS = "confirm.answers"
BUSY = "another question was open at the desktop"


class GivenAnswer(NamedTuple):
    """The user's answer. ``why``: for a no, what happened."""

    yes: bool
    why: str = ""


def shared_answer(context: Context, about: str, *, ask: Callable[[Deadline], GivenAnswer]) -> GivenAnswer:
    """The answer to the question ``about``. ``ask`` gets the deadline of its answer; it is called if no other process asked
    the same while this one waited. Errors: StorageError.
    """
    began = (context.clock.time(), context.clock.monotonic())
    name = sha256(about.encode("utf-8", "surrogateescape")).hexdigest()
    deadline = context.new_deadline(limits.PROMPT_TIME)
    with Folder.open(context.paths.state, create=True) as state:
        try:
            lock = locks.lock(state, LOCK, deadline=deadline)
        except locks.Busy:
            return GivenAnswer(yes=False, why=BUSY)
        with lock:
            given = _given_since(state, name, began, now=(context.clock.time(), context.clock.monotonic()))
            if given is not None:
                return given
            if deadline.remaining() < limits.CONFIRM_LEAST:
                return GivenAnswer(yes=False, why=BUSY)
            answer = ask(deadline.at_most(limits.CONFIRM_ANSWER))
            _give(state, name, answer, now=(context.clock.time(), context.clock.monotonic()))
            return answer


def _given_since(
    state: Folder, name: str, began: tuple[float, float], *, now: tuple[float, float]
) -> GivenAnswer | None:
    """The newest answer to ``name`` that was given between the two times. Each is by two clocks: one starts again at each
    boot, the other may be set.
    """
    for row in reversed(_rows(state)):
        match row:
            case [str(known), int() | float() as time, int() | float() as running, bool(yes), str(why)]:
                within = began[0] <= time <= now[0] and began[1] <= running <= now[1]
                if known == name and within:
                    return GivenAnswer(yes, why)
    return None


def _give(state: Folder, name: str, answer: GivenAnswer, *, now: tuple[float, float]) -> None:
    rows = [*_rows(state), [name, *now, answer.yes, answer.why]][-limits.CONFIRM_SHARED :]
    try:
        state.write_atomic(ANSWERS, json.dumps(rows).encode("ascii"), durable=False)
    except errors.StorageError:
        return  # the others ask again


def _rows(state: Folder) -> list[Any]:
    try:
        found = json.loads(state.read(ANSWERS, limit=limits.CONFIRM_FILE))
    except (OSError, ValueError, RecursionError, errors.Error):
        return []
    return found if isinstance(found, list) else []
