"""IAM Identity Center's sign-in (its OIDC service): registers a client, and gets tokens by browser, by device, by refresh.

Typed calls, nothing stored and nobody asked. Tokens, codes and secrets are Secrets; no message has one.
"""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlencode, urlsplit

from vault import errors, limits
from vault.aws import sso_call
from vault.aws.service_call import with_retry
from vault.aws.sso_call import wrong_answer
from vault.http.ip_addresses import is_loopback
from vault.records import NamedTuple
from vault.secret import Secret
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from vault.aws.service_endpoint import ServiceEndpoint
    from vault.system.clock import Deadline

CLIENT_NAME = "awsvault-py"
REDIRECT_PATH = "/oauth/callback"  # AWS refuses any other path
REDIRECT_URI = f"http://127.0.0.1{REDIRECT_PATH}"  # as it is registered; the one of a sign-in has a port
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_CODE_GRANT, _REFRESH_GRANT = "authorization_code", "refresh_token"
_UNTRUSTED_REASON = "it would receive the tokens of your sign-in"
_WRONG_PLACE = "check sso_start_url and sso_region: AWS knows the start URL in one region only"
_AGAIN = "sign in again"
_HINTS = {
    "authorization_pending": "confirm the sign-in in the browser",
    "slow_down": "wait a moment, then run the command again",
    "expired_token": "sign in again, and confirm the sign-in in the browser while its code is valid",
    "access_denied": "the sign-in was refused in the browser; to try again, sign in again",
    "invalid_scope": "check sso_registration_scopes",
    "invalid_client_metadata": _WRONG_PLACE,
    "invalid_request": _WRONG_PLACE,
}


class SignInRefused(errors.Refused):
    """Identity Center refused a step of the sign-in. ``code`` is OAuth's, such as ``authorization_pending``."""


class ClientRegistration(NamedTuple):
    """The program as Identity Center knows it. ``expires`` is Unix seconds.

    ``device``: registered for the sign-in by device code; otherwise for the one by browser. Both can refresh.
    """

    client_id: str
    client_secret: Secret
    expires: int
    scopes: tuple[str, ...]
    device: bool = False


class DeviceCode(NamedTuple):
    """A sign-in that the user confirms in any browser, on the page ``url``; ``complete_url`` has the code filled in.

    ``expires`` is Unix seconds. ``interval`` is the least number of seconds between two calls of ``token_of_device``.
    """

    device_code: Secret
    user_code: str
    url: str
    complete_url: str
    expires: int
    interval: int


class SignInTokens(NamedTuple):
    """The tokens of a sign-in. ``expires`` is the access token's end in Unix seconds. Without scopes there is no refresh."""

    access_token: Secret
    refresh_token: Secret | None
    expires: int


def register(
    endpoint: ServiceEndpoint,
    *,
    start_url: str,
    scopes: tuple[str, ...],
    deadline: Deadline,
    device: bool = False,
) -> ClientRegistration:
    """Register a client for one of the two ways to sign in. Errors, as of all calls here: SignInRefused, Unreachable,
    Untrusted.
    """
    operation = "RegisterClient"
    wanted: dict[str, Any] = {"clientName": CLIENT_NAME, "clientType": "public"}
    if scopes:
        wanted["scopes"] = list(scopes)
    # AWS takes a list of grants as a restriction: a client for device codes registers without one.
    if not device:
        wanted |= {
            "grantTypes": [_CODE_GRANT, _REFRESH_GRANT],
            "redirectUris": [REDIRECT_URI],
            "issuerUrl": start_url,
        }
    found = _call(endpoint, "/client/register", wanted, operation=operation, deadline=deadline)
    expires = _number(found, "clientSecretExpiresAt", operation, most=limits.MAX_MILLISECONDS)
    return ClientRegistration(
        _text(found, "clientId", operation),
        Secret(_text(found, "clientSecret", operation)),
        min(expires, int(deadline.clock.time()) + limits.MAX_SIGN_IN),
        scopes,
        device,
    )


def begin_device(
    endpoint: ServiceEndpoint, registration: ClientRegistration, *, start_url: str, deadline: Deadline
) -> DeviceCode:
    """Start a sign-in by device code."""
    operation = "StartDeviceAuthorization"
    found = _call(
        endpoint, "/device_authorization", {**_client(registration), "startUrl": start_url}, operation=operation,
        deadline=deadline,
    )  # fmt: skip
    page = _page(endpoint, found, "verificationUri")
    life = _number(found, "expiresIn", operation, most=limits.MAX_SIGN_IN)
    interval = _number(
        found, "interval", operation, most=limits.MAX_DEVICE_INTERVAL, default=limits.DEVICE_INTERVAL
    )
    return DeviceCode(
        Secret(_text(found, "deviceCode", operation)),
        _text(found, "userCode", operation, most=limits.MAX_USER_CODE),
        page,
        _page(endpoint, found, "verificationUriComplete") if "verificationUriComplete" in found else page,
        int(deadline.clock.time()) + life,
        interval,
    )


def token_of_device(
    endpoint: ServiceEndpoint, registration: ClientRegistration, device: DeviceCode, *, deadline: Deadline
) -> SignInTokens:
    """Ask once for the tokens of a device's sign-in. SignInRefused while the user has not confirmed it
    (authorization_pending), after asking too often (slow_down), and at its end (expired_token, access_denied).
    """
    wanted = {"grantType": DEVICE_GRANT, "deviceCode": device.device_code.reveal_text()}
    return _tokens(endpoint, registration, wanted, deadline=deadline)


def token_of_code(
    endpoint: ServiceEndpoint,
    registration: ClientRegistration,
    *,
    code: Secret,
    verifier: Secret,
    redirect_uri: str,
    deadline: Deadline,
) -> SignInTokens:
    """The tokens for the code that the browser brought. ``redirect_uri`` is the one of ``authorize_url``."""
    wanted = {
        "grantType": _CODE_GRANT,
        "code": code.reveal_text(),
        "codeVerifier": verifier.reveal_text(),
        "redirectUri": redirect_uri,
    }
    return _tokens(endpoint, registration, wanted, deadline=deadline)


def refreshed(
    endpoint: ServiceEndpoint, registration: ClientRegistration, refresh_token: Secret, *, deadline: Deadline
) -> SignInTokens:
    """New tokens. ``refresh_token`` may be valid for this one call; it stays in use if AWS gives no new one."""
    wanted = {"grantType": _REFRESH_GRANT, "refreshToken": refresh_token.reveal_text()}
    found = _tokens(endpoint, registration, wanted, deadline=deadline)
    return found if found.refresh_token is not None else found._replace(refresh_token=refresh_token)


def authorize_url(
    endpoint: ServiceEndpoint,
    registration: ClientRegistration,
    *,
    redirect_uri: str,
    state: str,
    challenge: str,
    scopes: tuple[str, ...],
) -> str:
    """The page that the browser opens; afterwards it goes to ``redirect_uri`` (``REDIRECT_URI`` with a port).

    ``challenge`` is the base64url of the verifier's SHA-256 (RFC 7636).
    """
    to = endpoint.trusted(_UNTRUSTED_REASON)
    asked = {
        "response_type": "code",
        "client_id": registration.client_id,
        "redirect_uri": redirect_uri,
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    if scopes:
        asked["scopes"] = " ".join(scopes)
    return f"{to.scheme}://{to.host}{to.path.rstrip('/')}/authorize?{urlencode(asked, quote_via=quote)}"


def _client(registration: ClientRegistration) -> dict[str, str]:
    return {"clientId": registration.client_id, "clientSecret": registration.client_secret.reveal_text()}


def _tokens(
    endpoint: ServiceEndpoint, registration: ClientRegistration, wanted: dict[str, str], *, deadline: Deadline
) -> SignInTokens:
    """One CreateToken, sent once: what it takes may be valid for one call."""
    operation = "CreateToken"
    given = {**_client(registration), **wanted}
    found = _call(endpoint, "/token", given, operation=operation, deadline=deadline, once=True)
    kind = found.get("tokenType", "Bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise wrong_answer(_what(operation), "answered with a token that is not a bearer token")
    return SignInTokens(
        Secret(_text(found, "accessToken", operation)),
        Secret(_text(found, "refreshToken", operation)) if found.get("refreshToken") is not None else None,
        int(deadline.clock.time()) + _number(found, "expiresIn", operation, most=limits.MAX_SIGN_IN),
    )


def _call(
    endpoint: ServiceEndpoint,
    path: str,
    given: dict[str, Any],
    *,
    operation: str,
    deadline: Deadline,
    once: bool = False,
) -> dict[str, Any]:
    """The fields of AWS's answer. SignInRefused for a refusal."""
    body = json.dumps(given).encode("ascii")

    def send() -> sso_call.JsonReply:
        return sso_call.send(
            endpoint, path, method="POST", headers={"content-type": "application/json"}, body=body, deadline=deadline,
            untrusted=_UNTRUSTED_REASON, what=_what(operation),
        )  # fmt: skip

    reply = with_retry(send, once=once, deadline=deadline)
    if reply.status != 200:
        raise _refusal(reply, operation)
    return reply.fields


def _refusal(reply: sso_call.JsonReply, operation: str) -> SignInRefused:
    code, description = reply.fields.get("error"), reply.fields.get("error_description")
    if not isinstance(code, str) or not code:  # AWS's name of the error, as OAuth writes it
        code = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", reply.error.removesuffix("Exception")).lower() or str(
            reply.status
        )
    said = f": {safe(description)}" if isinstance(description, str) and description not in ("", code) else ""
    return SignInRefused(
        f"IAM Identity Center refused {operation}: {safe(code, limit=80)}{said}",
        code=safe(code, limit=80),
        hint=_HINTS.get(code, _AGAIN),
    )


def _what(operation: str) -> str:
    return f"IAM Identity Center: {operation}"


def _text(found: dict[str, Any], name: str, operation: str, *, most: int = limits.MAX_SESSION_TOKEN) -> str:
    """A field that can be sent back in a header or shown: printable ASCII without blanks."""
    value = found.get(name)
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value) or len(value) > most:
        raise wrong_answer(_what(operation), f"answered without a valid {name}")
    return value


def _number(
    found: dict[str, Any], name: str, operation: str, *, most: int, default: int | None = None
) -> int:
    value = found.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= most:
        raise wrong_answer(_what(operation), f"answered without a valid {name}")
    return value


def _page(endpoint: ServiceEndpoint, found: dict[str, Any], name: str) -> str:
    """A page for the user's browser, on any host: AWS's start pages have customers' names. Over https, except on this machine."""
    operation = "StartDeviceAuthorization"
    text = _text(found, name, operation, most=limits.MAX_SIGN_IN_URL)
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    plain = parts.scheme == "http" and (is_loopback(host) or host in endpoint.allow_http)
    if not host or "@" in parts.netloc or not (parts.scheme == "https" or plain):
        raise wrong_answer(_what(operation), f"answered without a valid {name}")
    return text
