"""One request of the query protocol from raw bytes to raw answer: who, what, whether, and the faults on the way."""

from __future__ import annotations

import time
import uuid
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from tests.fakes import auth, iam, shapes, sigv4, sts, xmlanswer
from tests.fakes.calls import NEVER_ANSWERED, Call, Calls
from tests.fakes.faults import ANSWERS, ANSWERS_INSTEAD, Fault, Faults
from tests.fakes.refusal import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tests.fakes.world import World

VERSIONS = {"2011-06-15": "sts", "2010-05-08": "iam"}
ACTIONS = {"sts": sts.ACTIONS, "iam": iam.ACTIONS}
SHAPES = {"sts": shapes.STS, "iam": shapes.IAM}
FORM = "application/x-www-form-urlencoded"
TEN_YEARS = 10 * 365 * 86400
GIB = 1 << 30


class Answer(NamedTuple):
    """What goes back. `stream`: bytes of filler instead of `body`. `cut`: "" or where the connection ends."""

    status: int
    body: bytes
    headers: dict[str, str] = {}  # noqa: RUF012 - a tuple's default, never written to
    content_type: str = "text/xml"
    stream: int = 0
    cut: str = ""
    date_off: float = 0.0


class Service:
    """STS and IAM over one world."""

    def __init__(self, world: World, calls: Calls, faults: Faults) -> None:
        self.world, self.calls, self.faults = world, calls, faults

    def handle(self, request: sigv4.Request) -> Answer:
        """The answer to one POST (or GET) of the query protocol."""
        text = request.body.decode("utf-8", "replace") if request.method == "POST" else request.query
        parameters = dict(parse_qsl(text, keep_blank_values=True))
        action, version = parameters.pop("Action", ""), parameters.pop("Version", "")
        service = VERSIONS.get(version, "sts")
        request_id = str(uuid.uuid4())
        call = self._begin(request, service, action, parameters)
        met = self.faults.met(action, call.access_key_id)
        early = before(met)
        if early is not None:
            call.result, call.status = (early.cut and NEVER_ANSWERED) or "fault", early.status
            return early
        try:
            fault = next((f for kind, f in met.items() if kind in ANSWERS_INSTEAD), None)
            if fault is not None:
                raise refusal_of(fault)
            with self.world.lock:
                result = self._work(request, service, action, version, parameters, call)
            body = xmlanswer.answer(service, action, altered(result, met, self.world.now()), request_id)
            if "duplicate-fields" in met:
                body = body.replace(
                    b"<AccessKeyId>", b"<AccessKeyId>ASIADUPLICATEEXAMPLE</AccessKeyId><AccessKeyId>"
                )
            call.result, status = "ok", 200
        except Refusal as no:
            body = xmlanswer.refusal(service, no.fault, no.code, no.message, request_id)
            call.result, status = no.code, no.status
        call.status = status
        answer = Answer(status, body, {"x-amzn-RequestId": request_id})
        return after(met, answer, call)

    def _begin(self, request: sigv4.Request, service: str, action: str, parameters: dict[str, str]) -> Call:
        key_id = region = ""
        try:
            signed = sigv4.parse(request)
            key_id, region = signed.key_id, signed.region
        except Refusal:
            pass  # said again, and answered, when the request is worked on
        return self.calls.begin(
            service=service,
            action=action,
            access_key_id=key_id,
            region=region,
            parameters=parameters,
            time=self.world.now(),
            code_step=self._code_step(parameters),
            user_agent=request.headers.get("user-agent", ""),
        )

    def _code_step(self, parameters: dict[str, str]) -> int | None:
        device = self.world.devices.get(parameters.get("SerialNumber", ""))
        code = parameters.get("TokenCode")
        if device is None or code is None:
            return None
        now = device.step(self.world.now())
        return next((step for step in range(now + 3, now - 4, -1) if device.code(step) == code), None)

    def _work(
        self,
        request: sigv4.Request,
        service: str,
        action: str,
        version: str,
        parameters: dict[str, str],
        call: Call,
    ) -> dict[str, Any] | None:
        kind = request.headers.get("content-type", "").partition(";")[0]
        if request.method == "POST" and kind != FORM:
            raise Refusal(404, "UnknownOperationException", "")
        if version not in VERSIONS or action not in ACTIONS[service]:
            raise Refusal(400, "InvalidAction", f"Could not find operation {action} for version {version}")
        caller = None
        if not (service == "sts" and action in sts.UNSIGNED):
            caller = auth.authenticate(self.world, request, sigv4.parse(request), service=service)
            call.caller = caller.arn
        shapes.check(parameters, SHAPES[service][action])
        result: dict[str, Any] | None = ACTIONS[service][action](self.world, caller, parameters)
        call.gives = (result or {}).get("Credentials", {}).get("AccessKeyId", "")
        return result


def before(met: dict[str, Fault]) -> Answer | None:
    """The faults that come before the work; an Answer if the work must not happen."""
    if "slow" in met:
        time.sleep(float(met["slow"].options["seconds"]))
    if "call-before" in met:
        met["call-before"].options["function"]()
    if "pause-before" in met:
        met["pause-before"].stand()
    if "cut-before" in met:
        return Answer(0, b"", cut="before")
    if "garbage" in met:
        return Answer(200, b"\x00\xff<html><body>It works!</html>" * 3, content_type="text/html")
    if "huge" in met:
        return Answer(200, b"", stream=int(met["huge"].options.get("bytes", GIB)))
    if "redirect" in met:
        location = str(met["redirect"].options.get("location", "http://127.0.0.1:9/"))
        return Answer(int(met["redirect"].options.get("status", 307)), b"", {"Location": location})
    return None


def after(met: dict[str, Fault], answer: Answer, call: Call) -> Answer:
    """The faults that come when the work is done."""
    if "call-after" in met:
        met["call-after"].options["function"]()
    if "pause-after" in met:
        met["pause-after"].stand()
    if "slow-answer" in met:
        time.sleep(float(met["slow-answer"].options["seconds"]))
    if "date-off" in met:
        answer = answer._replace(date_off=float(met["date-off"].options["seconds"]))
    for kind in ("cut-after", "cut-midway"):
        if kind in met:
            call.status = 0
            return answer._replace(cut=kind.removeprefix("cut-"))
    return answer


def refusal_of(fault: Fault) -> Refusal:
    if fault.kind == "refuse":
        options = fault.options
        return Refusal(int(options.get("status", 400)), str(options["code"]), str(options.get("message", "")))
    status, code, message = ANSWERS[fault.kind]
    return Refusal(status, code, message, fault="Receiver" if status >= 500 else "Sender")


def altered(result: dict[str, Any] | None, met: dict[str, Fault], now: float) -> dict[str, Any] | None:
    """The result with what a faulty or hostile service would say instead."""
    if result is None:
        return None
    result = dict(result)
    for kind, seconds in (("ten-year-expiry", TEN_YEARS), ("past-expiry", -60)):
        if kind in met and "Credentials" in result:
            result["Credentials"] = {**result["Credentials"], "Expiration": xmlanswer.when(now + seconds)}
    if "wrong-account" in met:
        account = str(met["wrong-account"].options.get("account", "999999999999"))
        result = _of_account(result, account)
    return result


def _of_account(value: dict[str, Any], account: str) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for name, item in value.items():
        if isinstance(item, dict):
            changed[name] = _of_account(item, account)
        elif name == "Account":
            changed[name] = account
        elif name == "Arn":
            parts = item.split(":")
            changed[name] = ":".join([*parts[:4], account, *parts[5:]])
        else:
            changed[name] = item
    return changed
