"""The options --policy and --policy-arn, which restrict a command's session (vault/profiles/session_policy reads them)."""

from __future__ import annotations

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    F = TypeVar("F", bound=Callable[..., object])


_policy = click.option(
    "--policy", metavar="FILE", help="Restrict the session with the IAM policy in FILE (JSON)."
)
_policy_arn = click.option(
    "--policy-arn",
    metavar="ARN",
    multiple=True,
    help="Restrict the session with this managed policy. Can be repeated: AWS adds up what the file and all policies allow.",
)


def policy_options(command: F) -> F:
    """Add the parameters ``policy`` (a path or None) and ``policy_arn`` (a tuple), which ``request_of`` takes, to ``command``."""
    return _policy(_policy_arn(command))
