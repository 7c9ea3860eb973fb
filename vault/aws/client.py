"""Calls to STS: one operation in, AWS's answer or an Error of ours out. Knows no SDK (docs/decisions).

Signs with the credentials it is given and nothing else: never a default chain, no AWS_* credentials, no profile.
Retries are counted here, so that what creates something, or carries an MFA code, is sent exactly once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from vault import errors, limits
from vault.aws import query_protocol, service_errors, sigv4, wire
from vault.aws.hosts import SERVICES, is_named, is_own
from vault.aws.ip_addresses import is_loopback
from vault.profiles.endpoints import partition_of
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from vault.aws.credentials import Credentials
    from vault.profiles.aws_files import Setting
    from vault.system.clock import Deadline

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ServiceEndpoint(NamedTuple):
    """Where a service is: its URL, the region that signs, and hosts that plain http may reach beside loopback.

    ``kept`` holds connections from one call to the next; whoever made it closes it. ``place``: where somebody wrote the
    URL (file:line or a variable), empty where nobody did. ``bundle``: the selected profile's ca_bundle. ``service`` is
    one of ``hosts.SERVICES``; ``trusted_hosts`` may take the place of AWS's own. None of them is trusted unless it was
    handed in, so forgetting it refuses.
    """

    url: str
    region: str
    allow_http: Collection[str] = ()  # host, or host:port
    kept: wire.Kept | None = None
    place: str = ""
    bundle: Setting | None = None
    service: str = "sts"
    trusted_hosts: Collection[str] = ()  # host, or host:port

    def checked(self) -> wire.Target:
        """The parts of the URL, if a signed request may go there; ConfigError otherwise."""
        to = wire.target(self.url)
        if to is None:
            raise errors.ConfigError(f"{self._what} is not an http or https address of a host")
        if to.scheme == "http" and not is_loopback(to.name) and not is_named(to, self.allow_http):
            raise errors.ConfigError(
                f"{self._what} is plain http: anybody on the way could read what AWS answers",
                hint=f'use https, or name the host in config.toml: allow_http = ["{safe(to.name)}"]',
            )
        return to

    @property
    def _what(self) -> str:
        return f"{self.place}: endpoint {safe(self.url)}" if self.place else f"endpoint {safe(self.url)}"

    def foreign_host(self) -> str | None:
        """The host that would answer, as ``trusted_hosts`` names it, where it is not AWS's own; None where it is. ConfigError."""
        to = self.checked()
        own = is_own(self.url, service=self.service, partition=partition_of(self.region).name)
        return None if own else to.host

    def trusted(self, reason: str, *, hint: str = "") -> wire.Target:
        """As ``checked``, for what only AWS may get or answer. Untrusted, with ``reason``, where neither AWS nor a trusted host is there.

        ``hint`` is a further way out.
        """
        to = self.checked()
        host = self.foreign_host()
        if host is None or is_named(to, self.trusted_hosts):
            return to
        raise errors.Untrusted(
            f"{self._what} is not AWS's own for {SERVICES[self.service]}, and {reason}",
            hint=f'remove it; if the host is yours, name it in config.toml: trusted_hosts = ["{safe(host)}"]{hint}',
        )


class Answer(NamedTuple):
    """AWS's answer: its fields by their names, and its Date as Unix seconds (None where it had none)."""

    fields: dict[str, Any]
    date: int | None


def retried(send: Callable[[], Answer], *, once: bool, deadline: Deadline) -> Answer:
    """``send()``, and again after a passing fault, unless it may be sent ``once`` only or no time is left."""
    tries = 1 if once else limits.AWS_TRIES
    while True:
        tries -= 1
        try:
            return send()
        except errors.Unreachable:
            if tries <= 0 or deadline.remaining() <= limits.AWS_RETRY_PAUSE:
                raise
            deadline.clock.sleep(limits.AWS_RETRY_PAUSE)


def about(error: errors.Unreachable, operation: str, subject: str) -> errors.Unreachable:
    """``error`` with what was asked, and for whom, before its message."""
    error.message = f"{operation}{f' for {safe(subject)}' if subject else ''}: {error.message}"
    error.args = (error.message,)
    return error


class Client:
    """Calls of STS with one set of credentials, each bounded by one deadline."""

    def __init__(
        self,
        *,
        credentials: Credentials | None,
        endpoint: ServiceEndpoint,
        deadline: Deadline,
        subject: str = "",
    ) -> None:
        """``subject`` names the key or profile in messages. ``credentials`` is None for the calls that are not signed."""
        self._signer = (
            sigv4.Signer(*credentials, region=endpoint.region, service="sts") if credentials else None
        )
        self._to = endpoint.checked()
        self._region = endpoint.region
        self._kept, self._bundle = endpoint.kept, endpoint.bundle
        self._deadline = deadline
        self._subject = subject
        # Of the last answer, a refusal too: callers compare it with the machine's clock.
        self.date: int | None = None

    def call(self, operation: str, *, once: bool = False, **parameters: Any) -> Answer:
        """``operation`` in AWS's spelling (``GetCallerIdentity``). ``once``: sent one time, whatever happens.

        Errors: Refused with AWS's code, Unreachable (``sent`` tells whether AWS may have done it), ConfigError.
        """
        return retried(
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
            reply = wire.post(
                self._to, headers=headers, body=body, deadline=self._deadline, bundle=self._bundle,
                kept=self._kept, reuse=reuse,
            )  # fmt: skip
        except errors.Unreachable as error:
            raise about(error, operation, self._subject) from None
        self.date = http_date(reply.headers.get("date", ""))
        try:
            return self._read(operation, reply)
        except query_protocol.MalformedXml as reason:
            other = service_errors.not_awss(self._to.host, reply.status, reply.body, reason=str(reason))
            raise about(other, operation, self._subject) from None

    def _read(self, operation: str, reply: wire.Reply) -> Answer:
        """What AWS answered. Refused, or NotAnAnswer where that is not AWS's."""
        if reply.status != 200:
            code, message = query_protocol.refusal(reply.body)
            raise refused(
                code, message, status=reply.status, operation=operation, subject=self._subject, date=self.date,
                deadline=self._deadline, region=self._region,
            )  # fmt: skip
        root, fields = query_protocol.parse(reply.body)
        result = fields.get(f"{operation}Result") or {}
        if root != f"{operation}Response" or not isinstance(result, dict):
            raise query_protocol.MalformedXml("the answer to something else")
        return Answer(result, self.date)


def refused(
    code: str,
    message: str,
    *,
    status: int,
    operation: str,
    subject: str,
    date: int | None,
    deadline: Deadline,
    region: str,
) -> errors.Error:
    """AWS's refusal as an error of ours, with AWS's Date, and the distance where the clock is why."""
    error = service_errors.refusal(code, message, status=status, operation=operation, subject=subject)
    if isinstance(error, errors.Refused):
        error.date = date
        if error.code == service_errors.REGION:
            error.hint = service_errors.region_off(region)
        if error.code == service_errors.CLOCK and date is not None:
            off = round(deadline.clock.time() - date)
            way = "ahead of" if off > 0 else "behind"
            if abs(off) > limits.CLOCK_SKEW_WARN:
                error.hint = f"this machine's clock is {abs(off)} s {way} AWS's: set it"
            else:
                error.hint = (
                    "this machine's clock is right, so the request was long under way: run the command again"
                )
    return error


def http_date(text: str) -> int | None:
    """Unix seconds of an HTTP date (RFC 9110 5.6.7, its first form); None for anything else."""
    words = text.replace(",", "").replace(":", " ").split()
    from calendar import timegm

    try:
        _, day, month, year, hour, minute, second, zone = words
        numbers = [int(word) for word in (day, hour, minute, second)]
        seconds = timegm((int(year), _MONTHS.index(month) + 1, *numbers, 0, 0, 0))
    except (ValueError, OverflowError):
        return None
    return seconds if zone == "GMT" else None
