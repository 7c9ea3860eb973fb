"""Who signs IAM's calls about a vault key: the key, one beside it that has spread, or one MFA session for all calls.

Joins an entry with IAM and STS. A policy that demands MFA is met by one session of the key with one code; a key that
AWS does not know (yet, or any more) is followed by the next one that may.
"""

from __future__ import annotations

from typing import Any, Protocol

from vault import errors, limits
from vault.aws import hosts, iam, sts
from vault.aws.credentials import Credentials
from vault.credentials.mfa_code import MfaDevice
from vault.keys.verify import sts_endpoint
from vault.profiles import aws_files, endpoints
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.aws.boto_iam import IamClient
    from vault.aws.credentials import Identity
    from vault.aws.service_call import Answer
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.context import Context
    from vault.credentials.mfa_code import Codes
    from vault.keys.foreign_hosts import ForeignHosts
    from vault.secret import Secret
    from vault.store.vault import KeyPair

_UNKNOWN_KEY = "InvalidClientTokenId"
_OVER = ("ExpiredToken", _UNKNOWN_KEY)  # of a session


class NeedsMfa(errors.Refused):
    """IAM refused, perhaps for want of MFA, and no code can be had (7)."""


class Signs(Protocol):
    """An entry, or what the agent gives of one."""

    @property
    def access_key_id(self) -> str:
        """Its key's id."""

    @property
    def secret(self) -> Secret:
        """Its key's secret."""

    @property
    def mfa_serial(self) -> str | None:
        """Its device."""


def credentials(held: Signs | KeyPair) -> Credentials:
    """A key of the vault as what signs."""
    return Credentials(held.access_key_id, held.secret)


class IamSigner:
    """One entry's way to IAM. ``signers`` are tried in order."""

    def __init__(
        self, context: Context, name: str, entry: Signs, *, codes: Codes, foreign: ForeignHosts
    ) -> None:
        """Untrusted where STS or IAM would be a host that ``strangers`` does not admit."""
        self._context = context
        self._foreign = foreign
        self._name = name
        self._serial = entry.mfa_serial
        self._codes = codes
        self._sts, self._iam = reached(context, name, foreign)
        self._session: Credentials | None = None
        self._client: IamClient | None = None
        self.signers = [credentials(entry)]
        self.skew = 0.0  # AWS's clock minus ours, as the last answer showed it
        self.identity: Identity | None = None
        self.known = ""  # the id of the key that look() was answered for

    @property
    def now(self) -> int:
        """Unix seconds by AWS's clock, as its last answer showed it."""
        return int(self._context.clock.time() + self.skew)

    @property
    def foreign_host(self) -> str | None:
        """The host that answers for IAM, or for STS, where it is not AWS's own."""
        return self._iam.foreign_host() or self._sts.foreign_host()

    def look(self) -> Identity:
        """Who the key is, by the first signer that AWS knows. Errors: Refused, Unreachable."""
        refusal: errors.Refused | None = None
        for signer in self.signers:
            try:
                self.identity = self.whoami(signer)
                self.known = signer.access_key_id
            except errors.Refused as error:
                if error.code != _UNKNOWN_KEY:
                    raise
                refusal = refusal or error
                continue
            partition = iam.partition_of(self.identity.arn)
            self._iam = self._foreign.admit(iam_endpoint(self._context, self._name, partition))
            return self.identity
        raise refusal or errors.Internal("a key without anybody to sign")

    def whoami(self, signer: Credentials) -> Identity:
        """GetCallerIdentity by ``signer``."""
        return sts.get_caller_identity(
            signer,
            endpoint=self._sts,
            deadline=self._context.new_deadline(),
            subject=f"key {signer.access_key_id}",
        )

    @property
    def user(self) -> str:
        """The IAM user's name. Usage where the key is of the account's root or no user's."""
        if self.identity is None or self.identity.user is None:
            arn = safe(self.identity.arn) if self.identity is not None else "nobody"
            raise errors.Usage(
                f"the key is of {arn}, and only keys of IAM users are rotated",
                hint="make an IAM user with a key of its own; a root key is best deleted",
            )
        return self.identity.user

    def iam(self) -> iam.Iam:
        """IAM's calls about the key's user, signed here."""
        return iam.Iam(self.call, user=self.user)

    def call(self, operation: str, *, once: bool = False, **parameters: Any) -> Answer:
        """One call to IAM, by the MFA session where there is one, else by the first key that AWS knows."""
        if self._session is not None:
            try:
                return self._send(self._session, operation, once=once, **parameters)
            except errors.Refused as error:
                if error.code not in _OVER:
                    raise
                self._session = None  # it ended, perhaps with the key that began it; a refusal did nothing
        try:
            return self._by_keys(operation, once=once, **parameters)
        except errors.Refused as error:
            if error.code != "AccessDenied" or self._serial is None:
                raise
            refused = error
        # The policy may demand MFA. A refusal did nothing, so even what is sent once may be sent again.
        try:
            self._session = self._mfa_session()
        except errors.Locked as nobody:
            raise NeedsMfa(
                f"{refused.message}; IAM may demand MFA here, and {nobody.message}",
                code=refused.code,
                hint=nobody.hint,
            ) from None
        return self._send(self._session, operation, once=once, **parameters)

    def _by_keys(self, operation: str, *, once: bool, **parameters: Any) -> Answer:
        refusal: errors.Refused | None = None
        for signer in self.signers:
            try:
                return self._send(signer, operation, once=once, **parameters)
            except errors.Refused as error:
                if error.code != _UNKNOWN_KEY:
                    raise
                refusal = refusal or error
        raise refusal or errors.Internal("a key without anybody to sign")

    def _send(self, signer: Credentials, operation: str, *, once: bool, **parameters: Any) -> Answer:
        client = self._client_for(signer, self._iam)
        try:
            return client.call(
                operation, deadline=self._context.new_deadline(limits.IAM_CALL), once=once, **parameters
            )
        finally:
            if client.date is not None:
                self.skew = client.date - self._context.clock.time()

    def _client_for(self, signer: Credentials, endpoint: ServiceEndpoint) -> IamClient:
        """The one client, signing as ``signer``."""
        from vault.aws.boto_iam import IamClient

        if self._client is None:
            self._client = IamClient(signer, endpoint=endpoint, subject=f"key {self._name}")
        self._client.sign_as(signer)
        return self._client

    def _mfa_session(self) -> Credentials:
        refusal: errors.Refused | None = None
        for signer in self.signers:
            try:
                self.whoami(signer)  # a key that has not spread would cost the code
            except errors.Refused as error:
                refusal = refusal or error
                continue
            return self._session_of(signer)
        raise refusal or errors.Internal("a key without anybody to sign")

    def _session_of(self, signer: Credentials) -> Credentials:
        device = MfaDevice(self._serial or "", self._setting("mfa_process"), self._name, self._name)

        def get(code: str) -> Credentials:
            return sts.get_session_token(
                signer,
                duration=limits.ROTATION_SESSION,
                serial=device.serial,
                code=code,
                endpoint=self._sts,
                deadline=self._context.new_deadline(limits.IAM_CALL),
                subject=f"key {self._name}",
            ).credentials

        return self._codes.send(device, get)

    def _setting(self, key: str) -> str | None:
        """What the profile of the entry's name says, if AWS's files have one."""
        profile = aws_files.load(self._context.env, home=self._context.paths.home).profile(self._name)
        found = profile.get(key) if profile is not None else None
        return found.value if found is not None else None


def reached(context: Context, name: str, foreign: ForeignHosts) -> tuple[ServiceEndpoint, ServiceEndpoint]:
    """Where STS and IAM are asked about the key ``name``, before anybody is. Untrusted, ConfigError."""
    at = foreign.admit(sts_endpoint(context, name))
    partition = endpoints.partition_of(at.region).name
    return at, foreign.admit(iam_endpoint(context, name, partition))


def iam_endpoint(context: Context, name: str, partition: str) -> ServiceEndpoint:
    """Where IAM of ``partition`` is for the profile ``name`` (it need not exist), by AWS's rules. ConfigError."""
    config = aws_files.load(context.env, home=context.paths.home)
    profile = config.profile(name)
    get = profile.get if profile is not None else lambda _key: None
    url = endpoints.configured_url(config, get, env=context.env, service=hosts.IAM)
    return iam.endpoint(
        partition,
        url=url.value if url is not None else None,
        allow_http=context.settings.allow_http,
        place=str(url.origin) if url is not None else "",
        ca_bundle=get("ca_bundle"),
        trusted_hosts=context.settings.trusted_hosts,
    )
