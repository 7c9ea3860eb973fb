"""When each slot last opened a vault on this machine: a small file in the state folder. Only ``slots list`` reads it."""

from __future__ import annotations

from vault import errors, limits
from vault.store import strict_json
from vault.store.strict_json import Json, JsonError
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.system.paths import Paths


def read(paths: Paths, vault_id: bytes) -> dict[str, int]:
    """Unix seconds by slot name; empty if unknown."""
    try:
        with Folder.open(paths.state) as folder:
            value = strict_json.parse(folder.read(_name(vault_id), limit=limits.MAX_PIN_FILE))
        found = strict_json.object_of(value, "it")
        return {name: strict_json.integer_of(when, "it") for name, when in found.items()}
    except (FileNotFoundError, JsonError, errors.Error):
        return {}


def due(paths: Paths, vault_id: bytes, name: str, *, now: int) -> bool:
    """Whether to record that slot ``name`` opened the vault: once an hour is enough."""
    return not 0 <= now - read(paths, vault_id).get(name, 0) < limits.SLOT_USE_STEP


def note(paths: Paths, vault_id: bytes, name: str, *, now: int, keep: frozenset[str]) -> None:
    """Record it, and forget slots that are not in ``keep``. The caller holds the vault's lock. Never fails."""
    after: dict[str, Json] = {n: when for n, when in read(paths, vault_id).items() if n in keep}
    after[name] = now
    try:
        with Folder.open(paths.state, create=True) as folder:
            sweep(folder, vault_id)
            folder.write_atomic(_name(vault_id), strict_json.canonical(after), durable=False)
    except errors.Error:
        return


def sweep(folder: Folder, vault_id: bytes) -> None:
    """Remove what a killed ``note`` left in the state folder. The caller holds the vault's lock."""
    folder.sweep(_name(vault_id))


def _name(vault_id: bytes) -> str:
    return f"slots-{vault_id.hex()}"
