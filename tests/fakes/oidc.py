"""Sign-in to Identity Center on a device: RegisterClient, StartDeviceAuthorization and CreateToken, in the JSON of the real.

The person at the browser says yes at once; a code is good for one token, and the token for what the person may do.
"""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.refusal import Refusal
from tests.fakes.service import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.sigv4 import Request
    from tests.fakes.world import World

DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
CLIENT_LIFE, CODE_LIFE, TOKEN_LIFE = 90 * 86400, 600, 8 * 3600  # seconds


class Oidc:
    """The clients that are registered, and the codes that wait for their token."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clients: dict[str, str] = {}
        self.codes: dict[str, str] = {}

    def at(self, path: str) -> tuple[str, Callable[[Request, dict[str, str]], Answer]] | None:
        """The action at a path, or None."""
        match path:
            case "/client/register":
                return "RegisterClient", self._register
            case "/device_authorization":
                return "StartDeviceAuthorization", self._authorize
            case "/token":
                return "CreateToken", self._token
            case _:
                return None

    def _register(self, request: Request, _: dict[str, str]) -> Answer:
        given = _fields(request, "clientName", "clientType")
        if given["clientType"] != "public":
            raise Refusal(400, "InvalidClientMetadataException", "Only public clients")
        client, secret = self.world.new_token(), self.world.new_token()
        self.clients[client] = secret
        now = int(self.world.now())
        return _json(
            clientId=client,
            clientSecret=secret,
            clientIdIssuedAt=now,
            clientSecretExpiresAt=now + CLIENT_LIFE,
        )

    def _authorize(self, request: Request, _: dict[str, str]) -> Answer:
        given = self._known(_fields(request, "clientId", "clientSecret", "startUrl"))
        code = self.world.new_token()
        self.codes[code] = given["clientId"]
        page = "https://device.sso.us-east-1.amazonaws.com/"
        return _json(
            deviceCode=code,
            userCode="ABCD-EFGH",
            verificationUri=page,
            verificationUriComplete=page + "?user_code=ABCD-EFGH",
            expiresIn=CODE_LIFE,
            interval=1,
        )

    def _token(self, request: Request, _: dict[str, str]) -> Answer:
        given = self._known(_fields(request, "clientId", "clientSecret", "grantType", "deviceCode"))
        if given["grantType"] != DEVICE_CODE:
            raise Refusal(400, "UnsupportedGrantTypeException", "Only device codes")
        if self.codes.pop(given["deviceCode"], None) != given["clientId"]:
            raise Refusal(400, "InvalidGrantException", "Device code is unknown or used")
        token = self.world.new_token()
        self.world.sso_tokens[token] = {may for held in self.world.sso_tokens.values() for may in held}
        return _json(accessToken=token, tokenType="Bearer", expiresIn=TOKEN_LIFE)

    def _known(self, given: dict[str, str]) -> dict[str, str]:
        if self.clients.get(given["clientId"]) != given["clientSecret"]:
            raise Refusal(401, "InvalidClientException", "Client is not registered")
        return given


def _fields(request: Request, *names: str) -> dict[str, str]:
    try:
        given: Any = json.loads(request.body)
    except ValueError:
        given = {}
    if request.method != "POST" or not isinstance(given, dict) or not all(given.get(name) for name in names):
        raise Refusal(400, "InvalidRequestException", "Missing required parameter")
    return {name: str(given[name]) for name in names}


def _json(**fields: Any) -> Answer:
    return Answer(200, json.dumps(fields).encode(), content_type="application/json")
