"""Checks of endpoints: every host beside AWS's own that a variable or a line of AWS's files leads a service to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vault.aws import hosts, wire
from vault.aws.addresses import is_loopback
from vault.aws.assemble import region_of
from vault.aws.endpoints import configured_url, partition_of_arn
from vault.errors import ConfigError
from vault.flows import reached
from vault.flows.config import Settings
from vault.flows.doctor.findings import Finding
from vault.flows.doctor.profiles import each
from vault.text import safe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vault.aws.profiles import Setting
    from vault.flows.doctor.surroundings import Surroundings
    from vault.flows.reached import Reached


def custom_endpoints(s: Surroundings) -> Iterator[Finding]:
    """An endpoint that is not AWS's own: whoever runs it sees key ids and codes; over plain http, anybody on the way."""
    if s.config is None:
        return
    ways: list[Callable[[str], Setting | None]] = [profile.get for profile in each(s)]
    places: dict[str, list[Reached]] = {}
    for get, service in ((get, service) for get in ways or [lambda _: None] for service in hosts.SERVICES):
        try:
            url = configured_url(s.config, get, env=s.env, service=service)
            region = _region(s, get)
        except ConfigError:
            continue  # broken-chain tells of it
        if url is None:
            continue
        endpoint = reached.at(
            service, url.value, url.origin, region=region, settings=s.settings or Settings()
        )
        found = reached.judged(endpoint, url.origin, "")
        if found.says:
            places.setdefault(str(url.origin), []).append(found)
    for where, group in places.items():
        yield _finding(where, group)


def _region(s: Surroundings, get: Callable[[str], Setting | None]) -> str:
    setting = region_of(s.env) or get("region")
    return setting.value if setting is not None and setting.value else partition_of_arn("").region


def _finding(where: str, group: list[Reached]) -> Finding:
    """One for each place: the services that it leads away, and what that means."""
    endpoint, says = group[0].endpoint, {one.says for one in group}
    to = wire.target(endpoint.url)
    clear = to is not None and to.scheme == "http" and not is_loopback(to.name)
    services = ", ".join(dict.fromkeys(one.service for one in group))
    host = safe(to.host) if to is not None else ""
    message = f"{services}: asked at {safe(endpoint.url)}, "
    message += "in plaintext over the network" if clear else "which is not AWS's own"
    if says == {reached.LISTED}:
        message += "; trusted_hosts lists it"
    fix = f'remove it; if it is yours, and is to get sessions and tokens or be believed about keys: trusted_hosts = ["{host}"]'
    if reached.LISTED in says:
        fix = "remove it, unless it is yours"
    return Finding(
        level="error" if reached.REFUSED in says else "warning" if clear else "note",
        where=where,
        message=message,
        fix="use https" if clear else fix,
    )
