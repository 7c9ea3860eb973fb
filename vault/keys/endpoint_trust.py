"""Which hosts may answer for STS, IAM and S3, for commands that act on the answer: AWS's own, and those that the user trusts.

Another host could say that a key is inactive, deleted or valid. Each command that changes keys, or removes them from
files, checks its endpoints here first. A host that is not AWS's own is named once.
"""

from __future__ import annotations

from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.context import Context

_REASON = "awsvault-py would act on its answers about your keys"
_FOR_ONE_RUN = ", or trust it for this run: --trust-endpoint"


class EndpointTrust:
    """The rules of one run. ``tell`` gets each host once; ``trust_all``: the user gave --trust-endpoint."""

    def __init__(self, context: Context, *, tell: Callable[[str], None], trust_all: bool = False) -> None:
        self._listed = context.settings.trusted_hosts
        self._tell = tell
        self._trust_all = trust_all
        self._told: set[str] = set()

    def check(
        self, endpoint: ServiceEndpoint, *, reason: str = _REASON, hint: str = _FOR_ONE_RUN
    ) -> ServiceEndpoint:
        """``endpoint``, marked as trusted. Untrusted if it is not; ConfigError. ``reason`` and ``hint`` as in ``trusted``."""
        host = endpoint.foreign_host()
        if host is None:
            return endpoint
        endpoint = endpoint._replace(trusted_hosts=(host,) if self._trust_all else self._listed)
        endpoint.trusted(reason, hint=hint)
        if host not in self._told:
            self._told.add(host)
            why = "you gave --trust-endpoint" if self._trust_all else "trusted_hosts in config.toml lists it"
            self._tell(
                f"note: {safe(host)} answers for AWS ({safe(endpoint.place)}). It is not AWS's own host; {why}."
            )
        return endpoint
