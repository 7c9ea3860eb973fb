"""An entry of the vault by its exact name. Pure."""

from __future__ import annotations

from vault.errors import NotFound
from vault.text import nearest, safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.payload import Entry, Payload


def find_entry(payload: Payload, name: str) -> Entry:
    """The entry ``name``. NotFound names the most similar one."""
    entry = payload.entries.get(name)
    if entry is None:
        near = nearest(name, list(payload.entries))
        raise NotFound(
            f'the vault has no entry "{safe(name)}"',
            hint=f'did you mean "{safe(near)}"?' if near is not None else "run: awsvault-py list",
        )
    return entry
