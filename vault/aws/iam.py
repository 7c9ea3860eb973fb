"""IAM's calls about one user's access keys and MFA devices, typed. Sends nothing itself: the caller passes how to call.

Calls that could do something twice (CreateAccessKey, CreateVirtualMFADevice, those with MFA codes) are sent once.
"""

from __future__ import annotations

import re
from datetime import datetime

from vault import errors, limits
from vault.aws import hosts, service_errors
from vault.aws.service_endpoint import ServiceEndpoint
from vault.profiles import endpoints
from vault.records import NamedTuple, Protocol
from vault.secret import Secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vault.aws.service_call import Answer
    from vault.profiles.aws_files import Setting

_PLAIN = re.compile(r"[!-~]+", re.ASCII)
# IAM has one endpoint in each partition, and one region for its signatures.
_GLOBAL = {
    "aws": ("https://iam.amazonaws.com", "us-east-1"),
    "aws-cn": ("https://iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
    "aws-us-gov": ("https://iam.us-gov.amazonaws.com", "us-gov-west-1"),
    "aws-iso": ("https://iam.us-iso-east-1.c2s.ic.gov", "us-iso-east-1"),
    "aws-iso-b": ("https://iam.us-isob-east-1.sc2s.sgov.gov", "us-isob-east-1"),
    "aws-iso-e": ("https://iam.eu-isoe-west-1.cloud.adc-e.uk", "eu-isoe-west-1"),
    "aws-iso-f": ("https://iam.us-isof-south-1.csp.hci.ic.gov", "us-isof-south-1"),
    "aws-eusc": ("https://iam.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
}


class Caller(Protocol):
    """How an operation reaches IAM. The owner of the keys decides which of them signs."""

    def __call__(self, operation: str, *, once: bool = False, **parameters: Any) -> Answer:
        """AWS's answer. Errors: Refused, Unreachable."""


class Use(NamedTuple):
    """A key's last use: Unix seconds, service and region, as AWS reports them (some hours late)."""

    at: int
    service: str
    region: str


class AccessKey(NamedTuple):
    """One access key of the user, without its secret. ``created`` is Unix seconds.

    ``asked``: AWS reported its last use, so ``used`` None means never.
    """

    id: str
    active: bool
    created: int
    used: Use | None = None
    asked: bool = False


class CreatedKey(NamedTuple):
    """A new key. AWS shows its secret only now."""

    id: str
    secret: Secret
    created: int


class CreatedDevice(NamedTuple):
    """A new virtual device, not enabled yet. ``seed`` is base32 text, which AWS shows only now."""

    serial: str
    seed: Secret


def endpoint(
    partition: str,
    *,
    url: str | None = None,
    allow_http: tuple[str, ...] = (),
    place: str = "",
    ca_bundle: Setting | None = None,
    trusted_hosts: tuple[str, ...] = (),
) -> ServiceEndpoint:
    """IAM's endpoint in ``partition``, or the configured ``url``; ``place`` is where that is set."""
    default, region = _GLOBAL.get(partition, _GLOBAL["aws"])
    return ServiceEndpoint(
        url or default,
        region,
        allow_http,
        place=place,
        ca_bundle=ca_bundle,
        service=hosts.IAM,
        trusted_hosts=trusted_hosts,
    )


def partition_of(arn: str) -> str:
    """The partition of a user's ARN."""
    return endpoints.partition_of_arn(arn).name


class Iam:
    """The calls about ``user``. Its name is always sent, because temporary credentials require it."""

    def __init__(self, call: Caller, *, user: str) -> None:
        self._call = call
        self._user = user

    def keys(self, *, uses: bool = True) -> tuple[AccessKey, ...]:
        """The user's keys, oldest first. ``uses`` also asks for the last use of each, if the user may."""
        found = [_key(item) for item in self._pages("ListAccessKeys", "AccessKeyMetadata")]
        found = [self._with_use(key) for key in found] if uses else found
        return tuple(sorted(found, key=lambda key: (key.created, key.id)))

    def _with_use(self, key: AccessKey) -> AccessKey:
        try:
            fields = self._call("GetAccessKeyLastUsed", AccessKeyId=key.id).fields
        except errors.Refused as error:
            if error.code in ("AccessDenied", "NoSuchEntity"):
                return key
            raise
        last = fields.get("AccessKeyLastUsed")
        if not isinstance(last, dict):
            raise _invalid("AccessKeyLastUsed")
        if not last.get("LastUsedDate"):
            return key._replace(asked=True)
        used = Use(
            _moment(last, "LastUsedDate"),
            str(last.get("ServiceName") or "N/A"),
            str(last.get("Region") or "N/A"),
        )
        return key._replace(used=used, asked=True)

    def create_key(self) -> CreatedKey:
        """Create a key. Sent once: a second call would create a key without an owner."""
        made = self._call("CreateAccessKey", once=True, UserName=self._user).fields.get("AccessKey")
        key = _key(made)
        secret = _text(made, "SecretAccessKey", limits.MAX_SECRET_KEY)
        return CreatedKey(key.id, Secret(secret), key.created)

    def set_active(self, key_id: str, *, active: bool) -> None:
        """Activate or deactivate a key; repeating it changes nothing."""
        status = "Active" if active else "Inactive"
        self._call("UpdateAccessKey", UserName=self._user, AccessKeyId=key_id, Status=status)

    def delete_key(self, key_id: str) -> None:
        """Delete a key; a key that is already gone is not an error."""
        _unless_gone(lambda: self._call("DeleteAccessKey", UserName=self._user, AccessKeyId=key_id))

    def devices(self) -> tuple[str, ...]:
        """The serial numbers of the user's enabled devices."""
        return tuple(_text(item, "SerialNumber", 256) for item in self._pages("ListMFADevices", "MFADevices"))

    def create_device(self, name: str) -> CreatedDevice:
        """Create a virtual device, not enabled. Sent once, because AWS shows its seed only in this answer."""
        fields = self._call("CreateVirtualMFADevice", once=True, VirtualMFADeviceName=name).fields
        made = fields.get("VirtualMFADevice")
        seed = made.get("Base32StringSeed") if isinstance(made, dict) else None
        if not isinstance(seed, bytes) or not seed:
            raise _invalid("Base32StringSeed")
        return CreatedDevice(_text(made, "SerialNumber", 256), Secret(seed))

    def enable_device(self, serial: str, first: str, second: str) -> None:
        """Enable a device with two consecutive codes."""
        self._with_codes("EnableMFADevice", serial, first, second)

    def resync_device(self, serial: str, first: str, second: str) -> None:
        """Synchronize AWS with the device's clock, with two consecutive codes."""
        self._with_codes("ResyncMFADevice", serial, first, second)

    def deactivate_device(self, serial: str) -> bool:
        """Deactivate the user's device. False if it was not active; that is not an error."""
        return _unless_gone(
            lambda: self._call("DeactivateMFADevice", UserName=self._user, SerialNumber=serial)
        )

    def delete_device(self, serial: str) -> None:
        """Delete a virtual device that is not enabled; a device that is already gone is not an error."""
        _unless_gone(lambda: self._call("DeleteVirtualMFADevice", SerialNumber=serial))

    def _with_codes(self, operation: str, serial: str, first: str, second: str) -> None:
        codes = {"AuthenticationCode1": first, "AuthenticationCode2": second}
        self._call(operation, once=True, UserName=self._user, SerialNumber=serial, **codes)

    def _pages(self, operation: str, field: str) -> Iterator[Any]:
        more: dict[str, Any] = {}
        for _ in range(limits.MAX_IAM_PAGES):
            fields = self._call(operation, UserName=self._user, **more).fields
            yield from fields.get(field) or []
            if not fields.get("IsTruncated") or not isinstance(fields.get("Marker"), str):
                return
            more = {"Marker": fields["Marker"]}
        raise _wrong_answer(f"IAM's answer to {operation} has more than {limits.MAX_IAM_PAGES} pages")


def _unless_gone(act: Any) -> bool:
    try:
        act()
    except errors.Refused as error:
        if error.code != "NoSuchEntity":
            raise
        return False
    return True


def _key(item: Any) -> AccessKey:
    created = _moment(item, "CreateDate")
    key_id = _text(item, "AccessKeyId", limits.MAX_ACCESS_KEY_ID)
    return AccessKey(key_id, _text(item, "Status", 16) == "Active", created)


def _text(fields: Any, name: str, most: int) -> str:
    value = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(value, str) or not 0 < len(value) <= most or not _PLAIN.fullmatch(value):
        raise _invalid(name)
    return value


def _moment(fields: Any, name: str) -> int:
    """Unix seconds of a time in IAM's answer, which has a time zone."""
    value = fields.get(name) if isinstance(fields, dict) else None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _invalid(name)
    return int(value.timestamp())


def _invalid(name: str) -> errors.Unreachable:
    return _wrong_answer(f"IAM's answer has no valid {name}")


def _wrong_answer(message: str) -> errors.Unreachable:
    return errors.Unreachable(
        message,
        hint=service_errors.INTERCEPTED,
        code="WrongAnswer",
        sent=True,
    )
