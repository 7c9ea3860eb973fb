"""A CloudTrail export of the stand-in's calls, in the two forms that AWS gives them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fakes.calls import Call


def event(call: Call) -> dict[str, Any]:
    """The call as CloudTrail records it."""
    given = {"credentials": {"accessKeyId": call.gives}} if call.gives else None
    found = {
        "eventVersion": "1.08",
        "userIdentity": {"type": "AssumedRole", "arn": call.caller, "accessKeyId": call.access_key_id},
        "eventTime": datetime.fromtimestamp(int(call.time), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": call.action,
        "awsRegion": call.region,
        "sourceIPAddress": "192.0.2.1",
        "userAgent": call.user_agent,
        "responseElements": given,
    }
    return found if call.result == "ok" else {**found, "errorCode": call.result, "responseElements": None}


def log_file(calls: Iterable[Call]) -> bytes:
    """As CloudTrail writes it to a bucket."""
    return json.dumps({"Records": [event(call) for call in calls]}).encode()


def lookup(calls: Iterable[Call]) -> bytes:
    """As ``aws cloudtrail lookup-events`` prints it, newest first."""
    wrapped = [
        {
            "EventId": str(call.number),
            "EventName": call.action,
            "AccessKeyId": call.access_key_id,
            "CloudTrailEvent": json.dumps(event(call)),
        }
        for call in calls
    ]
    return json.dumps({"Events": wrapped[::-1]}).encode()
