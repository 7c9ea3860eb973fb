"""What every command starts from: its Frame and its Context. No command reads the process's environment by itself."""

from __future__ import annotations

from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from vault import context as contexts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.context import Context


class Frame:
    """What one run of the command line carries from option to exit: its words, and whether --debug was given."""

    __slots__ = ("argv", "debug")

    def __init__(self, argv: Sequence[str] = ()) -> None:
        self.argv = tuple(argv)
        self.debug = False


P = ParamSpec("P")
R = TypeVar("R")


def with_context(command: Callable[Concatenate[Context, P], R]) -> Callable[P, R]:
    """Hand ``command`` its Context first, as one that a user runs: time to answer, and settings checked at once."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        context = contexts.from_process(attended=True)
        _ = context.settings  # a wrong config.toml is said before anything is done
        return command(context, *args, **kwargs)

    return run
