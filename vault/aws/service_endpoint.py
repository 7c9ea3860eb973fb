"""Where a call goes: an AWS service's URL, checked before anything is signed or sent to it. Opens no connection."""

from __future__ import annotations

from vault import errors
from vault.http.ip_addresses import is_loopback
from vault.http.target import Target, parse_target
from vault.profiles.endpoints import partition_of
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from vault.aws.connections import ConnectionPool
    from vault.profiles.aws_files import Setting


class ServiceEndpoint(NamedTuple):
    """A service's URL, the region for signatures, and the hosts that the user allows.

    ``service`` is one of ``hosts.SERVICES``. ``place`` is where the URL is configured (file:line or a variable); empty for
    AWS's default. ``allow_http`` and ``trusted_hosts`` list ``host`` or ``host:port``; without them only AWS's own hosts
    get anything. ``pool`` keeps connections between calls; its maker closes it. ``ca_bundle`` is the selected profile's.
    """

    url: str
    region: str
    allow_http: Collection[str] = ()
    pool: ConnectionPool | None = None
    place: str = ""
    ca_bundle: Setting | None = None
    service: str = "sts"
    trusted_hosts: Collection[str] = ()

    def checked(self) -> Target:
        """The parts of the URL, if a signed request may go there; ConfigError otherwise."""
        to = parse_target(self.url)
        if to is None:
            raise errors.ConfigError(f"{self._what} is not the http or https URL of a host")
        if to.scheme == "http" and not is_loopback(to.name) and not self._listed(to, self.allow_http):
            raise errors.ConfigError(
                f"{self._what} uses plain http: anyone on the network could read AWS's answers",
                hint=f'use https, or add to config.toml: allow_http = ["{safe(to.name)}"]',
            )
        return to

    @staticmethod
    def _listed(to: Target, listed: Collection[str]) -> bool:
        from vault.aws.hosts import is_listed

        return is_listed(to, listed)

    @property
    def _what(self) -> str:
        return f"{self.place}: endpoint {safe(self.url)}" if self.place else f"endpoint {safe(self.url)}"

    def foreign_host(self) -> str | None:
        """The host as ``trusted_hosts`` lists it if it is not AWS's own; None if it is. ConfigError."""
        from vault.aws import hosts

        to = self.checked()
        own = hosts.is_aws_host(self.url, service=self.service, partition=partition_of(self.region).name)
        return None if own else to.host

    def trusted(self, reason: str, *, hint: str = "") -> Target:
        """As ``checked``, for what only AWS may receive or answer. Untrusted if the host is neither AWS's own nor trusted.

        ``reason`` says what the host would get. ``hint`` is added to the hint.
        """
        to = self.checked()
        host = self.foreign_host()
        if host is None or self._listed(to, self.trusted_hosts):
            return to
        from vault.aws.hosts import SERVICES

        raise errors.Untrusted(
            f"{self._what} is not AWS's own for {SERVICES[self.service]}; {reason}",
            hint=f'remove it; if the host is yours, add to config.toml: trusted_hosts = ["{safe(host)}"]{hint}',
        )
