"""The strict box of an opened vault: which seeds it has, and one seed by the box's key. No prompts, no writes."""

from __future__ import annotations

from vault import errors
from vault.store import boxes
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.store.opened import Opened
    from vault.store.payload import Payload, StoredSeed


def has_passphrase(opened: Opened) -> bool:
    """Whether the strict seeds have a passphrase. A slot that an older version left after the last seed does not count."""
    return bool(opened.payload.strict_serials)


def has_security_key(found: VaultFile) -> bool:
    """Whether a security key opens the strict seeds in place of a passphrase."""
    return any(
        slot.opens == "strict" and slot.ext is not None and slot.ext.name == "fido2"
        for slot in found.header.slots
    )


def seed(opened: Opened, serial: str, *, key: Secret | None) -> StoredSeed | None:
    """The strict seed of ``serial``; None if there is none. StrictClosed if ``key`` is None or outdated."""
    if serial not in opened.payload.strict_serials:
        return None
    if key is None:
        raise errors.StrictClosed(
            f"the seed of {safe(serial)} is strict and locked: it has its own passphrase or security key"
        )
    try:
        return boxes.open_strict(opened.file, opened.payload, key, path="the vault").seeds.get(serial)
    except errors.Damaged:  # the box was written with another key since
        raise errors.StrictClosed(f"the seed of {safe(serial)} was locked again") from None


def seeds(found: VaultFile, payload: Payload, key: Secret) -> dict[str, StoredSeed]:
    """The seeds of the strict box, without those that were removed while it was locked. Errors: StorageError."""
    try:
        stored = boxes.open_strict(found, payload, key, path="the vault").seeds
    except errors.Damaged:
        raise errors.StorageError(
            "another process changed the passphrase of the strict seeds in the meantime; nothing was written",
            hint="run the command again with their new passphrase",
        ) from None
    return {serial: one for serial, one in stored.items() if serial in payload.strict_serials}
