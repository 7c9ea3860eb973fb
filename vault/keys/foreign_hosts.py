"""Hosts that are not AWS's own, for commands that believe what STS and IAM answer: each is named, and used only if trusted.

A stranger can say that a key is inactive, deleted or proved. So whoever changes keys, or takes them out of files, asks
here first where its calls go.
"""

from __future__ import annotations

from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.context import Context

_BELIEVED = "what it says of keys would be believed"
_FOR_ONE_RUN = ", or trust it for this run: --trust-endpoint"


class ForeignHosts:
    """One run's. ``tell`` hears of each host once; ``anyway``: a person said --trust-endpoint."""

    def __init__(self, context: Context, *, tell: Callable[[str], None], anyway: bool = False) -> None:
        self._listed = context.settings.trusted_hosts
        self._tell = tell
        self._anyway = anyway
        self._told: set[str] = set()

    def admit(self, endpoint: ServiceEndpoint) -> ServiceEndpoint:
        """``endpoint``, as one that may be believed. Untrusted where it may not; ConfigError."""
        host = endpoint.foreign_host()
        if host is None:
            return endpoint
        endpoint = endpoint._replace(trusted_hosts=(host,) if self._anyway else self._listed)
        endpoint.trusted(_BELIEVED, hint=_FOR_ONE_RUN)
        if host not in self._told:
            self._told.add(host)
            why = "--trust-endpoint was given" if self._anyway else "trusted_hosts in config.toml lists it"
            self._tell(
                f"note: {safe(host)} ({safe(endpoint.place)}) answers, which is not AWS's own host; {why}"
            )
        return endpoint
