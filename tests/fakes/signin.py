"""The console's federation endpoint: a session for a sign-in token, a sign-in token for a page."""

from __future__ import annotations

import html
import json
from urllib.parse import urlsplit

from tests.fakes.refusal import Refusal
from tests.fakes.service import Answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.fakes.model import Session
    from tests.fakes.world import World

TOKEN_LIFE = 15 * 60  # seconds
SHORTEST, LONGEST = 900, 43200  # seconds of SessionDuration
CONSOLES = ("aws.amazon.com", "amazonaws-us-gov.com", "amazonaws.cn")


def act(world: World, parameters: dict[str, str]) -> Answer:
    """getSigninToken or login; raises Refusal."""
    action = parameters.get("Action")
    if action == "getSigninToken":
        return _token(world, parameters)
    if action == "login":
        return _login(world, parameters)
    raise _bad("Action is missing or unknown")


def _bad(message: str) -> Refusal:
    return Refusal(400, "BadRequest", message)


def _session(world: World, text: str) -> Session:
    try:
        given = json.loads(text)
        session = world.sessions[given["sessionId"]]
        right = (given["sessionKey"], given["sessionToken"]) == (session.secret, session.token)
    except (ValueError, KeyError, TypeError):
        raise _bad("Session is malformed or its credentials are unknown") from None
    if not right or session.expires <= world.now():
        raise _bad("the credentials of Session are wrong or expired")
    if session.kind == "session":
        raise _bad("a session of GetSessionToken cannot sign in to the console")
    return session


def _token(world: World, parameters: dict[str, str]) -> Answer:
    session = _session(world, parameters.get("Session", ""))
    wanted = parameters.get("SessionDuration")
    if wanted is not None:
        if session.kind == "federation":
            raise _bad("SessionDuration does not go with credentials of GetFederationToken")
        if session.chained:
            raise _bad("SessionDuration does not go with credentials from role chaining")
        if not wanted.isdigit() or not SHORTEST <= int(wanted) <= LONGEST:
            raise _bad(f"SessionDuration must be {SHORTEST} to {LONGEST}")
    token = world.new_token()
    world.signin_tokens[token] = (session.key_id, world.now() + TOKEN_LIFE)
    return Answer(200, json.dumps({"SigninToken": token}).encode(), content_type="application/json")


def _login(world: World, parameters: dict[str, str]) -> Answer:
    destination = parameters.get("Destination", "")
    host = urlsplit(destination).hostname or ""
    if not any(host == console or host.endswith("." + console) for console in CONSOLES):
        raise _bad("Destination is not a page of the console")
    key_id, ends = world.signin_tokens.get(parameters.get("SigninToken", ""), ("", 0.0))
    if ends <= world.now() or key_id not in world.sessions:
        raise _bad("SigninToken is unknown or older than 15 minutes")
    session = world.sessions[key_id]
    role = session.arn.split("/")[1]
    page = (
        "<!DOCTYPE html><html lang=en><meta charset=utf-8><title>Console</title>"
        f"<h1>Signed in</h1><dl><dt>Role<dd id=role>{html.escape(role)}"
        f"<dt>Account<dd id=account>{html.escape(session.account)}"
        f"<dt>Session<dd id=session>{html.escape(session.arn)}"
        f"<dt>Page<dd id=destination>{html.escape(destination)}</dl>"
        # The title has the cookies of all who signed in with this browser profile.
        f"<script>document.cookie = {json.dumps(role + '=in; max-age=43200')}; document.title = document.cookie"
        "</script></html>\n"
    )
    return Answer(200, page.encode(), content_type="text/html; charset=utf-8")
