"""The file that machines share: a vault of the same ID with a key of its own, K_remote (format.md 8). No network, no files.

Any reader of vaults opens it. Its slots are those of a passphrase and of a recovery code: it goes where no device does.
"""

from __future__ import annotations

from dataclasses import replace

from vault import errors, limits
from vault.crypto.seal import hkdf
from vault.records import NamedTuple
from vault.remote import contents
from vault.store import boxes, strict_json
from vault.store.boxes import Draft, Strict, new_key
from vault.store.payload import Payload
from vault.store.strict_json import JsonError
from vault.sync import shown as views
from vault.sync import state_codec, versions
from vault.sync.state_codec import SYNC
from vault.sync.versions import JOURNAL, SEED, STRICT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vault.secret import Secret
    from vault.store.format import SlotRecord, VaultFile
    from vault.store.strict_json import Json
    from vault.sync.versions import Content, SharedState


class BucketFile(NamedTuple):
    """The bucket's file, opened: its key, the generation that came with it, what opens it, and the state in it."""

    file: VaultFile
    key: Secret
    key_gen: int
    slots: tuple[SlotRecord, ...]
    state: SharedState


def fingerprint(key: Secret) -> str:
    """A text by which a user compares on two machines that they have the same bucket's file: of its key, in four groups."""
    raw = hkdf(key, info=b"awsvault/v1/remote-fingerprint")[:8].hex()
    return "-".join(raw[at : at + 4] for at in range(0, 16, 4))


def build(
    state: SharedState,
    *,
    vault_id: bytes,
    key: Secret,
    key_gen: int,
    slots: Sequence[SlotRecord],
    gen: int,
    time: int,
) -> VaultFile:
    """The file of generation ``gen`` with all that machines share. JsonError, FormatError."""
    native = _native(state, room=limits.MAX_SLOTS - len(slots))
    draft = Draft(k_main=key, payload=Payload(cache_key=new_key(), rekeyed=key_gen), slots=tuple(slots))
    draft = contents.apply(draft, native, was={}, me="")
    if draft.moved_strict is None:
        draft = replace(draft, strict=Strict(key=new_key()))
    sync: dict[str, Json] = {"v": 1, **state_codec.state_json(state, native=native)}
    draft = replace(draft, payload=replace(draft.payload, unknown={SYNC: sync}))
    return boxes.build(draft, vault_id=vault_id, gen=gen, time=time, strict_box=None)


def _native(state: SharedState, *, room: int) -> dict[str, Content]:
    """What the file shows to a reader that knows nothing of machines: what a new machine would show."""
    native = {
        key: content
        for key, content in views.contents(views.show(state, {})).items()
        if versions.kind(key) != JOURNAL
    }
    if STRICT in native:
        _, _, serials, slots = contents.strict_parts(native[STRICT] or {})
        if len(slots) > room:
            del native[STRICT]
        else:
            for serial in serials:
                native.pop(f"{SEED}/{serial}", None)
    return native


def read(found: VaultFile, key: Secret, *, path: str) -> BucketFile:
    """The file as ``key`` opens it. Damaged if it does not, or if its state is not one. ``path``: for messages."""
    payload = boxes.open_main(found, key, path=path)
    if not 1 <= payload.rekeyed <= found.header.gen:  # or no later key would ever count as newer
        raise errors.Damaged(
            f"{path}: the file has generation {found.header.gen}, and its key {payload.rekeyed}: no machine writes that"
        )
    native = {
        one: content
        for one, content in contents.held(payload, found, me="", shown={}).items()
        if versions.kind(one) != JOURNAL
    }
    try:
        state = _state(payload, native)
    except JsonError as error:
        raise errors.Damaged(f"{path}: {error}") from None
    slots = tuple(slot for slot in found.header.slots if slot.opens == "main")
    return BucketFile(found, key, payload.rekeyed, slots, state)


def _state(payload: Payload, native: Mapping[str, Content]) -> SharedState:
    if SYNC not in payload.unknown:
        raise JsonError("a vault, but not one that machines share")
    sync = strict_json.object_of(payload.unknown[SYNC], SYNC)
    strict_json.exact_keys(sync, frozenset({"v", "items", "machines"}), SYNC)
    if strict_json.integer_of(sync["v"], "v") != 1:
        raise JsonError(f"{SYNC} is not of version 1")
    state = state_codec.state_of(sync, native=native)
    for key, there in state.items.items():
        for one in there:
            if one.content is not native.get(key):
                contents.check(key, one.content)
    return state
