"""Tells the other machines that this one leaves: its line in the bucket's file is marked, and nothing else changes there (format.md 8).

No edit of this machine goes with it, and its own vault is not written. Never prompts or prints.
"""

from __future__ import annotations

import os
from dataclasses import replace

from vault import errors, limits
from vault.remote import bucket_file, judge, local_state, note
from vault.store import change
from vault.store.format import FormatError
from vault.store.strict_json import JsonError
from vault.sync import versions
from vault.sync.bucket import ConditionFailed, Fetched
from vault.sync.versions import SharedState
from vault.system import locks
from vault.system.files import Folder
from vault.text import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from vault.remote.note import SyncNote
    from vault.secret import Secret
    from vault.store.format import VaultFile
    from vault.store.opened import Opened
    from vault.sync.bucket import Bucket
    from vault.sync.local import LocalSync
    from vault.system.clock import Clock, Deadline
    from vault.system.paths import Paths


def mark_gone(bucket: Bucket, *, paths: Paths, clock: Clock, deadline: Deadline, opened: Opened) -> None:
    """Mark this machine as removed, as ``slots remove MACHINE`` does on another one, but without a new key: it keeps what it has.

    There may be nothing to mark: no object, or no line of this machine. Errors: Damaged and RolledBack (the bucket), Locked (the
    file's key was replaced elsewhere), Busy, StorageError, Unreachable and Refused. Trying again does no harm.
    """
    local = local_state.require(opened.payload)
    with (
        Folder.open(paths.state, create=True) as state,
        locks.lock(state, note.LOCK, deadline=deadline),
    ):
        noted = note.read(paths, opened.vault_id)
        for number in range(limits.SYNC_TRIES):
            if number:
                _pause(number, clock=clock, deadline=deadline)
            got = bucket.get(None)
            put = (
                _marked(got, local, noted, vault_id=opened.vault_id, at=change.now(clock))
                if isinstance(got, Fetched)
                else None
            )
            if put is None or not isinstance(got, Fetched):
                return
            try:
                bucket.put(put.raw, got.etag)
            except ConditionFailed:
                continue
            return
    raise _others_were_faster(local.remote.place.url)


def _marked(
    got: Fetched, local: LocalSync, noted: SyncNote | None, *, vault_id: bytes, at: int
) -> VaultFile | None:
    """The bucket's file with the mark; None if it has it, or knows nothing of this machine."""
    remote, url = local.remote, local.remote.place.url
    found = judge.parse(got.data, vault_id=vault_id, url=url)
    read = judge.opened(found, remote, _nobody, noted=noted)
    seen = versions.join(remote.seen, noted.seen if noted is not None else {})
    judge.check_seen(seen, read.state, local.state, url=url)
    line = read.state.machines.get(local.me)
    if line is None or line.gone:
        return None
    left = replace(line, gone=True, at=max(line.at, at))
    try:
        return bucket_file.build(
            SharedState(read.state.items, {**read.state.machines, local.me: left}),
            vault_id=vault_id,
            key=read.key,
            key_gen=read.key_gen,
            slots=read.slots,
            gen=max(found.header.gen, judge.last_gen(remote, noted)) + 1,
            time=at,
        )
    except (JsonError, FormatError) as error:
        raise errors.Damaged(f"{safe(url)} cannot be written: {error}") from None


def _nobody(_: VaultFile) -> Secret:
    raise errors.Locked("another machine replaced the key of the remote", hint="run: awsvault-py sync")


def _pause(number: int, *, clock: Clock, deadline: Deadline) -> None:
    pause = limits.SYNC_PAUSE * 2**number * int.from_bytes(os.urandom(2), "big") / 65_536
    if deadline.remaining() <= pause:
        raise errors.Unreachable("the time for this is over, because other machines kept writing")
    clock.sleep(pause)


def _others_were_faster(url: str) -> errors.Unreachable:
    return errors.Unreachable(f"other machines kept writing {safe(url)} at the same time")
