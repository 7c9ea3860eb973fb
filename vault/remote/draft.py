"""One step of a sync in memory: the vault as it is to be written, and the bucket's file as it is to be put."""

from __future__ import annotations

from dataclasses import replace

from vault import errors
from vault.records import NamedTuple
from vault.remote import bucket_file, contents, local_state, merging
from vault.store.format import FormatError
from vault.store.strict_json import JsonError
from vault.sync import shown as views
from vault.sync import versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from vault.remote.bucket_file import BucketFile
    from vault.remote.merging import Maker, Merged, SyncRequest
    from vault.secret import Secret
    from vault.store.boxes import Draft
    from vault.store.format import SlotRecord, VaultFile
    from vault.sync.local import LocalSync
    from vault.sync.shown import Shown
    from vault.sync.versions import Content


_HINT = "restore the previous version of the object; to stop syncing here: awsvault-py remote remove"


class NewRemoteKey(NamedTuple):
    """A new K_remote, and what opens it."""

    key: Secret
    slots: tuple[SlotRecord, ...]


class SyncStep(NamedTuple):
    """``local``: as it is in the vault that is written. ``put``: the bucket's file, None if it is as it is to be."""

    draft: Draft
    local: LocalSync
    merged: Merged
    put: VaultFile | None


class FromBucket(NamedTuple):
    """The bucket's file, None if there is no object, or none that can be read and the user accepts that."""

    file: BucketFile | None


def make_step(
    draft: Draft,
    found: VaultFile,
    local: LocalSync,
    *,
    bucket: FromBucket | None,
    make: Maker,
    request: SyncRequest,
    new_key: NewRemoteKey | None,
    last_gen: int,
) -> SyncStep:
    """The next state of the vault ``found``, which ``draft`` has the content of, and of the bucket.

    ``bucket`` is None if the bucket has what this vault was merged with last. ``last_gen``: of the bucket's file. Errors: those of ``merging.merge``, Damaged.
    """

    def held_by(me: str, shown: Mapping[str, Shown]) -> dict[str, Content]:
        return contents.held(draft.payload, found, me=me, shown=shown)

    theirs = None if bucket is None else _state(bucket)
    merged = merging.merge(local, held_by, theirs, make, request)
    known = local.remote
    if bucket is not None:
        seen = {} if request.accept else known.seen
        known = replace(known, seen=versions.join(seen, theirs.lasts() if theirs is not None else {}))
        if bucket.file is not None:
            read = bucket.file
            known = replace(
                known,
                key=read.key,
                key_gen=read.key_gen,
                slots=read.slots,
                gen=read.file.header.gen,
                digest=read.file.digest.hex(),
            )
    put = None
    if merged.push or new_key is not None or (bucket is not None and bucket.file is None):
        gen = max(known.gen, last_gen) + 1
        try:
            put = bucket_file.build(
                merged.local.state,
                vault_id=found.header.vault_id,
                key=known.key if new_key is None else new_key.key,
                key_gen=gen if new_key is not None else known.key_gen or gen,
                slots=known.slots if new_key is None else new_key.slots,
                gen=gen,
                time=make.at,
            )
        except (JsonError, FormatError) as error:
            raise errors.Damaged(f"the vault cannot be shared: {error}", hint=_HINT) from None
        known = replace(known, key_gen=known.key_gen or gen, digest=put.digest.hex())
    after = replace(merged.local, remote=known)
    return SyncStep(_written(draft, found, after), after, merged, put)


def _state(bucket: FromBucket) -> versions.SharedState:
    return versions.SharedState() if bucket.file is None else bucket.file.state


def _written(draft: Draft, found: VaultFile, local: LocalSync) -> Draft:
    """The vault's content as ``local`` shows it."""
    was = contents.held(draft.payload, found, me=local.me, shown={})
    try:
        after = contents.apply(draft, views.contents(local.shown), was=was, me=local.me)
        payload = local_state.keep(after.payload, local)
    except JsonError as error:
        raise errors.Damaged(f"what another machine wrote cannot be kept: {error}", hint=_HINT) from None
    same = (
        after.payload.entries == draft.payload.entries
        and after.payload.seeds == draft.payload.seeds
        and after.moved_strict is None
        and after.payload.strict_serials == draft.payload.strict_serials
    )
    return replace(after, payload=payload, minor=same)
