"""Signature version 4, checked from the raw request (headers only; no presigned URLs)."""

from __future__ import annotations

import calendar
import hashlib
import hmac
import re
import time
from typing import NamedTuple
from urllib.parse import quote, unquote

from tests.fakes.refusal import Refusal

SCHEME = "AWS4-HMAC-SHA256"
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d+\Z")


class Request(NamedTuple):
    """A request as it came over the wire; header names in lower case."""

    method: str
    path: str  # raw, without the query
    query: str  # raw
    headers: dict[str, str]
    body: bytes


class Signed(NamedTuple):
    key_id: str
    date: str
    region: str
    service: str
    names: tuple[str, ...]
    signature: str
    timestamp: str  # YYYYMMDDTHHMMSSZ


def parse(request: Request) -> Signed:
    """The Authorization header's parts; raises the Refusal that AWS gives for a bad one."""
    header = request.headers.get("authorization")
    if not header:
        raise Refusal(403, "MissingAuthenticationToken", "Request is missing Authentication Token")
    scheme, _, rest = header.partition(" ")
    if scheme != SCHEME:
        raise Refusal(400, "IncompleteSignature", f"Unsupported AWS 'algorithm': '{scheme}'.")
    parts = dict(item.strip().partition("=")[::2] for item in rest.split(","))
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if not parts.get(name)]
    timestamp = request.headers.get("x-amz-date", "")
    if missing or not re.fullmatch(r"\d{8}T\d{6}Z", timestamp):
        wanted = missing[0] if missing else "X-Amz-Date"
        raise Refusal(400, "IncompleteSignature", f"Authorization header requires '{wanted}' parameter.")
    scope = parts["Credential"].rsplit("/", 4)
    if len(scope) != 5 or scope[4] != "aws4_request":
        raise Refusal(400, "IncompleteSignature", "Credential must have exactly 5 slash-delimited elements.")
    names = tuple(parts["SignedHeaders"].split(";"))
    if "host" not in names or "x-amz-date" not in names:
        raise Refusal(403, "SignatureDoesNotMatch", "'Host' and 'X-Amz-Date' must be signed headers.")
    if "x-amz-security-token" in request.headers and "x-amz-security-token" not in names:
        raise Refusal(403, "SignatureDoesNotMatch", "'X-Amz-Security-Token' must be a signed header.")
    key_id, date, region, service, _ = scope
    return Signed(key_id, date, region, service, names, parts["Signature"], timestamp)


def check_scope(signed: Signed, *, service: str, only_region: str | None) -> None:
    if signed.service != service:
        raise Refusal(
            403, "SignatureDoesNotMatch", f"Credential should be scoped to correct service: '{service}'. "
        )
    wrong = only_region not in (None, signed.region) if service == "sts" else False
    if wrong or not REGION.match(signed.region):
        raise Refusal(
            403,
            "SignatureDoesNotMatch",
            f"Credential should be scoped to a valid region, not '{signed.region}'. ",
        )
    if signed.date != signed.timestamp[:8]:
        raise Refusal(
            403,
            "SignatureDoesNotMatch",
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{signed.date}' != '{signed.timestamp[:8]}', from '{signed.timestamp}'.",
        )


def check_time(signed: Signed, now: float, max_skew: float) -> None:
    """Refuses a request signed more than `max_skew` seconds from `now`."""
    made = calendar.timegm(time.strptime(signed.timestamp, "%Y%m%dT%H%M%SZ"))
    if abs(now - made) <= max_skew:
        return
    minutes = int(max_skew // 60)
    if made < now:
        text = f"Signature expired: {signed.timestamp} is now earlier than {stamp(now - max_skew)} ({stamp(now)} - {minutes} min.)"
    else:
        text = f"Signature not yet current: {signed.timestamp} is still later than {stamp(now + max_skew)} ({stamp(now)} + {minutes} min.)"
    raise Refusal(403, "SignatureDoesNotMatch", text)


def stamp(when: float) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(when))


def check_signature(request: Request, signed: Signed, secret: str) -> None:
    """Signs the request again with `secret` and compares."""
    digest = hashlib.sha256(request.body).hexdigest()
    if request.headers.get("x-amz-content-sha256", digest) != digest:
        raise mismatch()
    lines = [
        request.method,
        "/" + "/".join(quote(part, safe="-_.~%").replace("%", "%25") for part in request.path.split("/")[1:]),
        _canonical_query(request.query),
    ]
    for name in signed.names:
        if name not in request.headers:
            raise mismatch()
        lines.append(f"{name}:{' '.join(request.headers[name].split())}")
    lines += ["", ";".join(signed.names), digest]
    scope = f"{signed.date}/{signed.region}/{signed.service}/aws4_request"
    text = "\n".join([SCHEME, signed.timestamp, scope, hashlib.sha256("\n".join(lines).encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (signed.date, signed.region, signed.service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(hmac.new(key, text.encode(), hashlib.sha256).hexdigest(), signed.signature):
        raise mismatch()


def mismatch() -> Refusal:
    return Refusal(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
        "Access Key and signing method. Consult the service documentation for details.",
    )


def _canonical_query(query: str) -> str:
    pairs = []
    for item in filter(None, query.split("&")):
        name, _, value = item.partition("=")
        pairs.append((quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))
