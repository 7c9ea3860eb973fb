"""The pin: what this machine last saw of a vault, so that it notices an older or a different copy (format.md 6).

Bytes and values only; pin_file.py reads and writes them. A pin that does not authenticate may raise an alarm, because
deleting it would be just as easy, but it never lowers what is expected.
"""

from __future__ import annotations

from vault import errors
from vault.crypto.seal import b64u, hkdf, unb64u
from vault.crypto.sha256 import compare_digest, hmac_sha256, sha256
from vault.frozen import dataclass
from vault.store import strict_json
from vault.store.format import ID, VaultFile
from vault.store.strict_json import Json, JsonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.secret import Secret

_INFO = b"awsvault/v1/pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A generation as last seen. ``rekeyed`` is the generation that last replaced the master keys, 0 for the first keys."""

    vault_id: bytes
    gen: int
    digest: bytes
    rekeyed: int = 0


def pin_name(vault_id: bytes) -> str:
    """The name of the pin's file in the state folder. Each vault has its own, so that two vaults raise no alarm."""
    return f"pin-{vault_id.hex()}"


def encode_pin(pin: Pin, *, k_main: Secret) -> bytes:
    """The content of the pin's file."""
    return strict_json.canonical({**_values(pin), "mac": mac_of(pin, k_main).hex()})


def decode_pin(raw: bytes) -> tuple[Pin, bytes]:
    """The pin and its MAC, not yet checked. JsonError if it is not a pin."""
    value = strict_json.object_of(strict_json.parse(raw), "the pin")
    strict_json.exact_keys(value, frozenset({"id", "gen", "digest", "rekeyed", "mac"}), "the pin")
    try:
        pin = Pin(
            vault_id=unb64u(strict_json.text_of(value["id"], "id")),
            gen=strict_json.integer_of(value["gen"], "gen"),
            digest=bytes.fromhex(strict_json.text_of(value["digest"], "digest")),
            rekeyed=strict_json.integer_of(value["rekeyed"], "rekeyed"),
        )
        mac = bytes.fromhex(strict_json.text_of(value["mac"], "mac"))
    except JsonError:
        raise
    except ValueError:
        raise JsonError("a value is not base64url or hex") from None
    if len(pin.vault_id) != ID or len(pin.digest) != sha256().digest_size:
        raise JsonError("a value has the wrong size")
    return pin, mac


def authentic(pin: Pin, mac: bytes, *, k_main: Secret) -> bool:
    """Whether a process with this main key wrote the pin. After a rekey that stopped before it wrote its pin, none did."""
    return compare_digest(mac_of(pin, k_main), mac)


def check(pin: Pin, file: VaultFile, *, path: str) -> None:
    """RolledBack or Diverged, unless ``file`` is the pinned generation or a later one."""
    found = file.header.gen
    if found < pin.gen:
        raise errors.RolledBack(
            f"{path} has generation {found}, but this machine has seen generation {pin.gen}: this is an older copy"
        )
    if found == pin.gen and file.digest != pin.digest:
        raise errors.Diverged(
            f"{path} has generation {found}, but its content is not the one that this machine has seen: "
            "two machines changed their copies, or the header is damaged"
        )


def pin_of(file: VaultFile, *, rekeyed: int) -> Pin:
    """The pin for ``file``, which has been opened."""
    return Pin(vault_id=file.header.vault_id, gen=file.header.gen, digest=file.digest, rekeyed=rekeyed)


def _values(pin: Pin) -> dict[str, Json]:
    return {
        "id": b64u(pin.vault_id),
        "gen": pin.gen,
        "digest": pin.digest.hex(),
        "rekeyed": pin.rekeyed,
    }


def mac_of(pin: Pin, k_main: Secret) -> bytes:
    """The MAC of this pin, which only a process with the main key can make."""
    return hmac_sha256(hkdf(k_main, salt=b"", info=_INFO), strict_json.canonical(_values(pin)))
