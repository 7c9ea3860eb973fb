"""The option --trust-endpoint, for commands that change keys at AWS or remove keys from files."""

from __future__ import annotations

import click

from vault.cli.terminal import say
from vault.keys.endpoint_trust import EndpointTrust

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.context import Context

option = click.option(
    "--trust-endpoint", is_flag=True, help="For this run, trust an endpoint that is not AWS's."
)


def endpoint_trust(context: Context, *, trust_endpoint: bool) -> EndpointTrust:
    """The EndpointTrust of this run. It names each host that is not AWS's on stderr."""
    return EndpointTrust(context, tell=say, trust_all=trust_endpoint)
