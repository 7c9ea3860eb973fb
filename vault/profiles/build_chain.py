"""From a path of profiles to its Chain: regions, endpoints, durations and settings of every hop. Pure. Used only by
``resolve``.
"""

from __future__ import annotations

from vault import errors
from vault.limits import ROLE_LEAST, ROLE_MOST, SESSION_LEAST, SESSION_MOST
from vault.profiles import endpoints, values
from vault.profiles.aws_files import Origin, Profile, Setting
from vault.profiles.chain import (
    CONFIRM,
    Chain,
    Fault,
    Guardrails,
    Hop,
    NamedSource,
    Sso,
    VaultKey,
    WebIdentity,
)
from vault.profiles.identity_center import incomplete, missing_role_keys
from vault.profiles.production import means_production
from vault.profiles.profile_policy import policy_of
from vault.profiles.source_lookup import lost_restriction, own_export
from vault.profiles.unread_keys import missing, misspelled
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.profiles.aws_files import Config
    from vault.profiles.chain import Source
    from vault.profiles.session_policy import SessionPolicy

_TEXTS = ("role_arn", "role_session_name", "external_id", "duration_seconds", "mfa_serial")
_OWN = ("source_identity", "mfa_process", "session_tags", "transitive_session_tags")
_SHAPED = ("role_session_name", "external_id", "source_identity")
_MAX_LABEL = 63  # characters: a region becomes a label of a host name


class WalkedPath(NamedTuple):
    """The profiles from the selected one to the source's, those of them with a role, and the source.

    ``guarding``: the paths beside this one whose guard rails apply too.
    """

    path: tuple[Profile, ...]
    roles: tuple[Profile, ...]
    source: Source
    guarding: tuple[tuple[Profile, ...], ...] = ()

    @property
    def guards(self) -> tuple[Profile, ...]:
        """Every profile whose guard rails apply, once."""
        known = {
            profile.name for profile in self.path[1:]
        }  # the first may be in no file, and have the name of another
        beside = {profile.name: profile for path in self.guarding for profile in path}
        return (*self.path, *(profile for name, profile in beside.items() if name not in known))


class ChainBuilder:
    """Builds the Chain of one path. ``as_sdk`` as in ``resolve``."""

    def __init__(self, config: Config, found: WalkedPath, env: Mapping[str, str], *, as_sdk: bool) -> None:
        self.config = config
        self.found = found
        self.env = env
        self.as_sdk = as_sdk
        self.faults: list[Fault] = []
        self.by = endpoints.rules(config, self.selected, env=env)

    def selected(self, key: str) -> Setting | None:
        """The selected profile's value of ``key``."""
        return self.get(self.found.path[0], key)

    def get(self, profile: Profile, key: str) -> Setting | None:
        """The profile's value of ``key``, which must be on one line."""
        return values.one_line(profile.plain(key) if self.as_sdk else profile.get(key))

    def prefixed(self, profile: Profile, key: str) -> Setting | None:
        """A key that only awsvault-py has."""
        return None if self.as_sdk else values.one_line(profile.prefixed(key))

    def build(self) -> Chain:
        """The whole chain. ConfigError for an invalid value."""
        found, selected, last = self.found, self.found.path[0], self.found.path[-1]
        for profile in () if self.as_sdk else found.guards:
            self.fault(lost_restriction(profile))
            for each in (profile, *profile.included):  # a misspelled guard rail would not be enforced
                for fault in misspelled(each):
                    self.fault(fault)
        hops = tuple(self.hop(profile) for profile in reversed(found.roles))
        first_arn = hops[0].role_arn if hops else ""
        source_region = self.region(last, first_arn)
        mfa = mfa_process = None
        # With a credential_source, the device in the profile is the role's, not the source's.
        if not isinstance(found.source, NamedSource):
            mfa, mfa_process = self.get(last, "mfa_serial"), self.command(last, "mfa_process")
        region = region_of(self.env) or self.written_region(selected)
        keeps, decided = self.keeps_session()
        # A provider's device is never asked for a code.
        if isinstance(found.source, VaultKey) and (keeps or hops):
            self.fault(values.device_fault(mfa, self.entry()))
        return Chain(
            profile=selected.name,
            path=tuple(profile.name for profile in found.path),
            source=self.source(),
            hops=hops,
            region=region.value if region is not None else endpoints.partition_of_arn(first_arn).region,
            region_origin=region.origin if region is not None else None,
            source_endpoint=endpoints.sts_endpoint(
                source_region.value, origin=place(source_region), by=self.by
            ),
            mfa_serial=mfa.value if mfa is not None else None,
            mfa_origin=mfa.origin if mfa is not None else None,
            mfa_process=mfa_process,
            session=keeps,
            session_origin=decided,
            session_duration=values.number(
                self.nearest("session_duration"), least=SESSION_LEAST, most=SESSION_MOST, unit=True
            ),
            guardrails=self.guardrails(),
            faults=tuple(self.faults),
            ca_bundle=self.get(selected, "ca_bundle"),
        )

    def fault(self, fault: Fault | None) -> None:
        """Record a value that AWS would refuse."""
        if fault is not None and fault not in self.faults:
            self.faults.append(fault)

    def entry(self) -> str | None:
        """The vault's entry, if that is the source."""
        source = self.found.source
        return source.entry if isinstance(source, VaultKey) else None

    def source(self) -> Source:
        """The source, with the endpoint that gives its credentials."""
        source = self.found.source
        if isinstance(source, Sso):
            absent = missing_role_keys(source)
            if absent:
                message = incomplete(source.profile, source.origin, absent)
                self.fault(Fault(missing(self.config, self.found.path[-1], message).message, source.origin))
            url = endpoints.configured_url(self.config, self.selected, env=self.env, service="sso")
            region = checked_region(Setting("sso_region", source.region, source.origin)).value
            portal = endpoints.portal_address(region, url=url, by=self.by)
            at = endpoints.configured_url(self.config, self.selected, env=self.env, service="sso-oidc")
            return source._replace(
                portal=portal,
                portal_origin=url.origin if url is not None else None,
                oidc=endpoints.oidc_address(region, url=at, by=self.by),
                oidc_origin=at.origin if at is not None else None,
            )
        if isinstance(source, NamedSource) and source.name == "Ec2InstanceMetadata":
            return source._replace(endpoint=endpoints.metadata_address(self.selected, env=self.env))
        if isinstance(source, WebIdentity):
            self.fault(values.role_fault(source.role_arn, source.origin))
            where = self.region(self.found.path[-1], source.role_arn)
            return source._replace(
                endpoint=endpoints.sts_endpoint(where.value, origin=place(where), by=self.by)
            )
        return source

    def nearest(self, key: str) -> Setting | None:
        """An awsvault_ key about the key's session: the first on the path, from the selected profile on."""
        return next(
            (found for profile in self.found.path if (found := self.prefixed(profile, key)) is not None), None
        )

    def keeps_session(self) -> tuple[bool, Origin | None]:
        """Whether the key gets a session, and the line that decides it: the first on the path that sets it.

        That is awsvault_session, or ``--no-session`` in the credential_process of a profile that is followed.
        """
        for at, profile in enumerate(() if self.as_sdk else self.found.path):
            written = self.prefixed(profile, "session")
            if written is not None:
                return values.switch(written, default=True), written.origin
            called, command = own_export(profile) if at else None, profile.get("credential_process")
            if called is not None and command is not None and not called.session:
                return False, command.origin
        return True, None

    def written_region(self, profile: Profile) -> Setting | None:
        """The profile's own region, or None."""
        setting = self.get(profile, "region")
        return checked_region(setting) if setting is not None and setting.value else None

    def region(self, profile: Profile, arn: str) -> Setting:
        """A link's region: of its profile, otherwise of the next profile up to the selected one, otherwise of the
        environment, otherwise the default of the role's partition.
        """
        upwards = self.found.path[: self.found.path.index(profile) + 1]
        for other in reversed(upwards):
            setting = self.written_region(other)
            if setting is not None:
                return setting
        return region_of(self.env) or Setting("region", endpoints.partition_of_arn(arn).region, _NOWHERE)

    def command(self, profile: Profile, key: str) -> str | None:
        """A command of the profile, which may span several lines."""
        setting = None if self.as_sdk else profile.get(key)
        return setting.value if setting is not None and setting.value.strip() else None

    def hop(self, profile: Profile) -> Hop:
        """The role of one profile."""
        found = {field: self.get(profile, field) for field in _TEXTS}
        found |= {field: None if self.as_sdk else profile.get(field) for field in _OWN}
        settings = {field: setting for field, setting in found.items() if setting is not None}
        arn = settings["role_arn"]
        self.fault(values.role_fault(arn.value, arn.origin))
        for field in _SHAPED:
            self.fault(values.shape_fault(field, settings.get(field)))
        self.fault(values.device_fault(settings.get("mfa_serial"), self.entry()))
        tags = values.pairs(settings.get("session_tags"))
        transitive = values.items(settings.get("transitive_session_tags"))
        where = settings.get("session_tags") or settings.get("transitive_session_tags") or arn
        self.fault(values.tag_fault(tags, transitive, where.origin))
        region = self.region(profile, arn.value)
        texts = {field: setting.value for field, setting in settings.items()}
        return Hop(
            profile=profile.name,
            role_arn=arn.value,
            role_session_name=texts.get("role_session_name"),
            external_id=texts.get("external_id"),
            duration_seconds=values.number(
                settings.get("duration_seconds"), least=ROLE_LEAST, most=ROLE_MOST
            ),
            mfa_serial=texts.get("mfa_serial"),
            mfa_process=self.command(profile, "mfa_process"),
            source_identity=texts.get("source_identity"),
            session_tags=tags,
            transitive_tag_keys=transitive,
            endpoint=endpoints.sts_endpoint(region.value, origin=place(region), by=self.by),
            guardrails=self.guardrails_of(profile),
            origins=tuple((field, setting.origin) for field, setting in settings.items()),
        )

    def guardrails_of(self, profile: Profile) -> Guardrails:
        """The guard rails that the profile itself sets. ConfigError for an invalid value."""
        environment = self.prefixed(profile, "environment")
        longest = self.prefixed(profile, "max_duration")
        return Guardrails(
            values.choice(self.prefixed(profile, "confirm"), CONFIRM),
            values.number(longest, least=ROLE_LEAST, most=SESSION_MOST, unit=True),
            values.switch(self.prefixed(profile, "read_only"), default=False),
            environment.value if environment is not None else None,
            None if self.as_sdk else policy_of(profile, env=self.env),
        )

    def guardrails(self) -> Guardrails:
        """The strictest of all profiles on the path and on the paths beside it. The environment is the selected profile's;
        without one, production if the first profile of a path beside it says so.
        """
        every = [self.guardrails_of(profile) for profile in self.found.guards]
        selected, beside = every[0], [self.guardrails_of(path[0]) for path in self.found.guarding]
        longest = [each.max_duration for each in every if each.max_duration is not None]
        kinds = [each.environment for each in (selected, *beside) if each.environment is not None]
        return Guardrails(
            max((each.confirm for each in every), key=CONFIRM.index),
            min(longest) if longest else None,
            any(each.read_only for each in every),
            selected.environment or min(kinds, key=lambda kind: not means_production(kind), default=None),
            _together([each.policy for each in every if each.policy is not None]),
        )


_NOWHERE = Origin("", 0)


def place(setting: Setting) -> Origin | None:
    """Where the setting is; None for a default."""
    return setting.origin if setting.origin is not _NOWHERE else None


def region_of(env: Mapping[str, str]) -> Setting | None:
    """AWS_REGION, otherwise AWS_DEFAULT_REGION; None if neither is set."""
    for variable in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if env.get(variable):
            return checked_region(Setting("region", env[variable], Origin(variable, 0)))
    return None


def checked_region(setting: Setting) -> Setting:
    """The region in lower case. ConfigError if it is not a label of a host name, which it becomes."""
    value = setting.value
    label = value.replace("-", "")
    if value.isascii() and label.isalnum() and len(value) <= _MAX_LABEL and "-" not in (value[0], value[-1]):
        return setting._replace(value=value.lower())
    raise errors.ConfigError(f"{setting.origin}: region {safe(value)!r} is not a valid region name")


def _together(policies: list[SessionPolicy]) -> SessionPolicy | None:
    """One policy that allows no more than each of these; None for none."""
    if not policies:
        return None
    from vault.profiles.session_policy import combined

    return combined(policies)
