"""The JSON that `add --stdin` and `mfa add --stdin` read: one flat object of texts. Quotes no value in an error."""

from __future__ import annotations

import json

from vault import limits
from vault.errors import Usage
from vault.text import nearest, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def read_fields(
    raw: bytes, *, known: tuple[str, ...], required: tuple[str, ...], hint: str
) -> dict[str, str]:
    """The fields of the object. Usage names a key that is unknown, missing, given twice or not text. ``hint`` shows the form."""
    if len(raw) > limits.MAX_STDIN:
        raise Usage(f"--stdin has more than {limits.MAX_STDIN} bytes", hint=hint)
    value = _object(raw, hint=hint)
    for key, field in value.items():
        if key not in known:
            near = nearest(key, list(known))
            raise Usage(
                f'--stdin has an unknown key "{safe(key, limit=40)}"',
                hint=f"did you mean {near}?" if near else hint,
            )
        if not isinstance(field, str):
            raise Usage(f"--stdin: {key} is not text", hint=hint)
    missing = next((key for key in required if not value.get(key)), None)
    if missing is not None:
        raise Usage(f"--stdin does not have {missing}", hint=hint)
    return value


def _object(raw: bytes, *, hint: str) -> dict[str, Any]:
    def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise Usage(f'--stdin has the key "{safe(key, limit=40)}" twice', hint=hint)
            found[key] = value
        return found

    if not raw.strip():
        raise Usage("--stdin is empty", hint=hint)
    try:
        value = json.loads(raw.decode("utf-8-sig"), object_pairs_hook=without_repeats)
    except UnicodeDecodeError:
        raise Usage("--stdin is not UTF-8 text", hint=hint) from None
    except json.JSONDecodeError as error:
        raise Usage(
            f"--stdin is not JSON: line {error.lineno}, column {error.colno}: {error.msg}", hint=hint
        ) from None
    except RecursionError:
        raise Usage("--stdin is nested too deeply", hint=hint) from None
    if not isinstance(value, dict):
        raise Usage("--stdin is JSON, but not an object", hint=hint)
    return value
