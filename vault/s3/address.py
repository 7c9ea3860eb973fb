"""Where the object is: ``s3://BUCKET/KEY``, its endpoint and its KMS key, parsed and bounded. Pure."""

from __future__ import annotations

import re

from vault import errors, limits
from vault.aws.hosts import S3, is_aws_host
from vault.aws.service_endpoint import ServiceEndpoint
from vault.profiles.endpoints import partition_of
from vault.records import NamedTuple
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from vault.aws.connections import ConnectionPool
    from vault.profiles.aws_files import Setting

_SCHEME = "s3://"
_EXAMPLE = "write it as s3://BUCKET/KEY, for example s3://my-bucket/vault.avlt"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_BUCKET = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_ADDRESS = re.compile(r"[0-9.]+", re.ASCII)
_OTHER_KINDS = (
    "--x-s3",
    "--xa-s3",
    "--op-s3",
    ".mrap",
)  # directory buckets, Outposts and the like, at hosts of their own
_KEY = re.compile(
    r"[A-Za-z0-9._/=+@,-]+", re.ASCII
)  # nothing that a policy, a URL or a shell reads as more than itself
_REGION = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
_KMS_KEY = re.compile(r"arn:aws[a-z-]*:kms:([a-z0-9-]+):[0-9]{12}:key/[A-Za-z0-9-]+", re.ASCII)


class Address(NamedTuple):
    """A bucket's name and an object's key in it."""

    bucket: str
    key: str

    @property
    def url(self) -> str:
        """As the user writes it."""
        return f"{_SCHEME}{self.bucket}/{self.key}"


def parse(text: str) -> Address:
    """The parts of ``s3://BUCKET/KEY``. Usage if it is another URL, or if S3 or a policy could read it as another name."""
    if not text.startswith(_SCHEME):
        raise errors.Usage(f"{safe(text, limit=80)} is not the URL of an object in S3", hint=_EXAMPLE)
    bucket, _, key = text.removeprefix(_SCHEME).partition("/")
    if not _is_bucket(bucket):
        raise errors.Usage(
            f"{safe(text, limit=80)}: {safe(bucket, limit=64)!r} is not a bucket's name",
            hint="use a general purpose bucket; its name has 3 to 63 characters: lowercase letters, digits, hyphens and periods",
        )
    if not key:
        raise errors.Usage(f"{safe(text, limit=80)} names a bucket, but no object in it", hint=_EXAMPLE)
    if not _is_key(key):
        raise errors.Usage(
            f"{safe(text, limit=80)}: the object's key has characters or parts that awsvault-py does not use",
            hint=f"use letters, digits and . _ - = + @ , with single slashes between, {limits.S3_KEY} characters at most",
        )
    return Address(bucket, key)


def _is_bucket(name: str) -> bool:
    return (
        3 <= len(name) <= 63
        and bool(_BUCKET.fullmatch(name))
        and not _ADDRESS.fullmatch(name)
        and not name.endswith(_OTHER_KINDS)
    )


def _is_key(key: str) -> bool:
    parts = key.split("/")
    return (
        len(key) <= limits.S3_KEY
        and bool(_KEY.fullmatch(key))
        and not any(part in ("", ".", "..") for part in parts)
    )


def endpoint(
    region: str,
    *,
    url: str | None = None,
    place: str = "",
    allow_http: Collection[str] = (),
    ca_bundle: Setting | None = None,
    trusted_hosts: Collection[str] = (),
    pool: ConnectionPool | None = None,
) -> ServiceEndpoint:
    """Where S3 is: AWS's own host in ``region``, or ``url``, which is configured at ``place``. Usage, ConfigError."""
    named = _REGION.fullmatch(region) is not None and len(region) <= limits.S3_REGION
    partition = partition_of(region)
    own = f"https://s3.{region}.{partition.suffix}"
    if not named or (url is None and not is_aws_host(own, service=S3, partition=partition.name)):
        raise errors.Usage(
            f"{safe(region, limit=80)!r} is not the name of a region",
            hint="name the region of the bucket, for example --region eu-central-1",
        )
    found = ServiceEndpoint(
        url=own if url is None else url,
        region=region,
        allow_http=allow_http,
        pool=pool,
        place=place,
        ca_bundle=ca_bundle,
        service=S3,
        trusted_hosts=trusted_hosts,
    )
    found.checked()
    return found


def check_kms_key(arn: str, *, region: str) -> str:
    """``arn`` if it is the ARN of a KMS key in ``region``, where S3 can use it. Usage otherwise."""
    found = _KMS_KEY.fullmatch(arn) if len(arn) <= limits.KMS_KEY_ARN else None
    if found is None:
        raise errors.Usage(
            f"{safe(arn, limit=80)} is not the ARN of a KMS key",
            hint="name the key by its ARN, not by its ID or alias: arn:aws:kms:REGION:ACCOUNT:key/ID",
        )
    if found[1] != region:
        raise errors.Usage(
            f"the KMS key is in {found[1]}, but the bucket is in {safe(region)}",
            hint="name a key of the bucket's region, or the bucket's region by --region",
        )
    return arn
