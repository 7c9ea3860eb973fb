"""S3 through boto3: one object, read and replaced under conditions. The only file where boto3 speaks to S3.

boto3 writes, signs and reads each request; ``transport`` sends it, so that every wait ends at the deadline, answers are
bounded, and proxies and CA certificates are those of all other calls. No redirect is followed, and a write is sent once.
"""

from __future__ import annotations

import re
import threading
from io import BytesIO

from vault import errors, limits
from vault.aws import boto_session, query_protocol, service_errors, transport
from vault.aws.service_call import with_retry
from vault.records import NamedTuple
from vault.s3.refusals import refusal
from vault.sync.bucket import Absent, ConditionFailed, Fetched, NotChanged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from vault.aws.connections import ConnectionPool
    from vault.aws.credentials import Credentials
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.s3.address import Address
    from vault.system.clock import Deadline

_REASON = "it would get requests that the key or session signs"
_ETAG = re.compile(r'(?:W/)?"?[!#-~]{1,200}"?', re.ASCII)
_OPERATIONS = {"GET": "GetObject", "PUT": "PutObject", "DELETE": "DeleteObject"}
_OURS = (
    "user-agent",
    "content-length",
    "accept-encoding",
    "expect",
    "host",
    "connection",
)  # transport's, never signed


class _NotThere(Exception):
    """There is no such object (404)."""


class _Same(Exception):
    """The object is the one that was named (304)."""


class _Sending(NamedTuple):
    """How the request of one thread is sent. ``gate`` is called when the request is complete and about to leave."""

    pool: ConnectionPool | None
    gate: Callable[[], None] | None


class S3Client:
    """S3 at one endpoint, signed with one set of credentials. Every call ends at ``deadline``. Threads may share it."""

    def __init__(
        self, credentials: Credentials, *, endpoint: ServiceEndpoint, deadline: Deadline, kms_key: str = ""
    ) -> None:
        """Untrusted if the host is neither AWS's own nor trusted; ConfigError."""
        self._to = endpoint.trusted(_REASON, hint=", or trust it for this remote: --trust-endpoint")
        self._endpoint, self._deadline = endpoint, deadline
        self._encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        self._thread = threading.local()
        self._client = boto_session.client(
            "s3",
            endpoint=endpoint,
            signs=credentials,
            settings={
                "signature_version": "s3v4",
                "s3": {"addressing_style": "path", "payload_signing_enabled": True},
                "request_checksum_calculation": "when_required",
                # Not asked for: the vault's file proves itself, and a server that races may keep the checksum of another write.
                "response_checksum_validation": "when_required",
            },
        )
        self._client.meta.events.register("before-send.s3", self._exchange)

    def object(
        self, address: Address, *, pool: ConnectionPool | None = None, gate: Callable[[], None] | None = None
    ) -> S3Object:
        """One object. ``pool`` keeps its connection between calls, else the endpoint's does."""
        return S3Object(self, address, _Sending(pool or self._endpoint.pool, gate))

    def get(self, address: Address, unless: str | None, by: _Sending) -> Fetched | Absent | NotChanged:
        """As ``Bucket.get``. A temporary failure is tried once more."""
        parameters = {} if unless is None else {"IfNoneMatch": unless}
        try:
            return with_retry(lambda: self._get(address, parameters, by), once=False, deadline=self._deadline)
        except _Same:
            if unless is None:
                raise self._not_s3(
                    304, b"", reason="it was not asked whether the object is another one"
                ) from None
            return NotChanged()
        except _NotThere:
            return Absent()

    def _get(self, address: Address, parameters: dict[str, str], by: _Sending) -> Fetched:
        from botocore.exceptions import BotoCoreError

        fields = self._call("get_object", address, by, **parameters)
        try:
            data = fields["Body"].read()
        except (BotoCoreError, ValueError) as error:  # two lengths, or one that is no number
            raise self._no_answer(error) from None
        return Fetched(data, self._etag(fields, address))

    def put(self, address: Address, data: bytes, match: str | None, by: _Sending) -> str:
        """As ``Bucket.put``. Sent once: whether a lost answer stands for a write shows when the object is read again."""
        import base64
        import hashlib

        condition = {"IfNoneMatch": "*"} if match is None else {"IfMatch": match}
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
        try:
            fields = self._call(
                "put_object", address, by, Body=data, ChecksumSHA256=checksum,
                ContentType="application/octet-stream", **condition, **self._encryption,
            )  # fmt: skip
        except _NotThere:
            raise ConditionFailed from None
        return self._etag(fields, address)

    def delete(self, address: Address, by: _Sending) -> None:
        """Remove an object of the probe. No error if it does not exist."""
        try:
            self._call("delete_object", address, by)
        except _NotThere:
            return

    def _call(self, name: str, address: Address, by: _Sending, **parameters: Any) -> dict[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        self._thread.by, self._thread.address = by, address
        try:
            answer: dict[str, Any] = getattr(self._client, name)(
                Bucket=address.bucket, Key=address.key, **parameters
            )
        except (BotoCoreError, ClientError, ResponseParserError, ValueError) as error:
            # ValueError: a header has a time or a number that is none
            raise self._no_answer(error) from None
        finally:
            self._thread.by = self._thread.address = None
        return answer

    def _exchange(self, request: Any, **_: Any) -> Any:
        """Send botocore's request through ``transport``, and give it the answer if S3 did what was asked."""
        from urllib.parse import urlsplit

        from botocore.awsrequest import AWSResponse

        by: _Sending = self._thread.by
        parts = urlsplit(request.url)
        if (parts.scheme, parts.hostname) != (self._to.scheme, self._to.name):
            raise errors.Internal("a request to S3 has left its endpoint")
        body = request.body.read() if hasattr(request.body, "read") else request.body
        if by.gate is not None:
            by.gate()
        reply = transport.send(
            self._to._replace(path=parts.path),
            method=request.method,
            query=parts.query,
            headers={**_headers(request), "user-agent": "awsvault-py"},
            body=body.encode() if isinstance(body, str) else body,
            deadline=self._deadline,
            ca_bundle=self._endpoint.ca_bundle,
            pool=by.pool,
            most=limits.MAX_VAULT_FILE,
            within=limits.S3_CALL,
        )
        if reply.status not in (200, 204):
            raise self._failure(reply, request.method)
        headers: Any = reply.headers
        return AWSResponse(request.url, reply.status, headers, _Content(reply.body))

    def _failure(self, reply: transport.Reply, method: str) -> Exception:
        """What an answer without success means."""
        if method == "GET" and reply.status == 304:
            return _Same()
        if method == "PUT" and reply.status in (409, 412):
            return ConditionFailed()
        try:
            code, message = query_protocol.refusal(reply.body)
        except query_protocol.MalformedXml as reason:
            return self._not_s3(reply.status, reply.body, reason=str(reason))
        if reply.status == 404 and code == "NoSuchKey":
            return _NotThere()
        return refusal(
            code, message, status=reply.status, operation=_OPERATIONS[method], url=self._thread.address.url,
            region=self._endpoint.region, bucket_region=reply.headers.get("x-amz-bucket-region", ""),
        )  # fmt: skip

    def _no_answer(self, error: Exception) -> errors.Unreachable:
        """The error for an answer that botocore cannot read."""
        return self._not_s3(200, b"", reason=f"no answer of S3 ({type(error).__name__})")

    def _not_s3(self, status: int, body: bytes, *, reason: str) -> errors.Unreachable:
        return service_errors.not_from_aws(self._to.host, status, body, reason=reason)

    def _etag(self, fields: dict[str, Any], address: Address) -> str:
        etag = fields.get("ETag")
        if not isinstance(etag, str) or not _ETAG.fullmatch(etag):
            raise service_errors.not_from_aws(
                self._to.host, 200, b"", reason="no entity tag", about=address.url
            )
        return etag


class S3Object:
    """One object of a bucket, as a sync asks for it (sync/bucket.py), and as the probe ends it."""

    def __init__(self, client: S3Client, address: Address, by: _Sending) -> None:
        """Made by ``S3Client.object``."""
        self._client, self._address, self._by = client, address, by

    def get(self, unless: str | None) -> Fetched | Absent | NotChanged:
        """The object, or NotChanged if its entity tag is ``unless``. Errors: Refused, Unreachable, ConfigError."""
        return self._client.get(self._address, unless, self._by)

    def put(self, data: bytes, match: str | None) -> str:
        """Replace the object of entity tag ``match``, or create it if that is None. ConditionFailed, and as ``get``."""
        return self._client.put(self._address, data, match, self._by)

    def delete(self) -> None:
        """Remove the object. Errors as ``get``."""
        self._client.delete(self._address, self._by)


class _Content(BytesIO):
    """An answer's body as botocore reads it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.getvalue()


def _headers(request: Any) -> dict[str, str]:
    """The headers of botocore's request, but for those that ``transport`` writes."""
    found = {}
    for name, value in request.headers.items():
        if name.lower() not in _OURS and not name.lower().startswith("amz-sdk-"):
            found[name] = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return found
