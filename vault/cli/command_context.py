"""Gives each command its Invocation and its Context. Commands do not read the process's environment themselves."""

from __future__ import annotations

import os
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import click

from vault import context as contexts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vault.context import Context


class Invocation:
    """One run of the command line: its arguments, whether --debug was given, and the Context of its command, once it has one."""

    __slots__ = ("_before", "argv", "context", "debug")

    def __init__(self, argv: Sequence[str] = ()) -> None:
        self.argv = tuple(argv)
        self.debug = False
        self.context: Context | None = None
        self._before: tuple[int, ...] | None = None

    def begin(self, context: Context) -> None:
        """The command is about to run with ``context``."""
        self.context = context
        self._before = _vault_file(context)

    @property
    def edited(self) -> Context | None:
        """The Context, if the command unlocked the vault to change it, and the vault file is another one now."""
        context = self.context
        if context is None or context.main_key is None or _vault_file(context) == self._before:
            return None
        return context


def _vault_file(context: Context) -> tuple[int, ...] | None:
    """What differs between two vault files, as each write makes a new one. None if there is none."""
    try:
        found = os.stat(context.paths.vault, follow_symlinks=False)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


P = ParamSpec("P")
R = TypeVar("R")


def with_context(command: Callable[Concatenate[Context, P], R]) -> Callable[P, R]:
    """Decorate ``command`` to receive the Context of an attended run, in which the user has time to answer prompts."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        context = contexts.from_process(attended=True)
        _ = context.settings  # report an error in config.toml before doing anything
        current = click.get_current_context(silent=True)
        invocation = current.find_object(Invocation) if current is not None else None
        if invocation is not None:
            invocation.begin(context)
        return command(context, *args, **kwargs)

    return run
