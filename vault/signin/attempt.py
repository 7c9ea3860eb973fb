"""The last attempt to sign in at a place, as a value and as JSON: for the commands that wait for it, and for the next one. Pure.

A browser tells nothing about a registration that AWS has forgotten: it shows an error page and does not come back. So a
registration whose last browser did not come back is not used again.
"""

from __future__ import annotations

from vault import errors
from vault.records import NamedTuple
from vault.store import strict_json
from vault.store.strict_json import Json, JsonError

_CLASSES = {
    one.__name__: one for one in (errors.Declined, errors.Refused, errors.ConfigError, errors.Unreachable)
}
_KEYS = frozenset({"client", "answered", "kind", "message", "hint"})


class SignInAttempt(NamedTuple):
    """``client_id``: the registration. ``answered``: the browser came back, or none was needed. ``failure``: how it failed, if it
    has ended.
    """

    client_id: str
    answered: bool = False
    failure: errors.Error | None = None


def encode(attempt: SignInAttempt) -> bytes:
    """The JSON. Messages of errors have no secret."""
    failure = attempt.failure
    value: dict[str, Json] = {
        "client": attempt.client_id,
        "answered": attempt.answered,
        "kind": _kind(failure) if failure is not None else "",
        "message": failure.message if failure is not None else "",
        "hint": failure.hint if failure is not None else "",
    }
    return strict_json.compact(value)


def decode(plaintext: bytes) -> SignInAttempt:
    """The inverse of ``encode``. JsonError if the JSON has another form."""
    value = strict_json.object_of(strict_json.parse(plaintext), "an attempt")
    strict_json.exact_keys(value, _KEYS, "an attempt")
    texts = {key: strict_json.text_of(value[key], key) for key in _KEYS - {"answered"}}
    failure = None
    if texts["kind"]:
        if texts["kind"] not in _CLASSES:
            raise JsonError("the attempt failed in an unknown way")
        failure = _CLASSES[texts["kind"]](texts["message"], hint=texts["hint"])
    return SignInAttempt(texts["client"], strict_json.boolean_of(value["answered"], "answered"), failure)


def _kind(failure: errors.Error) -> str:
    return next((name for name, one in _CLASSES.items() if isinstance(failure, one)), errors.Refused.__name__)
