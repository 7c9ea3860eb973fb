"""Where to sign in: from the name of an sso-session or a profile to its place and its endpoints. Calls nothing."""

from __future__ import annotations

import os

from vault import errors
from vault.aws import hosts
from vault.aws.service_endpoint import ServiceEndpoint
from vault.profiles import endpoints
from vault.profiles.aws_files import Origin, Setting
from vault.profiles.build_chain import checked_region
from vault.profiles.chain import Sso
from vault.profiles.resolve import resolve
from vault.records import NamedTuple
from vault.signin import needed
from vault.signin.record import SignInPlace
from vault.text import safe, suggestion

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from vault.context import Context
    from vault.profiles.aws_files import Config, Profile
    from vault.profiles.ini import Section

SCOPES = ("sso:account:access",)  # without a scope there is no refresh token, and the sign-in lasts 8 hours


class SignInTarget(NamedTuple):
    """A place to sign in, the scopes to ask for, and its two services.

    ``origin``: the lines that name the place. ``name``: what names it on a command line, the sso-session or a profile.
    """

    place: SignInPlace
    scopes: tuple[str, ...]
    oidc: ServiceEndpoint
    portal: ServiceEndpoint
    origin: str
    name: str


def of_name(context: Context, config: Config, name: str | None) -> SignInTarget:
    """The target of an sso-session or else a profile; without a name, of the only sso-session.

    Errors: NotFound, Usage, ConfigError.
    """
    if name is None:
        name = _only(config, context.env)
    if name in config.sso_sessions:
        return _of_section(context, config, config.sso_sessions[name])
    if name not in config.profiles:
        raise errors.NotFound(
            f"no sso-session or profile {safe(name)!r} in {safe(config.config_path)}",
            hint=suggestion(name, [*config.sso_sessions, *config.profiles]) or _which_name(config, name),
        )
    chain = resolve(config, name, env=context.env, has_entry=lambda _: False)
    source, ca_bundle = chain.source, chain.ca_bundle
    if not isinstance(source, Sso):
        raise errors.Usage(
            f"profile {safe(name)} does not use IAM Identity Center",
            hint="name a profile with sso_ keys, or an sso-session",
        )
    section = config.sso_sessions.get(source.session) if source.session is not None else None
    return SignInTarget(
        SignInPlace.of(source),
        _scopes(section),
        oidc_of(
            source,
            allow_http=context.settings.allow_http,
            trusted_hosts=context.settings.trusted_hosts,
            ca_bundle=ca_bundle,
        ),
        _service(
            context, source.region, hosts.PORTAL, source.portal, source.portal_origin, ca_bundle=ca_bundle
        ),
        str(source.origin),
        source.session or name,
    )


def no_section_hint(name: str | None = None) -> str:
    """How to get an sso-session: one that is called ``name``, if a section can be."""
    shown = name if name and all(one.isalnum() or one in "._-" for one in name) else "NAME"
    return f"run: aws configure sso-session; or write a section [sso-session {safe(shown)}] with sso_start_url and sso_region"


def of_place(context: Context, config: Config, place: SignInPlace) -> SignInTarget:
    """The target of a stored sign-in, which the config may not name any more."""
    none = _nothing
    by = endpoints.rules(config, none, env=context.env)
    section = config.sso_sessions.get(place.session) if place.session is not None else None
    ca_bundle = _ca_bundle(config, place)

    def service(name: str, address: Callable[..., str]) -> ServiceEndpoint:
        url = endpoints.configured_url(config, none, env=context.env, service=name)
        origin = url.origin if url is not None else None
        to = address(place.region, url=url, by=by)
        return _service(context, place.region, name, to, origin, ca_bundle=ca_bundle)

    return SignInTarget(
        place,
        _scopes(section),
        service(hosts.OIDC, endpoints.oidc_address),
        service(hosts.PORTAL, endpoints.portal_address),
        f"{safe(config.config_path)}:{section.line}" if section is not None else safe(place.name),
        place.name,
    )


def oidc_of(
    source: Sso,
    *,
    allow_http: Collection[str],
    trusted_hosts: Collection[str],
    ca_bundle: Setting | None = None,
) -> ServiceEndpoint:
    """The service that gives a profile's access tokens."""
    return ServiceEndpoint(
        source.oidc,
        source.region.lower(),
        allow_http,
        place=str(source.oidc_origin or ""),
        ca_bundle=ca_bundle,
        service=hosts.OIDC,
        trusted_hosts=trusted_hosts,
    )


def _ca_bundle(config: Config, place: SignInPlace) -> Setting | None:
    """The CA bundle of the first profile that signs in here and has one: a section has none, and the network is the same."""
    found = (profile.get("ca_bundle") for profile in profiles_of(config, place))
    return next((each for each in found if each is not None), None)


def profiles_of(config: Config, place: SignInPlace) -> Iterator[Profile]:
    """The profiles that name this place themselves."""
    key = "sso_session" if place.session is not None else "sso_start_url"
    for name in config.profiles:
        try:
            profile = config.profile(name)
        except errors.ConfigError:  # a broken profile is no reason not to sign in, or out
            continue
        named = profile.get(key) if profile is not None else None
        if profile is not None and named is not None and named.value == place.name:
            yield profile


def _service(
    context: Context,
    region: str,
    service: str,
    url: str,
    origin: Origin | None,
    *,
    ca_bundle: Setting | None,
) -> ServiceEndpoint:
    return ServiceEndpoint(
        url,
        region.lower(),
        context.settings.allow_http,
        place=str(origin or ""),
        ca_bundle=ca_bundle,
        service=service,
        trusted_hosts=context.settings.trusted_hosts,
    )


def _of_section(context: Context, config: Config, section: Section) -> SignInTarget:
    found = {}
    for key in ("sso_start_url", "sso_region"):
        value = section.properties.get(key)
        if value is None or not value.value:
            raise errors.ConfigError(
                f"{safe(config.config_path)}:{section.line}: sso-session {safe(section.name)} lacks {key}"
            )
        found[key] = Setting(key, value.value, Origin(config.config_path, value.line))
    region = checked_region(found["sso_region"]).value.lower()
    place = SignInPlace(session=section.name, start_url=found["sso_start_url"].value, region=region)
    lines = " and ".join(map(str, sorted(setting.origin for setting in found.values())))
    return of_place(context, config, place)._replace(origin=lines)


def _scopes(section: Section | None) -> tuple[str, ...]:
    """The section's scopes, as the AWS CLI reads them."""
    given = section.properties.get("sso_registration_scopes") if section is not None else None
    found = (
        tuple(filter(None, (word.strip() for word in given.value.split(",")))) if given is not None else ()
    )
    return found or SCOPES


def _only(config: Config, env: Mapping[str, str]) -> str:
    if len(config.sso_sessions) == 1:
        return next(iter(config.sso_sessions))
    if not config.sso_sessions:
        found = needed.of_config(config, env=env)
        if found is not None:  # a profile in the older form
            raise errors.Usage(f"{safe(config.config_path)} has no sso-session", hint=f"run: {found.command}")
        missing = not os.path.exists(config.config_path)
        raise errors.Usage(
            f"{safe(config.config_path)} {'does not exist' if missing else 'has no sso-session'}",
            hint=no_section_hint(),
        )
    raise errors.Usage("there are several sso-sessions", hint=f"name one of them: {_sessions(config)}")


def _sessions(config: Config) -> str:
    return ", ".join(sorted(safe(name) for name in config.sso_sessions))


def _which_name(config: Config, name: str) -> str:
    """What to do about a name that is neither a section nor a profile."""
    known = _sessions(config)
    return f"name an sso-session ({known}) or a profile" if known else no_section_hint(name)


def _nothing(_key: str) -> None:
    return None
