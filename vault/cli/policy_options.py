"""--policy and --policy-arn, for every command whose session they narrow (vault/profiles/session_policy reads them)."""

from __future__ import annotations

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[..., object])


_policy = click.option(
    "--policy", metavar="FILE", help="Narrow the session by the IAM policy in FILE (JSON)."
)
_policy_arn = click.option(
    "--policy-arn",
    metavar="ARN",
    multiple=True,
    help="Narrow the session by this managed policy. May be repeated.",
)


def policy_options(command: F) -> F:
    """``command`` with ``policy`` (a path or None) and ``policy_arn`` (a tuple), for ``request_of``."""
    return _policy(_policy_arn(command))
