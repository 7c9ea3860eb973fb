"""Every endpoint that a profile would reach, with who configured it and whether it is AWS's own. Asks nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vault import errors
from vault.aws import console, endpoints, hosts
from vault.aws.chain import AssumeRole, SessionToken, Sso, StaticKeys, VaultKey, WebIdentity
from vault.aws.client import Endpoint
from vault.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from vault.aws.chain import Chain, Plan
    from vault.aws.profiles import Config, Origin, Setting
    from vault.flows.config import Settings

STRANGER, LISTED, REFUSED = "not AWS's own", "not AWS's own, but in trusted_hosts", "refused: plain http"
_EXPORTS = "export and exec"
# What ends with 6 where the host of a service is neither AWS's own nor trusted.
_STOPS = {
    hosts.IAM: "rotate, panic, mfa enroll",
    hosts.SIGN_IN: "login",
    hosts.PORTAL: _EXPORTS,
    hosts.OIDC: "a sign-in",
}


class Reached(NamedTuple):
    """One endpoint. ``says`` is empty for AWS's own; ``stops`` names what is refused there, empty where nothing is."""

    endpoint: Endpoint
    origin: Origin | None
    says: str
    stops: str = ""

    @property
    def service(self) -> str:
        """The service's name for people."""
        return hosts.SERVICES[self.endpoint.service]


def at(service: str, url: str, origin: Origin | None, *, region: str, settings: Settings) -> Endpoint:
    """An endpoint as the settings see it."""
    return Endpoint(
        url,
        region,
        settings.allow_http,
        place=str(origin) if origin is not None else "",
        service=service,
        trusted_hosts=settings.trusted_hosts,
    )


def judged(endpoint: Endpoint, origin: Origin | None, stops: str) -> Reached:
    """What is to be said of an endpoint."""
    try:
        if endpoint.stranger() is None:
            return Reached(endpoint, origin, "")
        endpoint.trusted("")
    except errors.Untrusted:
        return Reached(endpoint, origin, STRANGER, stops)
    except errors.ConfigError:
        return Reached(endpoint, origin, REFUSED)
    return Reached(endpoint, origin, LISTED)


class Profile:
    """One profile's way to each service."""

    def __init__(self, config: Config, chain: Chain, *, env: Mapping[str, str], settings: Settings) -> None:
        self._config = config
        self._chain = chain
        self._env = env
        self._settings = settings

    def every(self, planned: Plan) -> list[Reached]:
        """The endpoints of the chain's calls, and of the commands that the profile can be given to. ConfigError."""
        found: dict[tuple[str, str], Reached] = {}
        for endpoint, origin, stops in self._every(planned):
            found.setdefault((endpoint.service, endpoint.url), judged(endpoint, origin, stops))
        return list(found.values())

    def _every(self, planned: Plan) -> Iterator[tuple[Endpoint, Origin | None, str]]:
        chain, source = self._chain, self._chain.source
        for call in _calls(chain, planned):
            endpoint = at(
                hosts.STS, call.address, call.url_origin, region=call.region, settings=self._settings
            )
            bearer = isinstance(source, WebIdentity) and call == source.endpoint
            changes = _STOPS[hosts.IAM] if isinstance(source, VaultKey) else ""
            yield endpoint, call.url_origin, _EXPORTS if bearer else changes
        if isinstance(source, Sso):
            region = source.region.lower()
            by = endpoints.rules(self._config, self._get(chain.profile), env=self._env)
            url = self._configured(hosts.OIDC)
            oidc = endpoints.oidc_address(region, url=url, by=by)
            for service, address, origin in (
                (hosts.PORTAL, source.portal, source.portal_origin),
                (hosts.OIDC, oidc, url.origin if url is not None else None),
            ):
                endpoint = at(service, address, origin, region=region, settings=self._settings)
                yield endpoint, origin, _STOPS[service]
        if isinstance(source, VaultKey):
            yield *self._iam(source.entry), _STOPS[hosts.IAM]
        if chain.hops or not isinstance(source, StaticKeys | VaultKey):
            url = self._configured(hosts.SIGN_IN)
            yield self.sign_in(), url.origin if url is not None else None, _STOPS[hosts.SIGN_IN]

    def sign_in(self) -> Endpoint:
        """Where ``login`` changes a session of the chain for a token. ConfigError."""
        chain, region = self._chain, endpoints.real_region(self._chain.region)
        last = chain.hops[-1].endpoint if chain.hops else None
        if last is not None and endpoints.partition_of(region).name != last.partition:
            region = endpoints.real_region(last.region)  # the console of another partition knows no such role
        partition = last.partition if last is not None else endpoints.partition_of(region).name
        found = self._configured(hosts.SIGN_IN)
        configured, origin = (found.value, found.origin) if found is not None else (None, None)
        url = console.federation_url(partition, region=region, configured=configured)
        endpoint = at(hosts.SIGN_IN, url, origin, region=region, settings=self._settings)
        return endpoint._replace(bundle=chain.ca_bundle)

    def _iam(self, entry: str) -> tuple[Endpoint, Origin | None]:
        from vault.aws import iam

        partition = endpoints.partition_of(self._chain.source_endpoint.region).name
        found = self._configured(hosts.IAM, entry)  # rotate goes by the profile of the entry's name
        default = iam.endpoint(partition)
        if found is None:
            return default, None
        url, region = found.value, default.region
        return at(hosts.IAM, url, found.origin, region=region, settings=self._settings), found.origin

    def _configured(self, service: str, name: str | None = None) -> Setting | None:
        get = self._get(self._chain.profile if name is None else name)
        return endpoints.configured_url(self._config, get, env=self._env, service=service)

    def _get(self, name: str) -> Callable[[str], Setting | None]:
        profile = self._config.profile(name)
        return profile.get if profile is not None else _nothing


def _nothing(_key: str) -> None:
    return None


def _calls(chain: Chain, planned: Plan) -> Iterator[endpoints.Endpoint]:
    """Where STS is for each call of the chain."""
    if isinstance(chain.source, WebIdentity):
        yield chain.source.endpoint
    for link in planned.links:
        if isinstance(link, SessionToken):
            yield link.endpoint
        elif isinstance(link, AssumeRole):
            yield link.hop.endpoint


def warnings(reached: Iterable[Reached]) -> Iterator[str]:
    """A line for each place that leads to a host that is neither AWS's own nor trusted, with what is refused there."""
    places: dict[str, list[Reached]] = {}
    for one in reached:
        if one.stops:
            places.setdefault(one.endpoint.place, []).append(one)
    for place, group in places.items():
        stops = ", ".join(dict.fromkeys(one.stops for one in group))
        host = safe(group[0].endpoint.stranger() or "")
        yield f'{place}: {stops} will be refused: {host} is not AWS\'s own; if it is yours: trusted_hosts = ["{host}"] in config.toml'
