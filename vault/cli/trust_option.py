"""--trust-endpoint, of the commands that change keys or take them out of files."""

from __future__ import annotations

import click

from vault.cli.terminal import say
from vault.keys.endpoint_trust import EndpointTrust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context

option = click.option(
    "--trust-endpoint", is_flag=True, help="Trust this host, which is not AWS's own, for this run."
)


def endpoint_trust(context: Context, *, trust_endpoint: bool) -> EndpointTrust:
    """The run's Strangers, told on stderr."""
    return EndpointTrust(context, tell=say, trust_all=trust_endpoint)
