"""Services beside the query protocol, each at a path of its own and in the JSON of the real one.

/federation                       console sign-in by federation: Action=getSigninToken, Action=login
/federation/credentials, …        Identity Center's portal (ssoportal.py)
/client/register, /token, …       its sign-in (oidc.py)
/latest/…                         instance metadata, version 2 only
/container/credentials            container credentials
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from tests.fakes import oidc, signin, ssoportal
from tests.fakes.faults import ANSWERS_INSTEAD
from tests.fakes.refusal import Refusal
from tests.fakes.service import Answer, after, before, refusal_of
from tests.fakes.sts import role_session
from tests.fakes.xmlanswer import when

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.calls import Calls
    from tests.fakes.faults import Faults
    from tests.fakes.model import Role, Session
    from tests.fakes.sigv4 import Request
    from tests.fakes.world import World

METADATA = "/latest/meta-data/iam/security-credentials/"
INSTANCE_LIFE = 6 * 3600  # seconds
JSON = "application/json"


class Portal:
    """The handlers, by the name under which calls are logged and faults are armed."""

    def __init__(self, world: World, calls: Calls, faults: Faults) -> None:
        self.world, self.calls, self.faults = world, calls, faults
        self.oidc, self.sso = oidc.Oidc(world), ssoportal.SsoPortal(world)

    def handle(self, request: Request) -> Answer:
        """The answer of whichever service lives at the request's path."""
        parameters = dict(parse_qsl(request.query, keep_blank_values=True))
        if request.method == "POST" and request.headers.get("content-type") == JSON:
            given = oidc.json_fields(request)
            parameters |= {name: v if isinstance(v, str) else json.dumps(v) for name, v in given.items()}
        elif request.method == "POST":
            parameters |= dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        service, action, act = self._at(request, parameters)
        call = self.calls.begin(
            service=service,
            action=action,
            access_key_id="",
            parameters=parameters,
            region="",
            time=self.world.now(),
            user_agent=request.headers.get("user-agent", ""),
        )
        met = self.faults.met(action, "")
        early = before(met)
        if early is not None:
            call.result, call.status = (early.cut and "cut") or "fault", early.status
            return early
        try:
            for kind in ANSWERS_INSTEAD & set(met):
                raise refusal_of(met[kind])
            with self.world.lock:
                answer = act(request, parameters)
            call.result = "ok"
        except Refusal as no:
            fields, headers = REFUSALS.get(service, _plainly)(no)
            answer = Answer(no.status, json.dumps(fields).encode(), headers, content_type=JSON)
            call.result = no.code
        call.status = answer.status
        return after(met, answer, call)

    def _at(
        self, request: Request, parameters: dict[str, str]
    ) -> tuple[str, str, Callable[[Request, dict[str, str]], Answer]]:
        if request.path == "/federation":
            return "signin", parameters.get("Action", ""), lambda _, p: signin.act(self.world, p)
        at_portal = self.sso.at(request.path)
        if at_portal is not None:
            return "sso", *at_portal
        if request.path == "/latest/api/token":
            return "imds", "PutToken", self._metadata_token
        if request.path.startswith(METADATA):
            return "imds", "GetInstanceCredentials", self._metadata
        if request.path == "/container/credentials":
            return "container", "GetContainerCredentials", self._container
        signing_in = self.oidc.at(request.path)
        if signing_in is not None:
            return "sso-oidc", *signing_in
        return "none", request.path, nothing_here

    def _metadata_token(self, request: Request, parameters: dict[str, str]) -> Answer:
        life = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        if request.method != "PUT":
            return Answer(405, b"", content_type="text/plain")
        if "x-forwarded-for" in request.headers:
            return Answer(403, b"", content_type="text/plain")
        if not life.isdigit() or not 1 <= int(life) <= 21600:
            return Answer(400, b"", content_type="text/plain")
        token = self.world.new_token()
        self.world.metadata_tokens[token] = self.world.now() + int(life)
        return Answer(200, token.encode(), {"x-aws-ec2-metadata-token-ttl-seconds": life}, "text/plain")

    def _metadata(self, request: Request, parameters: dict[str, str]) -> Answer:
        ends = self.world.metadata_tokens.get(request.headers.get("x-aws-ec2-metadata-token", ""), 0.0)
        if ends <= self.world.now():
            return Answer(401, b"", content_type="text/plain")
        role = self.world.roles.get(self.world.metadata_role or "")
        name = request.path.removeprefix(METADATA)
        if role is None or name not in ("", role.name):
            return Answer(404, b"", content_type="text/plain")
        if not name:
            return Answer(200, role.name.encode(), content_type="text/plain")
        session = role_session(self.world, role, "i-0123456789abcdef0", INSTANCE_LIFE)
        head = {"Code": "Success", "LastUpdated": when(session.issued), "Type": "AWS-HMAC"}
        return _json({**head, **_keys(session)})

    def _container(self, request: Request, parameters: dict[str, str]) -> Answer:
        role: Role | None = self.world.roles.get(self.world.container_role or "")
        if role is None or request.method != "GET":
            return nothing_here(request, parameters)
        if self.world.container_token is not None:
            given = request.headers.get("authorization")
            if given != self.world.container_token:
                raise Refusal(401, "AccessDeniedException", "Authorization token is missing or wrong")
        session = role_session(self.world, role, "0123456789abcdef0123456789abcdef", INSTANCE_LIFE)
        return _json({"RoleArn": role.arn, **_keys(session)})


def _plainly(no: Refusal) -> tuple[dict[str, str], dict[str, str]]:
    return {"message": no.message, "Code": no.code, "Message": no.message}, {"x-amzn-ErrorType": no.code}


REFUSALS = {"sso": ssoportal.refusal_body, "sso-oidc": oidc.refusal_body}


def nothing_here(request: Request, parameters: dict[str, str]) -> Answer:
    return Answer(404, b"not here\n", content_type="text/plain")


def _keys(session: Session) -> dict[str, str]:
    return {
        "AccessKeyId": session.key_id,
        "SecretAccessKey": session.secret,
        "Token": session.token,
        "Expiration": when(session.expires),
    }


def _json(value: Any) -> Answer:
    return Answer(200, json.dumps(value).encode(), content_type=JSON)
