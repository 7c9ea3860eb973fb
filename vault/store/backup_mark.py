"""The generation of the last backup made by this machine: a small file in the state folder. Only doctor reads it."""

from __future__ import annotations

from vault import errors, limits
from vault.store import strict_json
from vault.store.strict_json import JsonError
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.system.paths import Paths


def read(paths: Paths, vault_id: bytes) -> int | None:
    """The generation of the last backup, or None if unknown."""
    try:
        with Folder.open(paths.state) as folder:
            value = strict_json.parse(folder.read(_name(vault_id), limit=limits.MAX_PIN_FILE))
        return strict_json.integer_of(strict_json.object_of(value, "it").get("gen"), "it")
    except (FileNotFoundError, JsonError, errors.Error):
        return None


def note(paths: Paths, vault_id: bytes, *, gen: int) -> None:
    """Record the generation. Never fails: the backup exists, and that is what counts."""
    try:
        with Folder.open(paths.state, create=True) as folder:
            folder.sweep(_name(vault_id))
            folder.write_atomic(_name(vault_id), strict_json.canonical({"gen": gen}), durable=False)
    except errors.Error:
        return


def _name(vault_id: bytes) -> str:
    return f"backup-{vault_id.hex()}"
