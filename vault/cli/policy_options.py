"""--policy and --policy-arn, for every command whose session they narrow (vault/credentials/session_policy reads them)."""

from __future__ import annotations

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[..., object])


def policy_options(command: F) -> F:
    """``command`` with ``policy`` (a path or None) and ``policy_arn`` (a tuple)."""
    command = click.option(
        "--policy-arn",
        metavar="ARN",
        multiple=True,
        help="Narrow the session by this managed policy. May be repeated.",
    )(command)
    return click.option(
        "--policy", metavar="FILE", help="Narrow the session by the IAM policy in FILE (JSON)."
    )(command)
