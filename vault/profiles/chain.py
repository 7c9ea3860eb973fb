"""A resolved chain and the plan of its calls, as values. No files, no clock.

The source and its hops are what the files say (Chain, made by ``resolve``). The links are the calls that these require
(Plan, made by ``plan``).
"""

from __future__ import annotations

from vault.records import NamedTuple
from vault.text import command, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.aws_files import Origin, Setting
    from vault.profiles.endpoints import Endpoint
    from vault.profiles.session_policy import SessionPolicy
    from vault.secret import Secret


class VaultKey(NamedTuple):
    """An access key in the vault. ``assumed``: it is not known yet whether the vault has this entry."""

    entry: str
    origin: Origin
    assumed: bool


class StaticKeys(NamedTuple):
    """A plaintext access key in one of AWS's files."""

    profile: str
    access_key_id: str
    secret: Secret
    token: Secret | None
    account_id: str | None
    origin: Origin


class Process(NamedTuple):
    """A credential_process that is another program. ``environment_digest`` is a hash of the variables that its answer depends on."""

    profile: str
    command: str
    account_id: str | None
    origin: Origin
    environment_digest: str = ""


class WebIdentity(NamedTuple):
    """AssumeRoleWithWebIdentity. The token comes from ``token_file`` or from the command ``token_process``."""

    profile: str
    role_arn: str
    token_file: str | None
    token_process: str | None
    role_session_name: str | None
    duration_seconds: int | None
    endpoint: Endpoint
    origin: Origin


class Sso(NamedTuple):
    """A role of IAM Identity Center. ``session`` is None in the older form, where the profile itself has the URL.

    ``portal`` is the URL that gives the role's credentials, ``oidc`` the one that gives access tokens; ``portal_origin`` and
    ``oidc_origin`` are the places of configured ones. Without an account or a role the chain has a fault.
    """

    profile: str
    session: str | None
    start_url: str
    region: str
    account_id: str | None
    role_name: str | None
    origin: Origin
    portal: str
    portal_origin: Origin | None = None
    oidc: str = ""
    oidc_origin: Origin | None = None


class Login(NamedTuple):
    """The console session of ``aws login``."""

    profile: str
    session: str
    origin: Origin


class NamedSource(NamedTuple):
    """A credential_source: "Environment", "Ec2InstanceMetadata" or "EcsContainer". ``temporary``: known to expire.

    ``endpoint`` is the URL of the instance metadata. ``environment_digest`` is a hash of the variables that decide whose
    credentials these are.
    """

    name: str
    temporary: bool
    origin: Origin
    endpoint: str | None = None
    environment_digest: str = ""


Source = VaultKey | StaticKeys | Process | WebIdentity | Sso | Login | NamedSource


CONFIRM = ("never", "agent", "session", "always")  # values of awsvault_confirm, the strictest last


class Guardrails(NamedTuple):
    """A profile's guard rails and its environment. ``confirm`` is one of CONFIRM, ``max_duration`` is seconds.

    ``policy`` and ``read_only`` narrow the session of the last role.
    """

    confirm: str = "never"
    max_duration: int | None = None
    read_only: bool = False
    environment: str | None = None
    policy: SessionPolicy | None = None


class Hop(NamedTuple):
    """One role to assume. Durations are seconds, None if the profile sets none.

    ``origins`` has the place of every value that is set, by field name.
    """

    profile: str
    role_arn: str
    role_session_name: str | None
    external_id: str | None
    duration_seconds: int | None
    mfa_serial: str | None
    mfa_process: str | None
    source_identity: str | None
    session_tags: tuple[tuple[str, str], ...]
    transitive_tag_keys: tuple[str, ...]
    endpoint: Endpoint
    guardrails: Guardrails
    origins: tuple[tuple[str, Origin], ...]

    def origin(self, field: str) -> Origin | None:
        """Where the value of ``field`` is set."""
        return next((origin for name, origin in self.origins if name == field), None)


class Fault(NamedTuple):
    """A value that AWS would refuse. ``explain`` shows it; a command that needs credentials fails before any call."""

    message: str
    origin: Origin
    hint: str | None = None


class Chain(NamedTuple):
    """How a profile gets its credentials. ``hops`` go from the source to the profile; there may be none.

    ``path`` has the profiles from the selected one to the source's. ``source_endpoint`` is where STS gives a session of
    the key. ``session`` is False for awsvault_session = off, and ``session_origin`` is the line that sets it.
    ``guardrails`` are the strictest of all profiles on the path. ``faults`` are values that AWS would refuse;
    ``resolve.check`` raises the first. ``ca_bundle`` is the selected profile's and applies to all calls
    (aws/ca_trust.py). ``by_arn``: no file has the selected profile, and its name is the ARN of its role
    (role_without_profile.py).
    """

    profile: str
    path: tuple[str, ...]
    source: Source
    hops: tuple[Hop, ...]
    region: str
    region_origin: Origin | None
    source_endpoint: Endpoint
    mfa_serial: str | None
    mfa_origin: Origin | None
    mfa_process: str | None
    session: bool
    session_duration: int | None
    guardrails: Guardrails
    faults: tuple[Fault, ...]
    ca_bundle: Setting | None = None
    session_origin: Origin | None = None
    by_arn: bool = False

    @property
    def subject(self) -> str:
        """What a message is about: ``profile NAME`` or ``role ARN``."""
        return f"{'role' if self.by_arn else 'profile'} {safe(self.profile)}"

    def command(self, words: str) -> str:
        """The command line ``awsvault-py WORDS PROFILE``, or with --source and the ARN."""
        if not self.by_arn:
            return command(words, self.profile)
        if words.split(" ", 1)[0] not in ("exec", "export", "login"):
            return command(words, self.path[1])
        from shlex import quote

        return command(f"{words} --source={quote(safe(self.path[1]))}", self.profile)

    def device_origin(self, serial: str) -> Origin | None:
        """The line that names the device: of the source profile, otherwise of a role; None for a device stored with the key."""
        if serial == self.mfa_serial:
            return self.mfa_origin
        return next((hop.origin("mfa_serial") for hop in self.hops if hop.mfa_serial == serial), None)

    @property
    def source_profile(self) -> str:
        """The profile that has the source: the last of the path."""
        return self.path[-1]

    @property
    def entry(self) -> str:
        """The vault entry whose key starts the chain; empty for another source."""
        return self.source.entry if isinstance(self.source, VaultKey) else ""


class FetchSource(NamedTuple):
    """Get credentials from a source that is not a vault key. ``cached``: the session cache keeps them."""

    source: Source
    cached: bool


class SessionToken(NamedTuple):
    """GetSessionToken with a vault key, with a code of ``mfa_serial`` if that is set. ``duration`` is seconds, ``why`` its reason."""

    entry: str
    mfa_serial: str | None
    mfa_process: str | None
    duration: int
    endpoint: Endpoint
    why: str


class AssumeRole(NamedTuple):
    """AssumeRole with the session of the link before, or with the key itself if this is the first link.

    ``duration`` is seconds, ``why`` its reason. ``with_code`` is the device whose code goes with the call. ``fixed`` is
    False if nothing sets a duration, so that DurationSeconds is not sent. ``read_only`` limits the session by AWS's
    ReadOnlyAccess, ``policy`` by a policy of the user's.
    """

    hop: Hop
    duration: int
    with_code: str | None
    fixed: bool
    why: str
    read_only: bool = False
    policy: SessionPolicy | None = None


Link = FetchSource | SessionToken | AssumeRole


class Plan(NamedTuple):
    """The calls of a chain, in order, and the fallback if no MFA code for the first is available in time.

    Without any link, the source's own key is the answer (a static key, or ``--no-session``).
    """

    links: tuple[Link, ...]
    fallback: tuple[Link, ...] | None = None
