"""The data of a ``fido2`` slot: bytes to value and back (format.md 4). Not authenticated until the vault is open."""

from __future__ import annotations

from typing import NamedTuple

from vault import limits
from vault.crypto.seal import b64u, unb64u
from vault.store import strict_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.strict_json import Json

_KEYS = frozenset({"v", "cred", "salt", "uv", "aaguid"})
SALT = 32
_AAGUID = 16


class Fido2Data(NamedTuple):
    """The credential of a security key, and what its secret is computed from. ``uv``: with the key's PIN."""

    credential: bytes
    salt: bytes
    uv: bool
    aaguid: bytes

    @property
    def model(self) -> str:
        """The model of the security key, as its maker's lists have it (AAGUID)."""
        digits = self.aaguid.hex()
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def encode(data: Fido2Data) -> bytes:
    """The bytes of the slot."""
    value: dict[str, Json] = {"v": 1, "cred": b64u(data.credential), "salt": b64u(data.salt)}
    value |= {"uv": data.uv, "aaguid": b64u(data.aaguid)}
    return strict_json.canonical(value)


def decode(raw: bytes) -> Fido2Data | None:
    """The value of a slot's bytes; None if this program did not write them."""
    try:
        value = strict_json.object_of(strict_json.parse(raw), "it")
        strict_json.exact_keys(value, _KEYS, "it")
        credential, salt, aaguid = (
            unb64u(strict_json.text_of(value[k], k)) for k in ("cred", "salt", "aaguid")
        )
        uv = strict_json.boolean_of(value["uv"], "uv")
        version = strict_json.integer_of(value["v"], "v")
    except ValueError:
        return None
    if version != 1 or len(salt) != SALT or len(aaguid) != _AAGUID:
        return None
    if not 1 <= len(credential) <= limits.MAX_CREDENTIAL_ID:
        return None
    return Fido2Data(credential, salt, uv, aaguid)
