"""Offers to sign in to IAM Identity Center where a command at a terminal lacks it. Imports nothing heavy unless it does."""

from __future__ import annotations

import sys

from vault import errors, limits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from vault.context import Context

    T = TypeVar("T")


def offering(context: Context, work: Callable[[Context], T]) -> T:
    """The result of ``work``. If it lacks a sign-in and the user signs in now, it is repeated once, with its whole time.

    Never for ``export``, which SDKs run. Without a terminal, the error of ``work`` is raised at once.
    """
    began = context.clock.time()
    try:
        return work(context)
    except errors.NotSignedIn as error:
        if not _possible(context):
            raise
        from vault.cli import sign_in

        sign_in.offer(context, error, since=began)
    return work(context.with_deadline(limits.DEADLINE))


def _possible(context: Context) -> bool:
    """Whether the user sits at the terminal on which the prompt and the messages are shown."""
    stderr = sys.stderr is not None and sys.stderr.isatty()
    return context.attended and stderr and context.interaction.ways()[:1] == ["tty"]
