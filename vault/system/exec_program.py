"""Runs a user's program in place of this process, and says why if that is not possible. Prints nothing."""

from __future__ import annotations

import os

from vault import errors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import NoReturn


class CannotRun(errors.Error):
    """The command exists but cannot be run (126, as in shells)."""

    exit_code = 126
    hint = "check that it is an executable program"


class NoSuchCommand(errors.Error):
    """There is no such command (127, as in shells)."""

    exit_code = 127
    hint = "check its name and your PATH"


def replace_process(command: Sequence[str], *, env: Mapping[str, str]) -> NoReturn:
    """Run ``command`` in place of this process. Errors: NoSuchCommand, CannotRun."""
    import _signal  # type: ignore[import-not-found]  # importing signal takes as long as all the rest

    # Python ignores these two, and an ignored signal stays ignored over exec: `yes | head` would not end.
    for number in (_signal.SIGPIPE, _signal.SIGXFSZ):
        _signal.signal(number, _signal.SIG_DFL)
    try:
        os.execvpe(command[0], list(command), {name: value for name, value in env.items() if name})  # noqa: S606  # no shell is the point
    except (OSError, ValueError) as error:
        raise cannot_run(command[0], error) from None


def cannot_run(program: str, error: OSError | ValueError) -> errors.Error:
    """The error that says why ``program`` could not be run."""
    import errno

    from vault.text import safe

    name = repr(safe(program))
    if isinstance(error, FileNotFoundError):
        return NoSuchCommand(f"command not found: {name}")
    if isinstance(error, OSError) and error.errno == errno.E2BIG:
        return CannotRun(f"cannot run {name}: its arguments and environment are too long for this system")
    return CannotRun(f"cannot run {name}: {safe(getattr(error, 'strerror', None) or str(error))}")


def login_shell() -> str:
    """The user's shell from the password database; /bin/sh if it names none."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_shell or "/bin/sh"
    except KeyError:
        return "/bin/sh"
