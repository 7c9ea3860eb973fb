"""IAM through boto3, whose service model checks, writes and reads each call.

Calls to IAM are rare: the cost of importing boto3 does not matter, but its knowledge of the operations does. Signing
and transport are the same as for STS (sigv4, transport): one clock, one trust store, answers bounded in size and time.
boto3 has no key and reads no profile and no file of AWS's (boto_session).
"""

from __future__ import annotations

from vault import errors, limits
from vault.aws import boto_session, query_protocol, service_errors, sigv4, transport
from vault.aws.service_call import Answer, http_date, refusal, with_operation, with_retry
from vault.system.clock import Deadline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from vault.aws.credentials import Credentials
    from vault.aws.service_endpoint import ServiceEndpoint


class IamClient:
    """IAM at one endpoint, signed with one set of credentials at a time. Each call has its own deadline."""

    def __init__(self, credentials: Credentials, *, endpoint: ServiceEndpoint, subject: str = "") -> None:
        """``credentials`` sign until ``sign_as`` sets others. ``subject`` names the key in messages."""
        self._subject = subject
        self._to = endpoint.trusted("awsvault-py would act on its answers about your keys")
        self._pool, self._ca_bundle = endpoint.pool, endpoint.ca_bundle
        self._deadline = Deadline.after(limits.IAM_CALL)  # of the current call
        self._region = endpoint.region
        self.sign_as(credentials)
        self._client = boto_session.client("iam", endpoint=endpoint)
        self._client.meta.events.register("before-send.iam", self._exchange)
        # From the last answer, even a refusal; None if there was none. Callers compare it with the machine's clock.
        self.date: int | None = None
        self._reply = transport.Reply(0, {}, b"")  # of the last answer

    def sign_as(self, credentials: Credentials) -> None:
        """Sign with ``credentials`` from now on. A new client would cost more than a call."""
        self._signer = sigv4.Signer(*credentials, region=self._region, service="iam")

    def call(self, operation: str, *, deadline: Deadline, once: bool = False, **parameters: Any) -> Answer:
        """Call ``operation``, in AWS's spelling. Returns the answer's fields as boto3 does (times are datetimes, blobs
        bytes).

        ``once``: send it only once, whatever happens. Errors: Refused with AWS's code, Unreachable (``sent`` tells
        whether AWS may have done it).
        """
        return with_retry(lambda: self._send(operation, parameters, deadline), once=once, deadline=deadline)

    def _send(self, operation: str, parameters: dict[str, Any], deadline: Deadline) -> Answer:
        from botocore import exceptions, xform_name
        from botocore.parsers import ResponseParserError

        self._deadline = deadline
        self.date = None
        try:
            fields = getattr(self._client, xform_name(operation))(**parameters)
        except errors.Unreachable as error:
            raise with_operation(error, operation, self._subject) from None
        except exceptions.ClientError as error:
            found, status = error.response["Error"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            raise refusal(
                found.get("Code", ""), found.get("Message", ""), status=status, operation=operation,
                subject=self._subject, date=self.date, deadline=deadline, region=self._region,
            ) from None  # fmt: skip
        except exceptions.ParamValidationError:
            raise errors.Usage(
                f"{operation}: IAM does not accept one of these values",
                hint="check the names of the user and the device",
            ) from None
        except (ResponseParserError, exceptions.BotoCoreError, ValueError):
            # ValueError: a field has a time or a number that is none
            other = service_errors.not_from_aws(
                self._to.host, self._reply.status, self._reply.body, reason="no IAM answer"
            )
            raise with_operation(other, operation, self._subject) from None
        return Answer(fields, self.date)

    def _exchange(self, request: Any, **_: Any) -> Any:
        """Send botocore's request through ``transport``, signed here, and give it the answer."""
        from botocore.awsrequest import AWSResponse

        body = request.body.encode() if isinstance(request.body, str) else request.body
        now = self._deadline.clock.time()
        headers = sigv4.headers(self._signer, host=self._to.host, path=self._to.path, body=body, now=now)
        headers["user-agent"] = "awsvault-py"
        reply = transport.send(
            self._to, method="POST", headers=headers, body=body, deadline=self._deadline, ca_bundle=self._ca_bundle,
            pool=self._pool, reuse=False,
        )  # fmt: skip
        self._reply = reply
        self.date = http_date(reply.headers.get("date", ""))
        if reply.status != 200:
            try:
                query_protocol.refusal(reply.body)
            except query_protocol.MalformedXml as reason:  # botocore would read any page as a refusal
                raise service_errors.not_from_aws(
                    self._to.host, reply.status, reply.body, reason=str(reason)
                ) from None
        headers_of: Any = reply.headers
        return AWSResponse(request.url, reply.status, headers_of, _Body(reply.body))


class _Body:
    """An answer's body as botocore reads it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body
