"""Opening and making whole vault files in memory: the boxes, their AADs, and what binds them. No files, no clock.

``Draft`` is a vault as a change leaves it; ``build`` seals it as the next generation; ``open_main`` is its inverse.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field, replace

from vault import errors
from vault.crypto.seal import OVERHEAD, SealBroken, seal, unseal
from vault.secret import Secret
from vault.store.format import Header, SlotRecord, VaultFile, encode_prefix, parse_file
from vault.store.payload_codec import decode_main, decode_strict, encode_main, encode_strict
from vault.store.strict_json import JsonError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.store.payload import Payload, StoredSeed

KEY = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Strict:
    """Box strict, open: its key and its seeds by serial."""

    key: Secret
    seeds: Mapping[str, StoredSeed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A vault to be written. Where ``strict`` is None, box strict stays as it is, byte for byte.

    While no slot opens box strict, its key is kept in the payload; ``build`` sees to it.
    ``new_keys`` says that a key is renewed, that of box main or of box strict, so that no backup of before may be left.
    """

    k_main: Secret
    payload: Payload
    slots: tuple[SlotRecord, ...]
    strict: Strict | None = None
    new_keys: bool = False


def new_key() -> Secret:
    """32 random bytes."""
    return Secret(os.urandom(KEY))


def open_main(file: VaultFile, k_main: Secret, *, path: str) -> Payload:
    """Box main, and with it header, slots and the strict box authenticated; Damaged where anything does not fit."""
    try:
        plaintext = unseal(k_main, label="main", aad=file.prefix, box=file.main)
    except SealBroken:
        raise errors.Damaged(
            f"{path}: its box main does not open with its key: it was changed or damaged"
        ) from None
    try:
        payload = decode_main(plaintext)
    except JsonError as e:
        raise errors.Damaged(f"{path} {e}") from None
    if payload.gen != file.header.gen:
        raise errors.Damaged(f"{path}: its header says generation {file.header.gen}, its box {payload.gen}")
    if not hmac.compare_digest(
        hashlib.sha256(file.strict).hexdigest().encode(), payload.strict_sha256.encode()
    ):
        raise errors.Damaged(f"{path}: its box strict is not the one that its box main names")
    return payload


def open_strict(file: VaultFile, payload: Payload, k_strict: Secret, *, path: str) -> Strict:
    """Box strict; Damaged where it does not fit."""
    aad = _strict_aad(file.header.vault_id, payload.strict_gen)
    try:
        return Strict(
            key=k_strict, seeds=decode_strict(unseal(k_strict, label="strict", aad=aad, box=file.strict))
        )
    except SealBroken:
        raise errors.Damaged(
            f"{path}: its box strict does not open with its key: it was changed or damaged"
        ) from None
    except JsonError as e:
        raise errors.Damaged(f"{path} {e}") from None


def build(draft: Draft, *, vault_id: bytes, gen: int, time: int, strict_box: bytes | None) -> VaultFile:
    """The next file: ``gen`` its generation, ``time`` unix seconds, ``strict_box`` the old one where it stays."""
    payload = draft.payload
    if draft.strict is None:
        if strict_box is None:
            raise errors.Internal("a first vault needs a strict box")
        strict = strict_box
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
        strict_sha256=hashlib.sha256(strict).hexdigest(),
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
    main = seal(draft.k_main, label="main", aad=prefix, plaintext=plaintext)
    return VaultFile(header=header, prefix=prefix, main=main, strict=strict)


def verify(raw: bytes, draft: Draft, built: VaultFile, *, path: str) -> None:
    """Opens what was written as a reader would and compares it with what was meant (format.md 6, step 4)."""
    file = parse_file(raw)
    payload = open_main(file, draft.k_main, path=path)
    if file.header != built.header or _content(payload) != _content(draft.payload):
        raise errors.Internal(f"{path}: what was written is not what was meant")
    if draft.strict is not None and open_strict(file, payload, draft.strict.key, path=path) != draft.strict:
        raise errors.Internal(f"{path}: the strict seeds that were written are not what was meant")


def _content(payload: Payload) -> tuple[object, ...]:
    return payload.entries, payload.seeds, payload.cache_key, payload.strict_serials, payload.unknown


def without_strict(draft: Draft) -> Draft:
    """``draft`` with box strict as in a first vault: empty, under a key of its own in box main, and no slot that opens it."""
    slots = tuple(slot for slot in draft.slots if slot.opens == "main")
    return replace(draft, slots=slots, strict=Strict(key=new_key()))


def _strict_aad(vault_id: bytes, strict_gen: int) -> bytes:
    return vault_id + strict_gen.to_bytes(8, "big")
