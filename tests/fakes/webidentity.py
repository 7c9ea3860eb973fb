"""Tokens of an OpenID issuer (JWT, HS256 with the key that the world holds for the issuer)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from tests.fakes.refusal import Refusal
from tests.fakes.xmlanswer import when

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.fakes.world import World


def make(
    world: World, *, issuer: str, subject: str, audience: str = "sts.amazonaws.com", seconds: float = 600
) -> str:
    """A token good for `seconds` from now (negative: expired)."""
    now = int(world.now())
    head = _encode({"alg": "HS256", "typ": "JWT"})
    body = _encode({"iss": issuer, "sub": subject, "aud": audience, "iat": now, "exp": now + int(seconds)})
    return f"{head}.{body}.{_mac(world.issuers[issuer], f'{head}.{body}')}"


def verify(world: World, token: str) -> dict[str, Any]:
    """The claims of a good token; raises Refusal."""
    try:
        head, body, mac = token.split(".")
        claims: dict[str, Any] = json.loads(_decode(body))
        algorithm = json.loads(_decode(head))["alg"]
        issuer = claims["iss"]
        ends = float(claims["exp"])
    except (ValueError, KeyError, TypeError):
        raise Refusal(
            400,
            "InvalidIdentityToken",
            "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
        ) from None
    if issuer not in world.issuers:
        raise Refusal(
            400, "InvalidIdentityToken", f"No OpenIDConnect provider found in your account for {issuer}"
        )
    if algorithm != "HS256" or not hmac.compare_digest(mac, _mac(world.issuers[issuer], f"{head}.{body}")):
        raise Refusal(
            400,
            "InvalidIdentityToken",
            "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
        )
    if world.now() >= ends:
        raise Refusal(
            400,
            "ExpiredTokenException",
            f"Token expired: current date/time {when(world.now())} must be before the expiration date/time{when(ends)}",
        )
    return claims


def _mac(key: str, text: str) -> str:
    return _b64(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _encode(value: dict[str, Any]) -> str:
    return _b64(json.dumps(value, separators=(",", ":")).encode())


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
