"""Gives each command its Invocation and its Context. Commands do not read the process's environment themselves."""

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
    """Decorate ``command`` to receive the Context of an attended run, in which the user has time to answer prompts."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        context = contexts.from_process(attended=True)
        _ = context.settings  # report an error in config.toml before doing anything
        return command(context, *args, **kwargs)

    return run
