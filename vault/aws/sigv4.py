"""AWS Signature Version 4 for a POST of a form: key, region and time in, headers out. Pure; no SDK, no clock.

Only what STS and IAM need: POST, no query string, a complete body. Tests compare it with botocore's signer.
"""

from __future__ import annotations

import time

from vault.crypto.sha256 import hmac_sha256, sha256
from vault.http.percent import quote
from vault.records import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.secret import Secret

_ALGORITHM = "AWS4-HMAC-SHA256"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


class Signer(NamedTuple):
    """The credentials that sign, and the region and service of the signature."""

    access_key_id: str
    secret: Secret
    token: Secret | None
    region: str
    service: str


def headers(signer: Signer, *, host: str, path: str, body: bytes, now: float) -> dict[str, str]:
    """The headers of the signed request; ``now`` is Unix seconds, ``host`` is the Host header."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    signed = {"content-type": FORM, "host": host, "x-amz-date": stamp}
    if signer.token is not None:
        signed["x-amz-security-token"] = signer.token.reveal_text()
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            "POST",
            quote(path or "/", safe="/~"),
            "",
            *(f"{name}:{' '.join(signed[name].split())}" for name in sorted(signed)),
            "",
            names,
            sha256(body).hexdigest(),
        ]
    )
    scope = f"{stamp[:8]}/{signer.region}/{signer.service}/aws4_request"
    text = "\n".join([_ALGORITHM, stamp, scope, sha256(canonical.encode()).hexdigest()])
    key = b"AWS4" + signer.secret.reveal()
    for part in (stamp[:8], signer.region, signer.service, "aws4_request"):
        key = hmac_sha256(key, part.encode())
    signature = hmac_sha256(key, text.encode()).hex()
    credential = f"Credential={signer.access_key_id}/{scope}"
    return {
        **signed,
        "authorization": f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}",
    }
