"""The one way a service of the stand-in says no: a status, a code and AWS's own sentence."""

from __future__ import annotations


class Refusal(Exception):
    """An answer that refuses. `fault` is "Sender" (the caller's mistake) or "Receiver" (the service's)."""

    def __init__(self, status: int, code: str, message: str, *, fault: str = "Sender") -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message, self.fault = status, code, message, fault


INVALID_TOKEN = "The security token included in the request is invalid"


def invalid_client_token(*, full_stop: bool = True) -> Refusal:
    return Refusal(403, "InvalidClientTokenId", INVALID_TOKEN + ("." if full_stop else ""))


def denied(arn: str, action: str, resource: str, *, why: str = "") -> Refusal:
    """AccessDenied in the words of IAM; `why` is its trailing clause, such as "because no …"."""
    tail = f" {why}" if why else ""
    return Refusal(
        403,
        "AccessDenied",
        f"User: {arn} is not authorized to perform: {action} on resource: {resource}{tail}",
    )


def validation(message: str) -> Refusal:
    return Refusal(400, "ValidationError", message)
