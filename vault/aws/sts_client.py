"""Calls to STS: takes one operation, returns AWS's answer or raises an error. Uses no SDK (docs/decisions).

Signs with the credentials it is given and nothing else: no default chain, no AWS_* variables, no profile. Retries are
counted here, so that a call that creates something, or carries an MFA code, is sent exactly once.
"""

from __future__ import annotations

from vault import errors
from vault.aws import query_protocol, sigv4, transport
from vault.aws.service_call import Answer, http_date, refusal, with_operation, with_retry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.aws.credentials import Credentials
    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.system.clock import Deadline


class StsClient:
    """Calls of STS with one set of credentials, all bounded by one deadline."""

    def __init__(
        self,
        *,
        credentials: Credentials | None,
        endpoint: ServiceEndpoint,
        deadline: Deadline,
        subject: str = "",
    ) -> None:
        """``subject`` names the key or profile in messages. ``credentials`` is None for calls that are not signed."""
        self._signer = (
            sigv4.Signer(*credentials, region=endpoint.region, service="sts") if credentials else None
        )
        self._to = endpoint.checked()
        self._region = endpoint.region
        self._pool, self._ca_bundle = endpoint.pool, endpoint.ca_bundle
        self._deadline = deadline
        self._subject = subject
        # From the last answer, even a refusal: callers compare it with the machine's clock.
        self.date: int | None = None

    def call(self, operation: str, *, once: bool = False, **parameters: Any) -> Answer:
        """Call ``operation``, in AWS's spelling (``GetCallerIdentity``). ``once``: send it only once, whatever happens.

        Errors: Refused with AWS's code, Unreachable (``sent`` tells whether AWS may have done it), ConfigError.
        """
        return with_retry(
            lambda: self._send(operation, parameters, reuse=not once), once=once, deadline=self._deadline
        )

    def _send(self, operation: str, parameters: dict[str, Any], *, reuse: bool) -> Answer:
        body = query_protocol.form(operation, parameters)
        now = self._deadline.clock.time()
        headers = {"content-type": sigv4.FORM, "host": self._to.host}
        if self._signer is not None:
            headers = sigv4.headers(self._signer, host=self._to.host, path=self._to.path, body=body, now=now)
        headers["user-agent"] = "awsvault-py"
        try:
            reply = transport.send(
                self._to, method="POST", headers=headers, body=body, deadline=self._deadline,
                ca_bundle=self._ca_bundle, pool=self._pool, reuse=reuse,
            )  # fmt: skip
        except errors.Unreachable as error:
            raise with_operation(error, operation, self._subject) from None
        self.date = http_date(reply.headers.get("date", ""))
        try:
            return self._read(operation, reply)
        except query_protocol.MalformedXml as reason:
            from vault.aws import service_errors

            other = service_errors.not_from_aws(self._to.host, reply.status, reply.body, reason=str(reason))
            raise with_operation(other, operation, self._subject) from None

    def _read(self, operation: str, reply: transport.Reply) -> Answer:
        """AWS's answer. Errors: Refused; MalformedXml if it cannot be AWS's."""
        if reply.status != 200:
            code, message = query_protocol.refusal(reply.body)
            raise refusal(
                code, message, status=reply.status, operation=operation, subject=self._subject, date=self.date,
                deadline=self._deadline, region=self._region,
            )  # fmt: skip
        root, fields = query_protocol.parse(reply.body)
        result = fields.get(f"{operation}Result") or {}
        if root != f"{operation}Response" or not isinstance(result, dict):
            raise query_protocol.MalformedXml("an answer to another operation")
        return Answer(result, self.date)
