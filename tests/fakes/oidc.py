"""Sign-in to Identity Center: RegisterClient, the page of a browser, device codes and CreateToken, in the JSON of the real.

Strict as AWS: a code and (by default) a refresh token are good once, clients and tokens end, and only who asked for scopes
gets a refresh token. The knobs are world.sso's (identitycenter.py).
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from tests.fakes.identitycenter import Client, Code, Device, SignIn
from tests.fakes.refusal import Refusal
from tests.fakes.service import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.sigv4 import Request
    from tests.fakes.world import World

CODE, REFRESH = "authorization_code", "refresh_token"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
SCOPES = {"sso:account:access", "codewhisperer:completions", "codewhisperer:analysis"}
REDIRECT = "http://127.0.0.1/oauth/callback"
NAMESPACE = ":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/"


class Oidc:
    """The handlers. A client's mistake on the browser's page is a page too."""

    def __init__(self, world: World) -> None:
        self.world, self.sso = world, world.sso

    def at(self, path: str) -> tuple[str, Callable[[Request, dict[str, str]], Answer]] | None:
        """The action at a path, or None."""
        match path:
            case "/client/register":
                return "RegisterClient", self._register
            case "/device_authorization":
                return "StartDeviceAuthorization", self._start_device
            case "/token":
                return "CreateToken", self._token
            case "/authorize":
                return "Authorize", self._authorize
            case "/start":
                return "StartPage", self._start_page
            case "/device":
                return "DevicePage", self._device_page
            case _:
                return None

    def _register(self, request: Request, _: dict[str, str]) -> Answer:
        given = _fields(request, "clientName", "clientType")
        if given["clientType"] != "public":
            raise Refusal(400, "InvalidClientMetadataException", "Only public clients")
        scopes, grants, redirects = (_list(given, name) for name in ("scopes", "grantTypes", "redirectUris"))
        if not SCOPES.issuperset(scopes or ()):
            raise Refusal(400, "InvalidScopeException", "Invalid scope")
        if grants is not None and (not grants or not {CODE, REFRESH, DEVICE}.issuperset(grants)):
            raise Refusal(400, "UnsupportedGrantTypeException", "Unsupported grant type")
        if any(uri != REDIRECT for uri in redirects or ()):
            raise Refusal(400, "InvalidRedirectUriException", "Invalid redirect URI")
        if CODE in (grants or ()) and not (redirects and given.get("issuerUrl")):
            raise Refusal(400, "InvalidRequestException", "Missing required parameter")
        if given.get("issuerUrl") and not self._knows(given["issuerUrl"]):
            raise Refusal(400, "InvalidClientMetadataException", "Invalid issuer")
        name, secret, now = self.world.new_token(), self.world.new_token(), self.world.now()
        ends = now + self.sso.client_life
        self.sso.clients[name] = Client(secret, ends, scopes or (), grants, redirects or ())
        return _json(
            clientId=name, clientSecret=secret, clientIdIssuedAt=int(now), clientSecretExpiresAt=int(ends)
        )

    # --- by browser

    def _authorize(self, request: Request, given: dict[str, str]) -> Answer:
        """The page that says yes: `answer` is what its buttons send."""
        client = self.sso.clients.get(given.get("client_id", ""))
        redirect = given.get("redirect_uri", "")
        if client is None or client.ends <= self.world.now() or not _is_callback(client, redirect):
            return _page(400, "Invalid client or redirect")
        asked = set(given.get("scopes", "").split())
        sound = (
            request.method == "GET"
            and given.get("response_type") == "code"
            and given.get("code_challenge_method") == "S256"
            and re.fullmatch(r"[A-Za-z0-9_-]{43}", given.get("code_challenge", ""))
            and given.get("state")
            and CODE in (client.grants or (CODE,))
        )
        back = {"state": given.get("state", "")}
        if not sound:
            return _redirect(redirect, error="invalid_request", **back)
        if not asked.issubset(client.scopes):
            return _redirect(redirect, error="invalid_scope", **back)
        answer = given.get("answer", "") if self.sso.person == "browser" else self.sso.person
        if answer in ("", "away"):
            return _question(request, "Allow awsvault-py to access your data?", given)
        if answer != "yes":
            return _redirect(redirect, error="access_denied", **back)
        code = self.world.new_token()
        self.sso.codes[code] = Code(
            given["client_id"], given["code_challenge"], redirect, self.world.now() + self.sso.code_life
        )
        return _redirect(redirect, code=code, **back)

    def _start_page(self, request: Request, _: dict[str, str]) -> Answer:
        """A start URL: AWS's own is a page; a company's name for it leads there, as the AWS CLI asks by HEAD."""
        if request.method not in ("GET", "HEAD"):
            return _page(405, "Only GET and HEAD")
        if request.headers.get("host", "").endswith(".awsapps.com"):
            return _page(200, "Your accounts")
        return Answer(302, b"", {"Location": self.sso.own_start_url}, "text/html")

    # --- by device

    def _start_device(self, request: Request, _: dict[str, str]) -> Answer:
        given = _fields(request, "clientId", "clientSecret", "startUrl")
        client = self._known(given)
        if client.grants is not None and DEVICE not in client.grants:
            raise Refusal(400, "UnauthorizedClientException", "Client is not authorized for this grant")
        if not self._knows(given["startUrl"]):
            raise Refusal(400, "InvalidRequestException", "Invalid start URL")
        code, shown = self.world.new_token(), self.sso.new_user_code()
        ends = self.world.now() + self.sso.device_life
        self.sso.devices[code] = Device(given["clientId"], shown, ends, self.sso.interval)
        page = self.sso.page or f"http://{request.headers['host']}/device"
        return _json(
            deviceCode=code,
            userCode=shown,
            verificationUri=page,
            verificationUriComplete=f"{page}?user_code={shown}",
            expiresIn=int(self.sso.device_life),
            interval=int(self.sso.interval),
        )

    def _device_page(self, request: Request, given: dict[str, str]) -> Answer:
        found = next((d for d in self.sso.devices.values() if d.user_code == given.get("user_code")), None)
        if found is None or found.ends <= self.world.now() or found.answer:
            return _page(400, "The code is wrong or has expired")
        if given.get("answer") not in ("yes", "no"):
            return _question(request, f"Do you see {found.user_code} on your device?", given)
        found.answer = given["answer"]
        return _page(200, "You can close this window")

    # --- tokens

    def _token(self, request: Request, _: dict[str, str]) -> Answer:
        given = _fields(request, "clientId", "clientSecret", "grantType")
        client, grant = self._known(given), given["grantType"]
        if grant not in (CODE, REFRESH, DEVICE):
            raise Refusal(400, "UnsupportedGrantTypeException", "Unsupported grant type")
        if client.grants is not None and grant not in client.grants:
            raise Refusal(400, "UnauthorizedClientException", "Client is not authorized for this grant")
        by = {CODE: self._of_code, REFRESH: self._of_refresh, DEVICE: self._of_device}[grant]
        return self._tokens(given["clientId"], client, *by(request, given))

    def _of_code(self, request: Request, _: dict[str, Any]) -> tuple[SignIn, None]:
        given = _fields(request, "clientId", "code", "codeVerifier", "redirectUri")
        held = self.sso.codes.pop(given["code"], None)
        digest = hashlib.sha256(given["codeVerifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if held is None or held != Code(given["clientId"], challenge, given["redirectUri"], held.ends):
            raise Refusal(400, "InvalidGrantException", "Invalid grant provided")
        if held.ends <= self.world.now() or not 43 <= len(given["codeVerifier"]) <= 128:
            raise Refusal(400, "InvalidGrantException", "Invalid grant provided")
        return self._sign_in(), None

    def _of_device(self, request: Request, _: dict[str, Any]) -> tuple[SignIn, None]:
        given = _fields(request, "clientId", "deviceCode")
        held, now = self.sso.devices.get(given["deviceCode"]), self.world.now()
        if held is None or held.client != given["clientId"] or held.answer == "used":
            raise Refusal(400, "InvalidGrantException", "Invalid device code provided")
        if held.ends <= now:
            raise Refusal(400, "ExpiredTokenException", "Device code has expired")
        answer = held.answer or {"yes": "yes", "no": "no"}.get(self.sso.person, "")
        early, held.polled = now - held.polled < held.interval, now
        if not answer and early:
            held.interval += 5
            raise Refusal(400, "SlowDownException", "Slow down")
        if not answer:
            raise Refusal(400, "AuthorizationPendingException", "Authorization is pending")
        if answer == "no":
            raise Refusal(400, "AccessDeniedException", "Access denied")
        held.answer = "used"
        return self._sign_in(), None

    def _of_refresh(self, request: Request, _: dict[str, Any]) -> tuple[SignIn, str]:
        given = _fields(request, "clientId", "refreshToken")
        name, sign_in = self.sso.refresh.get(given["refreshToken"], ("", SignIn(0.0)))
        if name != given["clientId"] or sign_in.ends <= self.world.now():
            raise Refusal(400, "InvalidGrantException", "Invalid refresh token provided")
        if self.sso.rotates:
            del self.sso.refresh[given["refreshToken"]]
        return sign_in, given["refreshToken"]

    def _sign_in(self) -> SignIn:
        return SignIn(self.world.now() + self.sso.session_life)

    def _tokens(self, name: str, client: Client, sign_in: SignIn, used: str | None) -> Answer:
        now, token = self.world.now(), self.world.new_token()
        can_refresh = "sso:account:access" in client.scopes
        life = min(self.sso.token_life if can_refresh else self.sso.fixed_life, sign_in.ends - now)
        self.sso.give_access(token, ends=now + life, sign_in=sign_in)
        more = {}
        if can_refresh and (used is None or self.sso.rotates):
            more["refreshToken"] = self.world.new_token()
            self.sso.refresh[more["refreshToken"]] = name, sign_in
        return _json(accessToken=token, tokenType="Bearer", expiresIn=round(life), **more)

    def _known(self, given: dict[str, Any]) -> Client:
        client = self.sso.clients.get(given["clientId"])
        if client is None or client.secret != given["clientSecret"] or client.ends <= self.world.now():
            raise Refusal(401, "InvalidClientException", "Invalid client provided")
        return client

    def _knows(self, start_url: Any) -> bool:
        return self.sso.start_urls is None or start_url in self.sso.start_urls


def refusal_body(no: Refusal) -> tuple[dict[str, str], dict[str, str]]:
    """Fields and headers of a refusal, in OAuth's form."""
    word = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", no.code.removesuffix("Exception")).lower()
    return {"error": word, "error_description": no.message}, {"x-amzn-ErrorType": no.code + NAMESPACE}


def json_fields(request: Request) -> dict[str, Any]:
    """The fields of a JSON body, {} if it is none."""
    try:
        given: Any = json.loads(request.body)
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _fields(request: Request, *names: str) -> dict[str, Any]:
    """All fields; those named must be texts."""
    given = json_fields(request)
    kind = request.headers.get("content-type", "").partition(";")[0]
    if request.method != "POST" or kind != "application/json":
        raise Refusal(400, "InvalidRequestException", "Invalid request")
    if not all(isinstance(given.get(name), str) and given[name] for name in names):
        raise Refusal(400, "InvalidRequestException", "Missing required parameter")
    return given


def _list(given: dict[str, Any], name: str) -> tuple[str, ...] | None:
    found = given.get(name)
    if found is not None and (
        not isinstance(found, list) or not all(isinstance(each, str) for each in found)
    ):
        raise Refusal(400, "InvalidRequestException", f"Invalid {name}")
    return None if found is None else tuple(found)


def _is_callback(client: Client, uri: str) -> bool:
    """The registered URI with any port: a loopback client gets its port when it starts (RFC 8252)."""
    found = re.fullmatch(r"(http://127\.0\.0\.1):[0-9]{1,5}(/[^?#]*)", uri)
    return found is not None and found[1] + found[2] in client.redirects


def _redirect(uri: str, **query: str) -> Answer:
    return Answer(302, b"", {"Location": f"{uri}?{urlencode(query, quote_via=quote)}"}, "text/html")


def _question(request: Request, text: str, given: dict[str, str]) -> Answer:
    here = urlsplit(request.path).path
    hidden = "".join(
        f'<input type=hidden name="{html.escape(name)}" value="{html.escape(value)}">'
        for name, value in given.items()
        if name != "answer"
    )
    buttons = (
        "<button id=yes name=answer value=yes>Allow</button><button id=no name=answer value=no>Deny</button>"
    )
    return _page(200, f"<form action={here}>{html.escape(text)}{hidden}{buttons}</form>", form=True)


def _page(status: int, text: str, *, form: bool = False) -> Answer:
    inside = text if form else f"<p id=said>{html.escape(text)}"
    body = f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Sign in</title>{inside}</html>\n"
    return Answer(status, body.encode(), content_type="text/html; charset=utf-8")


def _json(**fields: Any) -> Answer:
    return Answer(200, json.dumps(fields).encode(), content_type="application/json")
