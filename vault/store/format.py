"""Header codec and layout: bytes to values and back (format.md 2). No keys, no files, no clock.

The parser refuses everything that the writer would not write. FormatError says what is wrong, and quotes at most the
name of a key.
"""

from __future__ import annotations

from vault import limits
from vault.crypto.seal import OVERHEAD, b64u, unb64u
from vault.crypto.sha256 import sha256
from vault.frozen import dataclass, field
from vault.store import strict_json
from vault.store.kdf import KdfError, KdfParams, check_bounds
from vault.store.strict_json import Json, JsonError

MAGIC = b"AWSVLT1\n"
_PREFIX = len(MAGIC) + 4
ID = 16
SID = 8
KDF_SALT = 16
WRAP = OVERHEAD + 32  # one key
_FRESH = 64  # the salt and commitment of a box, new in every write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    SlotType = Literal["pass", "keyring", "recovery", "ext"]
    Group = Literal["main", "strict"]  # the box whose key a slot wraps
else:
    SlotType = Group = str

_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_EXTRA: dict[SlotType, str | None] = {"pass": "kdf", "keyring": "ref", "recovery": None, "ext": "ext"}


class FormatError(ValueError):
    """The bytes are not a vault of version 1. The message is for the user and has no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ext:
    """The content of an ``ext`` slot for its helper: a name of ``[a-z0-9]{1,24}`` and at most 8 KiB."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRecord:
    """One slot of the header: a wrapped key, and what its type needs to unwrap it."""

    type: SlotType
    sid: bytes
    opens: Group
    wrap: bytes = field(repr=False)
    kdf: KdfParams | None = None
    salt: bytes | None = None
    host: str | None = None
    ext: Ext | None = None

    @property
    def name(self) -> str:
        """The slot's ID as text, as users and the keyring see it."""
        return b64u(self.sid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The values of the header. ``time`` is in Unix seconds; sizes are those of whole boxes, in bytes."""

    vault_id: bytes
    gen: int
    time: int
    main_size: int
    strict_size: int
    slots: tuple[SlotRecord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultFile:
    """The parts of a vault file. None of it is authenticated until the main box has been opened."""

    header: Header
    prefix: bytes = field(repr=False)  # every byte before the main box: its AAD
    main: bytes = field(repr=False)
    strict: bytes = field(repr=False)

    @property
    def raw(self) -> bytes:
        """The whole file."""
        return self.prefix + self.main + self.strict

    @property
    def digest(self) -> bytes:
        """The digest in a pin of this generation: the SHA-256 of the header's bytes and the main box's salt and
        commitment.

        The header alone can be equal in two copies that were changed within the same second to boxes of the same size.
        """
        return self._digest(self.prefix[_PREFIX:])

    def digest_under(self, vault_id: bytes) -> bytes:
        """The ``digest`` if the header had ``vault_id``."""
        mine, other = (f'"id":"{b64u(value)}"'.encode() for value in (self.header.vault_id, vault_id))
        return self._digest(self.prefix[_PREFIX:].replace(mine, other, 1))

    def _digest(self, header: bytes) -> bytes:
        return sha256(header + self.main[:_FRESH]).digest()


def parse_file(raw: bytes) -> VaultFile:
    """The parts of the file. FormatError unless every byte belongs to one."""
    if len(raw) > limits.MAX_VAULT_FILE:
        raise FormatError(f"{len(raw)} bytes; a vault has at most {limits.MAX_VAULT_FILE}")
    if not raw.startswith(MAGIC):
        raise FormatError("not a vault of version 1")
    size = int.from_bytes(raw[len(MAGIC) : _PREFIX], "big")
    if len(raw) < _PREFIX or not 2 <= size <= limits.MAX_HEADER:
        raise FormatError(f"a header of {size} bytes; 2 to {limits.MAX_HEADER} are allowed")
    end = _PREFIX + size
    if len(raw) < end:
        raise FormatError("the file ends inside its header")
    header = parse_header(raw[_PREFIX:end])
    whole = end + header.main_size + header.strict_size
    if len(raw) != whole:
        raise FormatError(f"{len(raw)} bytes, but its header says {whole}")
    middle = end + header.main_size
    return VaultFile(header=header, prefix=raw[:end], main=raw[end:middle], strict=raw[middle:])


def encode_prefix(header: Header) -> bytes:
    """Magic, length and header: every byte before the main box."""
    raw = encode_header(header)
    if len(raw) > limits.MAX_HEADER:
        raise FormatError(f"a header of {len(raw)} bytes, over the limit of {limits.MAX_HEADER}")
    parse_header(raw)  # what no reader takes is not written
    return MAGIC + len(raw).to_bytes(4, "big") + raw


def parse_header(raw: bytes) -> Header:
    """Header bytes to Header. FormatError says what is wrong."""
    try:
        return _header(strict_json.parse(raw))
    except (JsonError, KdfError) as e:
        raise FormatError(f"invalid header: {e}") from None


def encode_header(header: Header) -> bytes:
    """Header to the bytes that are authenticated as they are."""
    return strict_json.compact(
        {
            "v": 1,
            "id": b64u(header.vault_id),
            "gen": header.gen,
            "time": header.time,
            "len": [header.main_size, header.strict_size],
            "slots": [slot_json(slot) for slot in header.slots],
        }
    )


def slot_aad(slot: SlotRecord, *, vault_id: bytes) -> bytes:
    """What the wrapped key of a slot is bound to: the vault, and everything else in the slot (format.md 4)."""
    return b"slot\0" + vault_id + b"\0" + strict_json.canonical(_slot_object(slot))


def _header(value: Json) -> Header:
    top = strict_json.object_of(value, "the header")
    if top.get("v") != 1 or isinstance(top.get("v"), bool):
        raise JsonError("not of version 1")
    strict_json.exact_keys(top, frozenset({"v", "id", "gen", "time", "len", "slots"}), "the top level")
    sizes = [strict_json.integer_of(n, "a box's length") for n in strict_json.list_of(top["len"], "len")]
    if len(sizes) != 2 or min(sizes) < OVERHEAD:  # main and strict
        raise JsonError("len is not the length of two boxes")
    slots = tuple(slot_of(s) for s in strict_json.list_of(top["slots"], "slots"))
    if not 1 <= len(slots) <= limits.MAX_SLOTS:
        raise JsonError(f"{len(slots)} slots; 1 to {limits.MAX_SLOTS} are allowed")
    if len({slot.sid for slot in slots}) != len(slots):
        raise JsonError("two slots have the same ID")
    if not any(slot.opens == "main" for slot in slots):
        raise JsonError("no slot opens the main box")
    return Header(
        vault_id=_bytes(top["id"], "id", ID),
        gen=strict_json.integer_of(top["gen"], "gen"),
        time=strict_json.integer_of(top["time"], "time"),
        main_size=sizes[0],
        strict_size=sizes[1],
        slots=slots,
    )


def slot_json(slot: SlotRecord) -> dict[str, Json]:
    """A slot as it is in the header."""
    return {**_slot_object(slot), "wrap": b64u(slot.wrap)}


def slot_of(value: Json) -> SlotRecord:
    """A slot from a header. JsonError says what is wrong."""
    slot = strict_json.object_of(value, "a slot")
    kind = next((known for known in _EXTRA if known == slot.get("t")), None)
    if kind is None:
        raise JsonError("a slot has an unknown type")
    extra = _EXTRA[kind]
    keys = {"t", "sid", "g", "wrap"} | ({extra} if extra else set())
    strict_json.exact_keys(slot, frozenset(keys), f"a {kind} slot")
    opens = slot["g"]
    if opens not in (["main"], ["strict"]):
        raise JsonError("the g of a slot is neither main nor strict")
    group: Group = "main" if opens == ["main"] else "strict"
    if group == "strict" and kind in ("keyring", "recovery"):
        raise JsonError(f"a {kind} slot opens the strict box")
    kdf, salt = _kdf(slot["kdf"]) if extra == "kdf" else (None, None)
    return SlotRecord(
        type=kind,
        sid=_bytes(slot["sid"], "sid", SID),
        opens=group,
        wrap=_bytes(slot["wrap"], "wrap", WRAP),
        kdf=kdf,
        salt=salt,
        host=_host(slot["ref"]) if extra == "ref" else None,
        ext=_ext(slot["ext"]) if extra == "ext" else None,
    )


def _kdf(value: Json) -> tuple[KdfParams, bytes]:
    kdf = strict_json.object_of(value, "kdf")
    strict_json.exact_keys(kdf, frozenset({"a", "m", "t", "p", "salt"}), "kdf")
    if kdf["a"] != "argon2id":
        raise JsonError("kdf is not argon2id")
    params = KdfParams(*(strict_json.integer_of(kdf[k], f"kdf.{k}") for k in ("m", "t", "p")))
    check_bounds(params)
    return params, _bytes(kdf["salt"], "kdf.salt", KDF_SALT)


def _host(value: Json) -> str:
    ref = strict_json.object_of(value, "ref")
    strict_json.exact_keys(ref, frozenset({"host"}), "ref")
    host = strict_json.text_of(ref["host"], "ref.host")
    if len(host) > limits.MAX_SLOT_HOST:
        raise JsonError(f"a host name has over {limits.MAX_SLOT_HOST} characters")
    return host


def _ext(value: Json) -> Ext:
    ext = strict_json.object_of(value, "ext")
    strict_json.exact_keys(ext, frozenset({"name", "data"}), "ext")
    name = strict_json.text_of(ext["name"], "ext.name")
    # A fixed alphabet, because the name of a helper may one day be that of a program: no dot, slash, dash or space.
    if not 1 <= len(name) <= 24 or not _NAME.issuperset(name):  # format.md 4
        raise JsonError("the name of an ext slot is not 1 to 24 of a-z and 0-9")
    data = _bytes(ext["data"], "ext.data", None)
    if len(data) > limits.MAX_EXT_DATA:
        raise JsonError(f"an ext slot has over {limits.MAX_EXT_DATA} bytes")
    return Ext(name=name, data=data)


def _bytes(value: Json, what: str, size: int | None) -> bytes:
    text = strict_json.text_of(value, what)
    try:
        raw = unb64u(text)
    except ValueError:
        raise JsonError(f"{what} is not canonical base64url") from None
    if size is not None and len(raw) != size:
        raise JsonError(f"{what} has {len(raw)} bytes instead of {size}")
    return raw


def _slot_object(slot: SlotRecord) -> dict[str, Json]:
    value: dict[str, Json] = {"t": slot.type, "sid": b64u(slot.sid), "g": [slot.opens]}
    if slot.kdf is not None and slot.salt is not None:
        memory, passes, lanes = slot.kdf
        value["kdf"] = {"a": "argon2id", "m": memory, "t": passes, "p": lanes, "salt": b64u(slot.salt)}
    if slot.host is not None:
        value["ref"] = {"host": slot.host}
    if slot.ext is not None:
        value["ext"] = {"name": slot.ext.name, "data": b64u(slot.ext.data)}
    return value
