"""The hand on the stand-in from another process: calls, faults, pauses, the clock. Guarded by a token.

Every path begins with /control/; see `Control.paths`. tests/fakes/remote.py speaks it.
"""

from __future__ import annotations

import hmac
import json
from typing import Any

from tests.fakes.service import Answer
from tests.patience import PATIENCE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.aws import StandIn
    from tests.fakes.sigv4 import Request

HEADER = "x-control-token"


class Control:
    def __init__(self, stand_in: StandIn) -> None:
        self._aws = stand_in
        self.paths: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "calls"): lambda _: stand_in.calls.as_json(),
            ("DELETE", "calls"): lambda _: stand_in.calls.clear(),
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): lambda _: stand_in.faults.clear(),
            ("POST", "wait"): self._wait,
            ("POST", "release"): self._release,
            ("POST", "advance"): lambda value: stand_in.world.clock.advance(float(value["seconds"])),
            ("POST", "expire"): lambda value: stand_in.world.expire(value.get("access_key_id")),
            ("POST", "code"): lambda value: stand_in.code(
                value.get("serial"), steps=int(value.get("steps", 0))
            ),
            ("POST", "user"): self._user,
            ("POST", "world"): self._world,
            ("POST", "sso"): self._sso,
            ("GET", "keys"): lambda _: {k.id: k.status for k in stand_in.world.keys.values()},
        }

    def handle(self, request: Request) -> Answer:
        """200 with JSON, 403 without the token, 404 for an unknown path, 400 for a bad body."""
        given = request.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode(), self._aws.control_token.encode()):
            return _json(403, {"error": "token"})
        act = self.paths.get((request.method, request.path.removeprefix("/control/")))
        if act is None:
            return _json(404, {"error": "path"})
        try:
            return _json(200, act(json.loads(request.body or b"{}")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return _json(400, {"error": str(error)})

    def _add_fault(self, value: dict[str, Any]) -> int:
        return self._aws.faults.add(value.pop("action"), value.pop("kind"), **value).id

    def _wait(self, value: dict[str, Any]) -> bool:
        fault = self._aws.faults.find(int(value["id"]))
        return fault is not None and fault.wait_reached(min(PATIENCE, float(value.get("timeout", PATIENCE))))

    def _release(self, value: dict[str, Any]) -> None:
        fault = self._aws.faults.find(int(value["id"]))
        if fault is not None:
            fault.release()

    def _user(self, value: dict[str, Any]) -> None:
        """Turns a user's policy: {"name", and any of denied, require_mfa_for_iam, own_device_name_only}."""
        user = self._aws.world.user(value.pop("name"))
        for name, knob in value.items():
            setattr(user, name, set(knob) if name == "denied" else knob)

    def _world(self, value: dict[str, Any]) -> None:
        """Turns knobs of the world: new_key_delay, new_key_flapping, max_skew, only_region, disabled_regions."""
        for name, knob in value.items():
            if not hasattr(self._aws.world, name):
                raise KeyError(name)
            pairs = name == "disabled_regions"
            setattr(self._aws.world, name, {tuple(pair) for pair in knob} if pairs else knob)

    def _sso(self, value: dict[str, Any]) -> None:
        """Turns knobs of Identity Center: person, token_life, session_life, rotates, rate and the like."""
        for name, knob in value.items():
            if not hasattr(self._aws.world.sso, name):
                raise KeyError(name)
            setattr(self._aws.world.sso, name, knob)


def _json(status: int, value: Any) -> Answer:
    return Answer(status, json.dumps(value).encode(), content_type="application/json")
