"""Identity Center's portal: what an access token opens, page by page, and its end."""

from __future__ import annotations

import json
import re
from typing import Any

from tests.fakes.refusal import Refusal
from tests.fakes.service import Answer
from tests.fakes.sts import role_session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.sigv4 import Request
    from tests.fakes.world import World

NAMESPACE = "com.amazonaws.switchboard.portal"
MOST = 100  # of one page
USUAL = 20  # where max_result is not given


class SsoPortal:
    """The handlers."""

    def __init__(self, world: World) -> None:
        self.world, self.sso = world, world.sso

    def at(self, path: str) -> tuple[str, Callable[[Request, dict[str, str]], Answer]] | None:
        """The action at a path, or None."""
        found = {
            "/federation/credentials": ("GetRoleCredentials", "GET", self._credentials),
            "/assignment/accounts": ("ListAccounts", "GET", self._accounts),
            "/assignment/roles": ("ListAccountRoles", "GET", self._roles),
            "/logout": ("Logout", "POST", self._logout),
        }.get(path)
        if found is None:
            return None
        name, method, act = found

        def checked(request: Request, parameters: dict[str, str]) -> Answer:
            if request.method != method:
                raise Refusal(400, "InvalidRequestException", "Unsupported method")
            if self.sso.spills(self.world.now()):
                raise Refusal(429, "TooManyRequestsException", "HTTP 429 Unknown Code")
            token = request.headers.get("x-amz-sso_bearer_token", "")
            if not token:
                raise Refusal(400, "InvalidRequestException", "Missing required parameter")
            if not self.sso.may_use(token, self.world.now()):
                raise Refusal(401, "UnauthorizedException", "Session token not found or invalid")
            return act(token, parameters)

        return name, checked

    def _credentials(self, _: str, given: dict[str, str]) -> Answer:
        account, name = _account(given), given.get("role_name", "")
        if not name:
            raise Refusal(400, "InvalidRequestException", "Missing required parameter")
        role = next((r for r in self.world.roles.values() if (r.account, r.name) == (account, name)), None)
        if role is None or name not in self.sso.assigned.get(account, ()):
            raise Refusal(403, "ForbiddenException", "No access")
        session = role_session(self.world, role, "yourself", self.sso.credentials_life)
        fields = {
            "accessKeyId": session.key_id,
            "secretAccessKey": session.secret,
            "sessionToken": session.token,
            "expiration": int(session.expires * 1000),  # milliseconds
        }
        return _json(roleCredentials=fields)

    def _accounts(self, token: str, given: dict[str, str]) -> Answer:
        names, more = self._page(list(self.sso.assigned), token, given)
        rows = [
            {"accountId": each, "accountName": self.sso.names[each], "emailAddress": f"{each}@corp.example"}
            for each in names
        ]
        return _json(accountList=rows, **more)

    def _roles(self, token: str, given: dict[str, str]) -> Answer:
        account = _account(given)
        if account not in self.sso.assigned:
            raise Refusal(403, "ForbiddenException", "No access")
        names, more = self._page(list(self.sso.assigned[account]), token + account, given)
        return _json(roleList=[{"roleName": each, "accountId": account} for each in names], **more)

    def _logout(self, token: str, _: dict[str, str]) -> Answer:
        self.sso.end(token)
        return Answer(200, b"", content_type="application/json")

    def _page(self, rows: list[str], owner: str, given: dict[str, str]) -> tuple[list[str], dict[str, str]]:
        """One page of the rows and its `nextToken`, which is good for the same list of the same owner only."""
        text = given.get("max_result", str(USUAL))
        if not text.isdigit() or not 1 <= int(text) <= MOST:
            raise Refusal(400, "InvalidRequestException", "Invalid max_result")
        going_on = given.get("next_token")
        if going_on is not None:
            begins, *rows = self.sso.pages.get(going_on, [""])
            if begins != owner:
                raise Refusal(400, "InvalidRequestException", "Invalid next_token")
        page, rest = rows[: int(text)], rows[int(text) :]
        if not rest:
            return page, {}
        token = self.world.new_token()
        self.sso.pages[token] = [owner, *rest]
        return page, {"nextToken": token}


def refusal_body(no: Refusal) -> tuple[dict[str, str], dict[str, str]]:
    """Fields and headers of a refusal, as the portal gives them."""
    name = f"{no.code}:http://internal.amazon.com/coral/{NAMESPACE}/"
    return {"message": no.message, "__type": f"{NAMESPACE}#{no.code}"}, {"x-amzn-ErrorType": name}


def _account(given: dict[str, str]) -> str:
    account = given.get("account_id", "")
    if not re.fullmatch(r"[0-9]{12}", account):
        raise Refusal(400, "InvalidRequestException", "Missing or invalid account_id")
    return account


def _json(**fields: Any) -> Answer:
    return Answer(200, json.dumps(fields).encode(), content_type="application/json")
