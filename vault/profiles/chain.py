"""A resolved chain and the plan of its calls, as values, and the digest that names a plan's links. No files, no clock.

Source -> hops is what the files say (Chain, made by ``resolve``); links are the calls that follow from it
(Plan, made by ``plan``); the digest binds a cached session to every value that decided it.
"""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.profiles.aws_files import Origin, Setting
    from vault.profiles.endpoints import Endpoint
    from vault.profiles.ini import ParseNote
    from vault.secret import Secret


class VaultKey(NamedTuple):
    """An access key in the vault. ``assumed``: nobody looked whether the entry is there."""

    entry: str
    origin: Origin
    assumed: bool


class StaticKeys(NamedTuple):
    """An access key in clear in one of AWS's files."""

    profile: str
    access_key_id: str
    secret: Secret
    token: Secret | None
    account_id: str | None
    origin: Origin


class Process(NamedTuple):
    """A credential_process that is another program. ``environment_digest`` names what it goes by, beside its command (a hash)."""

    profile: str
    command: str
    account_id: str | None
    origin: Origin
    environment_digest: str = ""


class WebIdentity(NamedTuple):
    """AssumeRoleWithWebIdentity; the token comes from a file, or from a command where ``token_process`` is set."""

    profile: str
    role_arn: str
    token_file: str | None
    token_process: str | None
    role_session_name: str | None
    duration_seconds: int | None
    endpoint: Endpoint
    origin: Origin


class Sso(NamedTuple):
    """A role of IAM Identity Center. ``session`` is None in the older form, where the profile holds the URL.

    ``portal`` is the address that gives the role's credentials, ``portal_origin`` who configured one. Without an account or a role the chain has a fault.
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


class Login(NamedTuple):
    """The console session that ``aws login`` keeps."""

    profile: str
    session: str
    origin: Origin


class NamedSource(NamedTuple):
    """A credential_source: "Environment", "Ec2InstanceMetadata" or "EcsContainer". ``temporary``: known to be so.

    ``endpoint`` is the address of the instance's metadata; ``environment_digest`` a digest of the environment, which decides whose
    credentials these are.
    """

    name: str
    temporary: bool
    origin: Origin
    endpoint: str | None = None
    environment_digest: str = ""


Source = VaultKey | StaticKeys | Process | WebIdentity | Sso | Login | NamedSource


CONFIRM = ("never", "session", "always")  # awsvault_confirm, the strictest last


class Guardrails(NamedTuple):
    """What a profile asks of its own use: for the guard rails. ``confirm`` is one of CONFIRM, seconds are seconds."""

    confirm: str = "never"
    max_duration: int | None = None
    read_only: bool = False
    environment: str | None = None


class Hop(NamedTuple):
    """One role to assume. Durations are seconds, and None where the profile does not say.

    ``origins`` gives the place of every value that is set, by the field's name.
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
        """Where the value of ``field`` stands."""
        return next((origin for name, origin in self.origins if name == field), None)


class Fault(NamedTuple):
    """A value that AWS will refuse: shown by ``explain``, an error before a call is made. ``hint``: what to do, if known."""

    message: str
    origin: Origin
    hint: str | None = None


class Chain(NamedTuple):
    """How a profile gets its credentials. ``hops`` run from the source to the profile; there may be none.

    ``path`` holds the profiles from the selected one to the source's. ``source_endpoint`` is where a session of the
    key is asked for. ``session`` is False for awsvault_session = off, and ``session_origin`` is the line that says so.
    ``rails`` are the strictest of all on the path.
    ``faults`` are values that AWS will refuse, which ``resolve.check`` turns into an error.
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
    notes: tuple[ParseNote, ...]
    ca_bundle: Setting | None = None  # the selected profile's, for all its calls (vault/aws/ca_trust.py)
    session_origin: Origin | None = None

    def device_origin(self, serial: str) -> Origin | None:
        """Where the device is named: by the source's profile, else by a role's; None for one stored with the key."""
        if serial == self.mfa_serial:
            return self.mfa_origin
        return next((hop.origin("mfa_serial") for hop in self.hops if hop.mfa_serial == serial), None)

    @property
    def source_profile(self) -> str:
        """The profile that holds the source."""
        return self.path[-1]

    @property
    def entry(self) -> str:
        """The entry of the vault whose key it starts with, or empty."""
        return self.source.entry if isinstance(self.source, VaultKey) else ""


class FetchSource(NamedTuple):
    """Get credentials from a source that is not a vault key. ``cached``: worth keeping between runs."""

    source: Source
    cached: bool


class SessionToken(NamedTuple):
    """GetSessionToken with a vault key; with a code of ``mfa_serial`` where that is set. Seconds."""

    entry: str
    mfa_serial: str | None
    mfa_process: str | None
    duration: int
    endpoint: Endpoint
    why: str


class AssumeRole(NamedTuple):
    """AssumeRole by the link before, or by the key itself where this is the first. Seconds.

    ``with_code`` is the device whose code goes with the call; ``fixed`` is False where DurationSeconds need not be
    sent because nobody asked for one. ``read_only`` narrows the session by a policy.
    """

    hop: Hop
    duration: int
    with_code: str | None
    fixed: bool
    why: str
    read_only: bool = False


Link = FetchSource | SessionToken | AssumeRole


class Plan(NamedTuple):
    """The calls of a chain, in order, and what to do instead where no code for the first can be had in time.

    No link at all: the source's own key is the answer (a static key, or ``--no-session``).
    """

    links: tuple[Link, ...]
    fallback: tuple[Link, ...] | None = None
