"""What every command starts from: its Invocation and its Context. No command reads the environment of the process itself."""

from __future__ import annotations

from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from vault import context as contexts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.context import Context


class Invocation:
    """One run of the command line: its arguments, and whether --debug was given."""

    __slots__ = ("argv", "debug")

    def __init__(self, argv: Sequence[str] = ()) -> None:
        self.argv = tuple(argv)
        self.debug = False


P = ParamSpec("P")
R = TypeVar("R")


def with_context(command: Callable[Concatenate[Context, P], R]) -> Callable[P, R]:
    """Call ``command`` with the Context of a command that a user runs: there is time to answer prompts."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        context = contexts.from_process(attended=True)
        _ = context.settings  # an error in config.toml is reported before anything is done
        return command(context, *args, **kwargs)

    return run
