"""The pin on disk: one small file in the state folder for each vault, outside the vault's own folder."""

from __future__ import annotations

from vault import errors, limits
from vault.store import last_use
from vault.store import pin as pins
from vault.store.format import ID
from vault.store.strict_json import JsonError
from vault.system.files import Folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.store.payload import Payload
    from vault.store.pin import Pin
    from vault.system.paths import Paths

    # first use: there was no pin, so the vault is trusted as it is. not kept: a new pin could not be written.
    PinState = Literal["first use", "kept", "updated", "not kept"]
else:
    PinState = str

_HEX = "0123456789abcdef"


def read_pin(paths: Paths, vault_id: bytes) -> tuple[Pin, bytes] | None:
    """The pin of this vault and its MAC; None on a new machine or if the file is not a pin. UnsafeFile, StorageError."""
    try:
        with Folder.open(paths.state) as folder:
            found, mac = pins.decode_pin(folder.read(pins.pin_name(vault_id), limit=limits.MAX_PIN_FILE))
    except (FileNotFoundError, JsonError):
        return None
    return (found, mac) if found.vault_id == vault_id else None


def check_unopened(paths: Paths, file: VaultFile, *, path: str) -> None:
    """Compare a file that no secret has opened with this machine's pins: RolledBack, Diverged, or Damaged (its ID).

    A slot cannot tell a flipped bit in itself or in the ID from a wrong secret; the pins can.
    """
    pinned = read_pin(paths, file.header.vault_id)
    if pinned is not None:
        pins.check(pinned[0], file, path=path)
        return
    for vault_id in _pinned_ids(paths):
        other = read_pin(paths, vault_id)
        if other is not None and other[0].digest == file.digest_under(vault_id):
            raise errors.Damaged(
                f"{path} is the vault that this machine has seen, except for the ID in its header"
            )


def _pinned_ids(paths: Paths) -> list[bytes]:
    """The IDs of all vaults that have a pin on this machine."""
    try:
        with Folder.open(paths.state) as folder:
            names = folder.names()
    except FileNotFoundError:
        return []
    prefix = pins.pin_name(b"")
    found = [name.removeprefix(prefix) for name in names if name.startswith(prefix)]
    return [bytes.fromhex(name) for name in found if len(name) == 2 * ID and not name.strip(_HEX)]


def keep_pin(
    paths: Paths, file: VaultFile, payload: Payload, k_main: Secret, *, durable: bool, accept: bool = False
) -> PinState:
    """Pin ``file``, which has been opened, unless a later generation is pinned. The caller holds the vault's lock.

    ``accept`` pins it in any case: the user said that an older or a different copy is the right one. If the pin cannot
    be written, that is no error: the vault is written, and only a rollback would go unnoticed.
    """
    now = pins.pin_of(file, rekeyed=payload.rekeyed)
    before = read_pin(paths, file.header.vault_id)
    if before is not None:
        if before[0] == now and pins.authentic(*before, k_main=k_main):
            return "kept"
        if before[0].gen > now.gen and not accept:
            return "kept"
    raw = pins.encode_pin(now, k_main=k_main)
    try:
        with Folder.open(paths.state, create=True) as folder:
            last_use.sweep(folder, file.header.vault_id)
            folder.sweep(pins.pin_name(file.header.vault_id))
            folder.write_atomic(pins.pin_name(file.header.vault_id), raw, durable=durable)
    except errors.StorageError:
        return "not kept"
    return "first use" if before is None else "updated"
