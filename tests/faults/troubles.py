"""What happens in a step of the chaos campaign: the commands that it draws from, and what goes wrong around them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from typing import NamedTuple

from vault import limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.chaos import Chaos

BOUND = limits.DEADLINE + 100  # seconds for one command: its own deadline, and a busy machine
KEPT = 3  # entries of the campaign's own that may stand in the vault at once


class Around(NamedTuple):
    """What is wrong with the world of a step's commands."""

    env: dict[str, str] = {}  # noqa: RUF012 -- never changed
    shim: str | None = None
    descriptors: int | None = None
    kill_after: float | None = None
    edit: bool = False


# ── the commands ─────────────────────────────────────────────────────────────────────────────


def export(chaos: Chaos) -> tuple[str, ...]:
    more = chaos.dice.choice(((), (), (), ("--fresh",), ("--duration", "30m")))
    return ("export", chaos.dice.choice(("dev", "dev", "prod", "shared-services")), *more)


def execute(chaos: Chaos) -> tuple[str, ...]:
    profile = chaos.dice.choice(("dev", "prod", "shared-services"))
    return ("exec", profile, "--", "/bin/sh", "-c", 'echo "$AWS_ACCESS_KEY_ID"')


def look(chaos: Chaos) -> tuple[str, ...]:
    return chaos.dice.choice(
        (
            ("list", "--json"),
            ("status", "--json"),
            ("explain", "dev", "--json"),
            ("doctor", "--json"),
            ("whoami", "dev"),
        )
    )


def forget(chaos: Chaos) -> tuple[str, ...]:
    return chaos.dice.choice((("clear", "dev"), ("clear",), ("lock",), ("unlock",), ("unlock",)))


def edit(chaos: Chaos) -> tuple[str, ...]:
    """``add`` or ``remove`` of an entry of the campaign's own."""
    there = [name for name, is_there in chaos.entries.items() if is_there]
    if len(there) >= KEPT:
        return ("remove", chaos.dice.choice(there), "--yes")
    name = f"user-{len(chaos.entries)}"
    key = chaos.aws.world.add_key(chaos.aws.world.add_user(name))
    chaos.entries[name] = None
    arguments = ("add", name, "--stdin")
    given = {"AccessKeyId": key.id, "SecretAccessKey": key.secret}
    chaos.secrets = {**chaos.secrets, arguments: json.dumps(given).encode()}
    return arguments


def rotate(_: Chaos) -> tuple[str, ...]:
    return ("rotate", "shared-services", "--yes", "--delete-now")


def rekey(_: Chaos) -> tuple[str, ...]:
    return ("rekey", "--yes")


COMMANDS: tuple[Callable[[Chaos], tuple[str, ...]], ...] = (
    export,
    execute,
    look,
    forget,
    edit,
    rotate,
    rekey,
)
WEIGHTS = (40, 15, 10, 10, 12, 2, 1)


# ── the troubles ─────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def none(_: Chaos) -> Iterator[Around]:
    yield Around()


@contextlib.contextmanager
def edited(_: Chaos) -> Iterator[Around]:
    yield Around(edit=True)


@contextlib.contextmanager
def kill(chaos: Chaos) -> Iterator[Around]:
    yield Around(kill_after=chaos.dice.uniform(0.01, 0.6))


@contextlib.contextmanager
def full_disk(chaos: Chaos) -> Iterator[Around]:
    yield Around(shim=chaos.shims["full"])


@contextlib.contextmanager
def failing_disk(chaos: Chaos) -> Iterator[Around]:
    """One call that changes a file fails, or is cut short, or is the process's last."""
    kind = chaos.dice.choice(("EROFS", "EIO", "EINTR", "ENOSPC", "short", "kill-before", "kill-after"))
    env = {"FAULT_AT": str(chaos.dice.randint(1, 12)), "FAULT_KIND": kind}
    kill_after = BOUND if kind.startswith("kill") else None  # so that its end counts as a kill
    yield Around(env=env, shim=chaos.shims["preload"], kill_after=kill_after)


@contextlib.contextmanager
def few_descriptors(chaos: Chaos) -> Iterator[Around]:
    # from 6 on: below that Python does not get as far as this program where its folder has .pth files
    yield Around(descriptors=chaos.dice.choice((6, 7, 8, 10, 12, 16, 24)))


@contextlib.contextmanager
def stopped_agent(chaos: Chaos) -> Iterator[Around]:
    pid = chaos.agent()
    if pid is not None:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield Around()
    finally:
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def killed_agent(chaos: Chaos) -> Iterator[Around]:
    pid = chaos.agent()
    timer = threading.Timer(chaos.dice.uniform(0, 0.3), lambda: pid and _end(pid))
    timer.start()
    yield Around()
    timer.join()


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def time_passes(chaos: Chaos) -> Iterator[Around]:
    """Minutes or hours go by, for everybody."""
    chaos.clock.move(chaos.dice.choice((40, 300, 1800, 3500, 5 * 3600, 13 * 3600)))
    yield Around()


@contextlib.contextmanager
def wrong_clock(chaos: Chaos) -> Iterator[Around]:
    """The machine's clock alone is off for a while."""
    chaos.clock.skew(chaos.dice.choice((-4000, -200, -20, 20, 200, 4000)))
    try:
        yield Around()
    finally:
        chaos.clock.skew(0)


@contextlib.contextmanager
def aws_fails(chaos: Chaos) -> Iterator[Around]:
    """AWS throttles, breaks off, fails or lies, once or for the whole step."""
    kind = chaos.dice.choice(
        ("throttle", "error-500", "error-503", "cut-before", "cut-after", "cut-midway", "garbage", "wrong-account",
         "ten-year-expiry", "past-expiry", "duplicate-fields", "control-characters")
    )  # fmt: skip
    chaos.aws.faults.add("*", kind, times=chaos.dice.choice((1, 2, None)))
    try:
        yield Around()
    finally:
        chaos.aws.faults.clear()


TROUBLES = (
    none, edited, edited, kill, full_disk, failing_disk, few_descriptors, stopped_agent, killed_agent, time_passes,
    wrong_clock, aws_fails,
)  # fmt: skip
