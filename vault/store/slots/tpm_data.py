"""The data of a ``tpm`` slot: bytes to value and back (format.md 4). Not authenticated until the vault is open."""

from __future__ import annotations

from vault import limits
from vault.crypto.seal import b64u, unb64u
from vault.hardware import tpm
from vault.hardware.tpm import SealedKey
from vault.records import NamedTuple
from vault.store import strict_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.store.strict_json import Json

_KEYS = frozenset({"v", "parent", "priv", "pub", "host"})


class TpmData(NamedTuple):
    """The sealed key, and the host whose TPM sealed it."""

    key: SealedKey
    host: str

    @property
    def chip(self) -> str:
        """The start of the TPM's name, which tells TPMs of one host apart."""
        return self.key.parent[2:6].hex()


def encode(data: TpmData) -> bytes:
    """The bytes of the slot."""
    key = data.key
    value: dict[str, Json] = {"v": 1, "host": data.host, "parent": b64u(key.parent)}
    value |= {"priv": b64u(key.private), "pub": b64u(key.public)}
    if key.pcrs:
        value["pcrs"] = list(key.pcrs)
    return strict_json.canonical(value)


def decode(raw: bytes) -> TpmData | None:
    """The value of a slot's bytes; None if this program did not write them."""
    try:
        value = strict_json.object_of(strict_json.parse(raw), "it")
        depends = "pcrs" in value
        pcrs = tuple(
            strict_json.integer_of(n, "pcrs") for n in strict_json.list_of(value.pop("pcrs", []), "pcrs")
        )
        strict_json.exact_keys(value, _KEYS, "it")
        parent, private, public = (
            unb64u(strict_json.text_of(value[k], k)) for k in ("parent", "priv", "pub")
        )
        host = strict_json.text_of(value["host"], "host")
        version = strict_json.integer_of(value["v"], "v")
    except ValueError:
        return None
    if version != 1 or len(parent) != tpm.NAME or len(host) > limits.MAX_SLOT_HOST:
        return None
    if depends != bool(pcrs) or list(pcrs) != sorted(set(pcrs)) or len(pcrs) > limits.MAX_TPM_PCRS:
        return None
    if max(pcrs, default=0) >= limits.TPM_PCRS:
        return None
    return TpmData(SealedKey(parent, private, public, pcrs), host)
