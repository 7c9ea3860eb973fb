"""Answers of the query protocol as XML."""

from __future__ import annotations

import re
import time
from typing import Any
from xml.sax.saxutils import escape

NAMESPACE = {
    "sts": "https://sts.amazonaws.com/doc/2011-06-15/",
    "iam": "https://iam.amazonaws.com/doc/2010-05-08/",
}
# XML 1.0 has no way to write most control characters; AWS's own answers drop them.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def when(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def element(name: str, value: Any) -> str:
    """One element: a dict nests, a list becomes `<member>` items, a bool its small word; None is left out."""
    if value is None:
        return ""
    if isinstance(value, dict):
        inner = "".join(element(key, item) for key, item in value.items())
    elif isinstance(value, list | tuple):
        inner = "".join(element("member", item) for item in value)
    elif isinstance(value, bool):
        inner = "true" if value else "false"
    else:
        inner = escape(UNWRITABLE.sub("", str(value)))
    return f"<{name}>{inner}</{name}>"


def answer(service: str, action: str, result: dict[str, Any] | None, request_id: str) -> bytes:
    """A success. `result` None: an action without a result element, as DeleteAccessKey."""
    body = element(f"{action}Result", result) if result is not None else ""
    tail = element("ResponseMetadata", {"RequestId": request_id})
    return f'<{action}Response xmlns="{NAMESPACE[service]}">{body}{tail}</{action}Response>\n'.encode()


def refusal(service: str, fault: str, code: str, message: str, request_id: str) -> bytes:
    inner = element("Error", {"Type": fault, "Code": code, "Message": message}) + element(
        "RequestId", request_id
    )
    return f'<ErrorResponse xmlns="{NAMESPACE[service]}">{inner}</ErrorResponse>\n'.encode()
