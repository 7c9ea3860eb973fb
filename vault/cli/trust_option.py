"""--trust-endpoint, of the commands that change keys or take them out of files."""

from __future__ import annotations

import click

from vault.cli.terminal import say
from vault.keys.foreign_hosts import Strangers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context

option = click.option(
    "--trust-endpoint", is_flag=True, help="Believe a host that is not AWS's own, for this run."
)


def strangers(context: Context, *, trust_endpoint: bool) -> Strangers:
    """The run's Strangers, told on stderr."""
    return Strangers(context, tell=say, anyway=trust_endpoint)
