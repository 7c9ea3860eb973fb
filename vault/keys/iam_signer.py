"""Who signs IAM's calls about a key of the vault: the key, another key of its rotation, or one MFA session for all calls.

If a policy requires MFA, one session of the key with one code serves every call. If AWS does not know a key (yet, or any
longer), the next key that may sign is tried.
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws import iam, sts
from vault.aws.credentials import Credentials
from vault.credentials.mfa_code import MfaDevice
from vault.keys.service_endpoints import iam_endpoint, sts_endpoint
from vault.profiles import aws_files, endpoints
from vault.records import Protocol
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.aws.boto_iam import IamClient
    from vault.aws.credentials import Identity
    from vault.aws.service_call import Answer
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.context import Context
    from vault.credentials.mfa_code import Codes
    from vault.keys.endpoint_trust import EndpointTrust
    from vault.secret import Secret
    from vault.store.vault import KeyPair

_UNKNOWN_KEY = "InvalidClientTokenId"
_SESSION_ENDED = ("ExpiredToken", _UNKNOWN_KEY)


class NeedsMfa(errors.Refused):
    """IAM refused, perhaps because it requires MFA, and there is no code (7)."""


class SigningKey(Protocol):
    """An entry, or what the agent gives of one."""

    @property
    def access_key_id(self) -> str:
        """The key's ID."""

    @property
    def secret(self) -> Secret:
        """The key's secret."""

    @property
    def mfa_serial(self) -> str | None:
        """The device of the key's user."""


def credentials_of(key: SigningKey | KeyPair) -> Credentials:
    """What a key of the vault signs with."""
    return Credentials(key.access_key_id, key.secret)


class IamSigner:
    """Calls IAM for one entry. ``signers`` are tried in order."""

    def __init__(
        self, context: Context, name: str, entry: SigningKey, *, codes: Codes, trust: EndpointTrust
    ) -> None:
        """Untrusted if STS or IAM is at a host that ``trust`` does not accept."""
        self._context = context
        self._trust = trust
        self._name = name
        self._serial = entry.mfa_serial
        self._codes = codes
        self._sts, self._iam = trusted_endpoints(context, name, trust)
        self._session: Credentials | None = None
        self._client: IamClient | None = None
        self.signers = [credentials_of(entry)]
        self.skew = 0.0  # AWS's clock minus this machine's, according to the last answer
        self.identity: Identity | None = None
        self.identified_by = ""  # the ID of the key that identify() was answered for

    @property
    def now(self) -> int:
        """Unix seconds by AWS's clock, according to its last answer."""
        return int(self._context.clock.time() + self.skew)

    @property
    def foreign_host(self) -> str | None:
        """The host that answers for IAM, or for STS, if it is not AWS's own."""
        return self._iam.foreign_host() or self._sts.foreign_host()

    def identify(self) -> Identity:
        """The identity of the key's user, by the first signer that AWS knows. Errors: Refused, Unreachable."""
        refusal: errors.Refused | None = None
        for signer in self.signers:
            try:
                self.identity = self.whoami(signer)
                self.identified_by = signer.access_key_id
            except errors.Refused as error:
                if error.code != _UNKNOWN_KEY:
                    raise
                refusal = refusal or error
                continue
            partition = iam.partition_of(self.identity.arn)
            self._iam = self._trust.check(iam_endpoint(self._context, self._name, partition))
            return self.identity
        raise refusal or errors.Internal("no key to sign with")

    def whoami(self, signer: Credentials) -> Identity:
        """GetCallerIdentity, signed with ``signer``."""
        return sts.get_caller_identity(
            signer,
            endpoint=self._sts,
            deadline=self._context.new_deadline(),
            subject=f"key {signer.access_key_id}",
        )

    @property
    def user(self) -> str:
        """The IAM user's name. Usage if the key is the account's root key, or not a user's."""
        if self.identity is None or self.identity.user is None:
            arn = safe(self.identity.arn) if self.identity is not None else "an unknown identity"
            raise errors.Usage(
                f"the key belongs to {arn}; this command needs the key of an IAM user",
                hint="create an IAM user with its own key. If this is a root key, delete it",
            )
        return self.identity.user

    def iam(self) -> iam.Iam:
        """IAM's calls about the key's user, signed here."""
        return iam.Iam(self.call, user=self.user)

    def call(self, operation: str, *, once: bool = False, **parameters: Any) -> Answer:
        """One call to IAM, signed with the MFA session if there is one, else with the first key that AWS knows."""
        if self._session is not None:
            try:
                return self._send(self._session, operation, once=once, **parameters)
            except errors.Refused as error:
                if error.code not in _SESSION_ENDED:
                    raise
                self._session = (
                    None  # perhaps it ended with the key that started it; a refusal changed nothing
                )
        try:
            return self._call_with_keys(operation, once=once, **parameters)
        except errors.Refused as error:
            if error.code != "AccessDenied" or self._serial is None:
                raise
            refused = error
        # The policy may require MFA. A refusal changed nothing, so even a call to send once may be sent again.
        try:
            self._session = self._mfa_session()
        except errors.Locked as no_code:
            raise NeedsMfa(
                f"{refused.message}; IAM may require MFA here, and {no_code.message}",
                code=refused.code,
                hint=no_code.hint,
            ) from None
        return self._send(self._session, operation, once=once, **parameters)

    def _call_with_keys(self, operation: str, *, once: bool, **parameters: Any) -> Answer:
        refusal: errors.Refused | None = None
        for signer in self.signers:
            try:
                return self._send(signer, operation, once=once, **parameters)
            except errors.Refused as error:
                if error.code != _UNKNOWN_KEY:
                    raise
                refusal = refusal or error
        raise refusal or errors.Internal("no key to sign with")

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
        """The one client, which signs with ``signer``."""
        from vault.aws.boto_iam import IamClient

        if self._client is None:
            self._client = IamClient(signer, endpoint=endpoint, subject=f"key {self._name}")
        self._client.sign_as(signer)
        return self._client

    def _mfa_session(self) -> Credentials:
        refusal: errors.Refused | None = None
        for signer in self.signers:
            try:
                self.whoami(signer)  # a key that AWS does not know everywhere yet would cost the code
            except errors.Refused as error:
                refusal = refusal or error
                continue
            return self._session_of(signer)
        raise refusal or errors.Internal("no key to sign with")

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
        """The setting of the profile with the entry's name, if AWS's files have one."""
        profile = aws_files.load(self._context.env, home=self._context.paths.home).profile(self._name)
        found = profile.get(key) if profile is not None else None
        return found.value if found is not None else None


def trusted_endpoints(
    context: Context, name: str, trust: EndpointTrust
) -> tuple[ServiceEndpoint, ServiceEndpoint]:
    """Where STS and IAM are for the key ``name``, checked before anything is sent. Untrusted, ConfigError."""
    at = trust.check(sts_endpoint(context, name))
    partition = endpoints.partition_of(at.region).name
    return at, trust.check(iam_endpoint(context, name, partition))
