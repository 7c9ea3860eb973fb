"""Opens and builds whole vault files in memory: the boxes, their AADs, and what binds them. No files, no clock.

``Draft`` is the vault that a change wants; ``build`` seals it as the next generation; ``open_main`` is its inverse.
"""

from __future__ import annotations

import os

from vault import errors, limits
from vault.crypto.seal import OVERHEAD, SealBroken, seal, unseal
from vault.crypto.sha256 import compare_digest, sha256
from vault.frozen import dataclass, field, replace
from vault.secret import Secret
from vault.store.format import FormatError, Header, SlotRecord, VaultFile, encode_prefix, parse_file
from vault.store.payload_codec import decode_main, decode_strict, encode_main, encode_strict
from vault.store.strict_json import JsonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.store.payload import Payload, StoredSeed

KEY = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Strict:
    """The opened strict box: its key, and its seeds by serial."""

    key: Secret
    seeds: Mapping[str, StoredSeed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A vault to be written. If ``strict`` is None, the strict box stays as it is, byte for byte.

    While no slot opens the strict box, its key is in the payload; ``build`` puts it there. ``new_keys``: the main key
    or the strict key is new, so no earlier backup may be left. ``moved_strict``: another file's strict box, with which
    ``strict_gen`` and the slots come. ``minor``: nothing changed that a backup is for.
    """

    k_main: Secret
    payload: Payload
    slots: tuple[SlotRecord, ...]
    strict: Strict | None = None
    new_keys: bool = False
    moved_strict: bytes | None = field(default=None, repr=False)
    minor: bool = False


def new_key() -> Secret:
    """32 random bytes."""
    return Secret(os.urandom(KEY))


def open_main(file: VaultFile, k_main: Secret, *, path: str) -> Payload:
    """The content of the main box, which also authenticates header, slots and strict box. Damaged if anything does not
    match.
    """
    try:
        plaintext = unseal(k_main, label="main", aad=file.prefix, box=file.main)
    except SealBroken:
        raise errors.Damaged(
            f"{path}: the main box does not open with its key: the file was changed or is damaged"
        ) from None
    try:
        payload = decode_main(plaintext)
    except JsonError as e:
        raise errors.Damaged(f"{path}: {e}") from None
    if payload.gen != file.header.gen:
        raise errors.Damaged(
            f"{path}: the header has generation {file.header.gen}, the main box has {payload.gen}"
        )
    if not compare_digest(sha256(file.strict).hexdigest().encode(), payload.strict_sha256.encode()):
        raise errors.Damaged(f"{path}: the strict box is not the one that the main box expects")
    return payload


def open_strict(file: VaultFile, payload: Payload, k_strict: Secret, *, path: str) -> Strict:
    """The content of the strict box. Damaged if it does not match."""
    aad = _strict_aad(file.header.vault_id, payload.strict_gen)
    try:
        return Strict(
            key=k_strict, seeds=decode_strict(unseal(k_strict, label="strict", aad=aad, box=file.strict))
        )
    except SealBroken:
        raise errors.Damaged(
            f"{path}: the strict box does not open with its key: the file was changed or is damaged"
        ) from None
    except JsonError as e:
        raise errors.Damaged(f"{path}: {e}") from None


def build(draft: Draft, *, vault_id: bytes, gen: int, time: int, strict_box: bytes | None) -> VaultFile:
    """The next file: ``gen`` is its generation, ``time`` is in Unix seconds, ``strict_box`` is the old one if it stays.

    FormatError, JsonError if no reader would take it.
    """
    payload = draft.payload
    if draft.strict is None:
        kept = strict_box if draft.moved_strict is None else draft.moved_strict
        if kept is None:
            raise errors.Internal("a first vault needs a strict box")
        strict = kept
    else:
        strict = seal(
            draft.strict.key,
            label="strict",
            aad=_strict_aad(vault_id, gen),
            plaintext=encode_strict(draft.strict.seeds),
        )
        wrapped = any(slot.opens == "strict" for slot in draft.slots)
        payload = replace(payload, strict_gen=gen, strict_key=None if wrapped else draft.strict.key)
    payload = replace(
        payload,
        gen=gen,
        strict_sha256=sha256(strict).hexdigest(),
        rekeyed=gen if draft.new_keys else payload.rekeyed,
    )
    plaintext = encode_main(payload)
    header = Header(
        vault_id=vault_id,
        gen=gen,
        time=time,
        main_size=len(plaintext) + OVERHEAD,
        strict_size=len(strict),
        slots=draft.slots,
    )
    prefix = encode_prefix(header)
    size = len(prefix) + header.main_size + header.strict_size
    if size > limits.MAX_VAULT_FILE:
        raise FormatError(f"{size} bytes; a vault has at most {limits.MAX_VAULT_FILE}")
    main = seal(draft.k_main, label="main", aad=prefix, plaintext=plaintext)
    return VaultFile(header=header, prefix=prefix, main=main, strict=strict)


def verify(raw: bytes, draft: Draft, built: VaultFile, *, path: str) -> Payload:
    """Open what was written, as a reader does, and compare it with the draft (format.md 6, step 4). Returns its content."""
    file = parse_file(raw)
    payload = open_main(file, draft.k_main, path=path)
    if file.header != built.header or _content(payload) != _content(draft.payload):
        raise errors.Internal(f"{path}: the file was not written as intended")
    if draft.strict is not None and open_strict(file, payload, draft.strict.key, path=path) != draft.strict:
        raise errors.Internal(f"{path}: the strict seeds were not written as intended")
    return payload


def _content(payload: Payload) -> tuple[object, ...]:
    return payload.entries, payload.seeds, payload.cache_key, payload.strict_serials, payload.unknown


def without_strict(draft: Draft) -> Draft:
    """``draft`` with the strict box as in a new vault: empty, without slots, and its key in the main box."""
    slots = tuple(slot for slot in draft.slots if slot.opens == "main")
    return replace(draft, slots=slots, strict=Strict(key=new_key()))


def _strict_aad(vault_id: bytes, strict_gen: int) -> bytes:
    return vault_id + strict_gen.to_bytes(8, "big")
